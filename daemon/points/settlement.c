#include "points/settlement.h"
#include "points/archive.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdlib.h>

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
    const Points__V1__SettleDonations *settle = turn->transaction->settle_donations;
    turn->donee =
        donation_series_get(&turn->state->donations, (struct donee){(uint32_t)turn->municipality, settle->purpose});
    bool paid_before = turn->donee && turn->donee->paid_points > 0;
    return settle->to_day < state_today(turn->state) && !(paid_before && settle->to_day <= turn->donee->paid_to_day);
}

bool settlement_not_empty(struct turn *turn)
{
    uint64_t given = turn->donee ? donation_series_net(turn->donee, turn->transaction->settle_donations->to_day) : 0;
    uint64_t paid = turn->donee ? turn->donee->paid_points : 0;
    turn->points = given > paid ? given - paid : 0;
    return turn->points > 0;
}

uint64_t settlement_apply(struct turn *turn)
{
    struct settlements *settlements = &turn->state->settlements;
    const Points__V1__SettleDonations *settle = turn->transaction->settle_donations;
    turn->donee->paid_points += turn->points;
    turn->donee->paid_to_day = settle->to_day;
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
    memory_free(settlements->all, settlements->capacity, sizeof *settlements->all);
}

void settlements_archive(struct archive *archive, struct settlements *settlements, unsigned municipalities)
{
    archive_room(archive, &settlements->all, &settlements->count, &settlements->capacity, sizeof *settlements->all);
    for (size_t i = 0; i < settlements->count; i++) {
        struct settlement *settlement = &settlements->all[i];
        ARCHIVE(archive, settlement->sequence);
        ARCHIVE(archive, settlement->day);
        ARCHIVE(archive, settlement->to_day);
        ARCHIVE(archive, settlement->municipality);
        ARCHIVE(archive, settlement->purpose);
        ARCHIVE(archive, settlement->points);
        archive_text(archive, &settlement->reference);
        archive_check(archive, settlement->municipality < municipalities, "a settlement is of no municipality");
    }
}
