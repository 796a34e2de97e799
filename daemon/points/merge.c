#include "points/merge.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <string.h>

bool merge_both_known(struct turn *turn)
{
    turn->merged = account_get(&turn->state->accounts, turn->transaction->merge_accounts->merged.data);
    return turn->account && turn->merged;
}

bool merge_both_open(struct turn *turn)
{
    return account_is_open(turn->account) && account_is_open(turn->merged);
}

bool merge_none_frozen(struct turn *turn)
{
    return turn->account->status != ACCOUNT_STATUS(FROZEN) && turn->merged->status != ACCOUNT_STATUS(FROZEN);
}

bool merge_of_two(struct turn *turn)
{
    return turn->account != turn->merged;
}

static void remember(struct accounts *accounts, const Points__V1__MergeAccounts *merge)
{
    accounts->merges =
        memory_grow(accounts->merges, accounts->merge_count, &accounts->merge_capacity, sizeof *accounts->merges);
    struct account_merge *made = &accounts->merges[accounts->merge_count++];
    memcpy(made->id, merge->merged.data, ID_BYTES);
    memcpy(made->into, merge->account.data, ID_BYTES);
    id_map_add(&accounts->merged, made->id, (uint32_t)accounts->merge_count);
}

uint64_t merge_apply(struct turn *turn)
{
    struct points_state *state = turn->state;
    turn->expired += lots_drop_expired(&state->lots, turn->merged, state_today(state));
    uint64_t points = turn->merged->balance_points;
    lots_merge(&state->lots, turn->merged, turn->account);
    books_account_merged(&state->books, turn->merged, turn->account);
    quests_merge(&state->quests, turn->merged, turn->account);
    conversions_merge(&state->conversions, turn->merged, turn->account);
    donors_merge(&state->donations.donors, turn->merged, turn->account);
    circulation_merge(&state->circulation, turn->merged, turn->account);
    turn->merged->status = ACCOUNT_STATUS(MERGED);
    remember(&state->accounts, turn->transaction->merge_accounts);
    return points;
}
