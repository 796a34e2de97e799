#include "points/account.h"
#include "points/archive.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdlib.h>
#include <string.h>

struct account *account_get(const struct accounts *accounts, const uint8_t id[ID_BYTES])
{
    uint32_t place = id_map_get(&accounts->ids, id, accounts->all, sizeof *accounts->all);
    return place ? &accounts->all[place - 1] : NULL;
}

const struct account *account_guess(const struct accounts *accounts, const uint8_t id[ID_BYTES])
{
    uint32_t place = id_map_guess(&accounts->ids, id);
    return place ? &accounts->all[place - 1] : NULL;
}

const uint8_t *account_merged_into(const struct accounts *accounts, const uint8_t id[ID_BYTES])
{
    uint32_t place = id_map_get(&accounts->merged, id, accounts->merges, sizeof *accounts->merges);
    return place ? accounts->merges[place - 1].into : NULL;
}

const uint8_t *account_id_merged(const struct accounts *accounts, const uint8_t id[ID_BYTES])
{
    for (const uint8_t *into; (into = account_merged_into(accounts, id));)
        id = into;
    return id;
}

struct account *account_get_merged(const struct accounts *accounts, const uint8_t id[ID_BYTES])
{
    return account_get(accounts, account_id_merged(accounts, id));
}

bool account_known(struct turn *turn)
{
    return turn->account != NULL;
}

bool account_is_open(const struct account *account)
{
    return account->status == ACCOUNT_STATUS(OPEN) || account->status == ACCOUNT_STATUS(FROZEN);
}

bool account_open(struct turn *turn)
{
    return account_is_open(turn->account);
}

bool account_not_frozen(struct turn *turn)
{
    return turn->account->status != ACCOUNT_STATUS(FROZEN);
}

bool account_frozen(struct turn *turn)
{
    return turn->account->status == ACCOUNT_STATUS(FROZEN);
}

bool account_nothing_held(struct turn *turn)
{
    return turn->account->held_points == 0;
}

bool account_new(struct turn *turn)
{
    return turn->account == NULL;
}

static uint32_t municipality_named(const Points__V1__Transaction *transaction)
{
    return transaction->body_case == TRANSACTION(OPEN_ACCOUNT) ? transaction->open_account->municipality
                                                               : transaction->move_account->municipality;
}

bool account_municipality_known(struct turn *turn)
{
    turn->municipality = state_municipality(turn->state, municipality_named(turn->transaction));
    return turn->municipality >= 0;
}

uint64_t account_apply_open(struct turn *turn)
{
    struct accounts *accounts = &turn->state->accounts;
    accounts->all = memory_grow(accounts->all, accounts->count, &accounts->capacity, sizeof *accounts->all);
    turn->account = &accounts->all[accounts->count++];
    *turn->account = (struct account){.municipality = (uint8_t)turn->municipality};
    memcpy(turn->account->id, turn->transaction->open_account->account.data, ID_BYTES);
    id_map_add(&accounts->ids, turn->account->id, (uint32_t)accounts->count);
    books_account_opened(&turn->state->books, (unsigned)turn->municipality);
    return 0;
}

uint64_t account_apply_move(struct turn *turn)
{
    struct account *account = turn->account;
    lots_move(&turn->state->lots, account, (unsigned)turn->municipality);
    books_account_moved(&turn->state->books, account, (unsigned)turn->municipality);
    account->municipality = (uint8_t)turn->municipality;
    return 0;
}

uint64_t account_apply_close(struct turn *turn)
{
    uint64_t points = turn->account->balance_points;
    lots_take(&turn->state->lots, turn->account, points, NULL);
    books_move(&turn->state->books, turn->account, BOOK_BALANCES, BOOK_FORFEITED, points);
    books_account_closed(&turn->state->books, turn->account->municipality);
    turn->account->status = ACCOUNT_STATUS(CLOSED);
    return points;
}

uint64_t account_apply_freeze(struct turn *turn)
{
    turn->account->status = ACCOUNT_STATUS(FROZEN);
    return 0;
}

uint64_t account_apply_unfreeze(struct turn *turn)
{
    turn->account->status = ACCOUNT_STATUS(OPEN);
    return 0;
}

void accounts_free(struct accounts *accounts)
{
    id_map_free(&accounts->ids);
    id_map_free(&accounts->merged);
    memory_free(accounts->merges, accounts->merge_capacity, sizeof *accounts->merges);
    memory_free(accounts->all, accounts->capacity, sizeof *accounts->all);
}

static bool account_fits(const struct account *account, const struct points_state *state)
{
    return account->progress <= state->quests.progresses.count &&
           account->conversion_use <= state->conversions.use_count &&
           account->visits <= state->circulation.visit_count && account->lots <= state->lots.count &&
           account->donors <= state->donations.donors.count && account->municipality < state_municipality_count(state);
}

void accounts_archive(struct archive *archive, struct points_state *state)
{
    struct accounts *accounts = &state->accounts;
    archive_array(archive, &accounts->all, &accounts->count, &accounts->capacity, sizeof *accounts->all);
    id_map_archive(archive, &accounts->ids, accounts->count);
    archive_array(
        archive, &accounts->merges, &accounts->merge_count, &accounts->merge_capacity, sizeof *accounts->merges);
    id_map_archive(archive, &accounts->merged, accounts->merge_count);
    bool fit = true;
    for (size_t i = 0; archive_is_loading(archive) && i < accounts->count; i++)
        fit &= account_fits(&accounts->all[i], state);
    archive_check(archive, fit, "an account points nowhere");
}
