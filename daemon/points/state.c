#include "points/state.h"

#include <stdlib.h>

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

bool points_books_balance(const struct points_state *state)
{
    return books_balance(&state->books, &state->accounts);
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
    purposes_free(state->purposes);
    donations_free(&state->donations);
    conversions_free(&state->conversions);
    keys_free(state->keys);
    free(state);
}
