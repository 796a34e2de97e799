#include "points/state.h"
#include "points/calendar.h"

#include <stdlib.h>

uint32_t state_today(const struct points_state *state)
{
    return (uint32_t)calendar_day(state->time);
}

void state_refund(struct points_state *state, struct account *account, const struct lot_parts *parts)
{
    uint32_t today = state_today(state);
    uint32_t late_day = today + (uint32_t)state->policies[POLICY(REFUND_GRACE_DAYS)];
    lots_restore(&state->lots, account, parts, today, late_day);
}

unsigned state_municipality_count(const struct points_state *state)
{
    return (unsigned)state->genesis->n_municipalities;
}

int state_municipality(const struct points_state *state, uint32_t code)
{
    for (unsigned i = 0; i < state_municipality_count(state); i++)
        if (state->genesis->municipalities[i]->code == code)
            return (int)i;
    return -1;
}

uint32_t state_municipality_code(const struct points_state *state, unsigned municipality)
{
    return state->genesis->municipalities[municipality]->code;
}

bool points_municipality_known(const struct points_state *state, uint32_t municipality)
{
    return state_municipality(state, municipality) >= 0;
}

uint64_t points_last_sequence(const struct points_state *state)
{
    return state->last_sequence;
}

uint64_t points_account_count(const struct points_state *state)
{
    return state->accounts.count;
}

int64_t points_time(const struct points_state *state)
{
    return state->time;
}

const Points__V1__Genesis *points_genesis(const struct points_state *state)
{
    return state->genesis;
}

bool points_totals_balance(const struct points_state *state)
{
    return books_totals_balance(&state->books);
}

bool points_books_balance(const struct points_state *state)
{
    uint64_t balances = 0, held = 0;
    uint32_t today = state_today(state);
    for (size_t i = 0; i < state->accounts.count; i++) {
        const struct account *account = &state->accounts.all[i];
        balances += account->balance_points - lots_expired(&state->lots, account, today);
        held += account->held_points;
    }
    return books_balance(&state->books, balances, held);
}

void points_free(struct points_state *state)
{
    if (!state)
        return;
    points__v1__genesis__free_unpacked(state->genesis, NULL);
    accounts_free(&state->accounts);
    quests_free(&state->quests);
    shops_free(state->shops);
    evidence_free(&state->evidence);
    circulation_free(&state->circulation);
    lots_free(&state->lots);
    reversals_free(&state->reversals);
    settlements_free(&state->settlements);
    purposes_free(state->purposes);
    donations_free(&state->donations);
    conversions_free(&state->conversions);
    notices_free(&state->notices);
    keys_free(state->keys);
    free(state);
}
