// Fetching ahead: deciding an award looks at four places in memory that no cache holds (the slot of the account's id,
// the account, its progress, its lots), each known from the one before. Begun some transactions early, the waits
// overlap.
#include "points/state.h"
#include "proto/entry.h"
#include "proto/fetch_ahead.h"

enum { STAGE_AHEAD = 8 }; // transactions from one place to the next

static const struct account *account_named(
    const struct points_state *state, const Points__V1__Envelope *envelope, size_t position)
{
    if (position >= envelope->n_transactions)
        return NULL;
    const ProtobufCBinaryData *id = entry_account(envelope->transactions[position]);
    return id ? account_guess(&state->accounts, id->data) : NULL;
}

static void fetch_slot(const struct points_state *state, const Points__V1__Envelope *envelope, size_t position)
{
    if (position >= envelope->n_transactions)
        return;
    const ProtobufCBinaryData *id = entry_account(envelope->transactions[position]);
    if (id)
        id_map_prefetch(&state->accounts.ids, id->data);
}

static void fetch_parts(const struct points_state *state, const struct account *account)
{
    if (account->progress)
        fetch_ahead(&state->quests.progresses.all[account->progress - 1], sizeof *state->quests.progresses.all);
    if (account->lots)
        fetch_ahead(&state->lots.all[account->lots - 1], sizeof *state->lots.all);
}

void points_prefetch(const struct points_state *state, const Points__V1__Envelope *envelope, size_t position)
{
    fetch_slot(state, envelope, position + 3 * STAGE_AHEAD);
    const struct account *account = account_named(state, envelope, position + 2 * STAGE_AHEAD);
    if (account)
        fetch_ahead(account, sizeof *account);
    account = account_named(state, envelope, position + STAGE_AHEAD);
    if (account)
        fetch_parts(state, account);
}
