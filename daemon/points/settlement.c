#include "points/settlement.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdlib.h>

uint64_t settlements_paid(const struct settlements *settlements, unsigned municipality, uint32_t purpose)
{
    uint64_t points = 0;
    for (size_t i = 0; i < settlements->count; i++)
        if (settlements->all[i].municipality == municipality && settlements->all[i].purpose == purpose)
            points += settlements->all[i].points;
    return points;
}

bool settlement_municipality_known(struct turn *turn)
{
    turn->municipality = state_municipality(turn->state, turn->transaction->settle_donations->municipality);
    return turn->municipality >= 0;
}

bool settlement_purpose_known(struct turn *turn)
{
    turn->purpose = purpose_get(turn->state->purposes, turn->transaction->settle_donations->purpose);
    return turn->purpose != NULL;
}

bool settlement_days_valid(struct turn *turn)
{
    const struct settlements *settlements = &turn->state->settlements;
    const Points__V1__SettleDonations *settle = turn->transaction->settle_donations;
    for (size_t i = settlements->count; i > 0; i--) {
        const struct settlement *before = &settlements->all[i - 1];
        if (before->municipality == turn->municipality && before->purpose == settle->purpose)
            return settle->to_day > before->to_day && settle->to_day < state_today(turn->state);
    }
    return settle->to_day < state_today(turn->state);
}

bool settlement_not_empty(struct turn *turn)
{
    const struct points_state *state = turn->state;
    const Points__V1__SettleDonations *settle = turn->transaction->settle_donations;
    unsigned municipality = (unsigned)turn->municipality;
    uint64_t given = donations_net(&state->donations, municipality, settle->purpose, settle->to_day);
    uint64_t paid = settlements_paid(&state->settlements, municipality, settle->purpose);
    turn->points = given > paid ? given - paid : 0;
    return turn->points > 0;
}

uint64_t settlement_apply(struct turn *turn)
{
    struct settlements *settlements = &turn->state->settlements;
    const Points__V1__SettleDonations *settle = turn->transaction->settle_donations;
    settlements->all =
        memory_grow(settlements->all, settlements->count, &settlements->capacity, sizeof *settlements->all);
    settlements->all[settlements->count++] = (struct settlement){.sequence = turn->sequence,
        .day = state_today(turn->state),
        .to_day = settle->to_day,
        .municipality = (uint8_t)turn->municipality,
        .purpose = settle->purpose,
        .points = turn->points,
        .reference = memory_text(settle->reference)};
    return turn->points;
}

void settlements_free(struct settlements *settlements)
{
    for (size_t i = 0; i < settlements->count; i++)
        free(settlements->all[i].reference);
    free(settlements->all);
}
