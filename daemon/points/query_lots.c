// What expired and what will; what was paid out and what is open.
#include "points/query.h"

enum {
    EXPIRY_ROWS_MAX = 2000,
    SETTLEMENTS_MAX = 500,
    OPEN_MAX = RESPONSE_BYTES_MAX / 8, // more do not fit in an answer
};

// ---- expiry

static void add_expiry(const struct points_state *state, size_t day, unsigned municipality,
    Points__V1__ExpiryReply *reply, ProtobufCAllocator *allocator)
{
    Points__V1__ExpiryRow *row = MESSAGE(allocator, Points__V1__ExpiryRow, POINTS__V1__EXPIRY_ROW__INIT);
    row->last_day = state->lots.days[day].last_day;
    row->municipality = state_municipality_code(state, municipality);
    row->points = state->lots.days[day].municipalities[municipality];
    row->expired = day < state->lots.passed;
    reply->rows[reply->n_rows++] = row;
}

// The rows of one day, past `*skip` of them.
static void add_expiry_day(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetExpiry *query, size_t day, uint32_t *skip, Points__V1__ExpiryReply *reply,
    ProtobufCAllocator *allocator)
{
    for (unsigned m = 0; m < state_municipality_count(state) && !reply->next_offset; m++) {
        uint32_t code = state_municipality_code(state, m);
        if (state->lots.days[day].municipalities[m] == 0 || !query_may_show(state, asker, query->municipality, code))
            continue;
        if (*skip > 0)
            --*skip;
        else if (reply->n_rows == EXPIRY_ROWS_MAX)
            reply->next_offset = query->offset + EXPIRY_ROWS_MAX;
        else
            add_expiry(state, day, m, reply, allocator);
    }
}

Points__V1__ExpiryReply *points_expiry(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetExpiry *query, ProtobufCAllocator *allocator)
{
    Points__V1__ExpiryReply *reply = MESSAGE(allocator, Points__V1__ExpiryReply, POINTS__V1__EXPIRY_REPLY__INIT);
    uint32_t skip = query->offset;
    reply->rows = POINTERS(allocator, EXPIRY_ROWS_MAX, Points__V1__ExpiryRow);
    reply->last_sequence = state->last_sequence;
    for (size_t day = 0; day < state->lots.day_count && !reply->next_offset; day++) {
        uint32_t last_day = state->lots.days[day].last_day;
        if (last_day >= query->from_day && (query->to_day == 0 || last_day <= query->to_day))
            add_expiry_day(state, asker, query, day, &skip, reply, allocator);
    }
    return reply;
}

// ---- settlements

static Points__V1__Settlement *settlement_shown(
    const struct points_state *state, const struct settlement *settlement, ProtobufCAllocator *allocator)
{
    Points__V1__Settlement *shown = MESSAGE(allocator, Points__V1__Settlement, POINTS__V1__SETTLEMENT__INIT);
    shown->sequence = settlement->sequence;
    shown->day = settlement->day;
    shown->municipality = state_municipality_code(state, settlement->municipality);
    shown->purpose = settlement->purpose;
    shown->to_day = settlement->to_day;
    shown->points = settlement->points;
    shown->reference = settlement->reference;
    return shown;
}

static void add_open(const struct points_state *state, const struct donation_series *series,
    Points__V1__SettlementsReply *reply, ProtobufCAllocator *allocator)
{
    uint64_t given = donation_series_net(series, UINT32_MAX);
    if (given == series->paid_points || reply->n_open == OPEN_MAX)
        return;
    Points__V1__OpenDonations *row = MESSAGE(allocator, Points__V1__OpenDonations, POINTS__V1__OPEN_DONATIONS__INIT);
    row->municipality = state_municipality_code(state, series->donee.municipality);
    row->purpose = series->donee.purpose;
    row->points = (int64_t)(given - series->paid_points);
    reply->open[reply->n_open++] = row;
}

static bool donee_wanted(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetSettlements *query, struct donee donee)
{
    return !donee_is_wide(donee) && (query->purpose == 0 || query->purpose == donee.purpose) &&
           query_may_show(state, asker, query->municipality, state_municipality_code(state, donee.municipality));
}

static void add_all_open(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetSettlements *query, Points__V1__SettlementsReply *reply, ProtobufCAllocator *allocator)
{
    size_t count = HASH_COUNT(state->donations.series);
    reply->open = POINTERS(allocator, count < OPEN_MAX ? count : OPEN_MAX, Points__V1__OpenDonations);
    for (const struct donation_series *series = state->donations.series; series; series = series->hh.next)
        if (donee_wanted(state, asker, query, series->donee))
            add_open(state, series, reply, allocator);
}

static bool settlement_wanted(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetSettlements *query, const struct settlement *settlement)
{
    uint32_t code = state_municipality_code(state, settlement->municipality);
    return (query->purpose == 0 || query->purpose == settlement->purpose) &&
           query_may_show(state, asker, query->municipality, code);
}

Points__V1__SettlementsReply *points_settlements(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetSettlements *query, ProtobufCAllocator *allocator)
{
    Points__V1__SettlementsReply *reply =
        MESSAGE(allocator, Points__V1__SettlementsReply, POINTS__V1__SETTLEMENTS_REPLY__INIT);
    uint32_t skip = query->offset;
    reply->settlements = POINTERS(allocator, SETTLEMENTS_MAX, Points__V1__Settlement);
    for (size_t i = 0; i < state->settlements.count && !reply->next_offset; i++) {
        const struct settlement *settlement = &state->settlements.all[i];
        if (!settlement_wanted(state, asker, query, settlement))
            continue;
        if (skip > 0)
            skip--;
        else if (reply->n_settlements == SETTLEMENTS_MAX)
            reply->next_offset = query->offset + SETTLEMENTS_MAX;
        else
            reply->settlements[reply->n_settlements++] = settlement_shown(state, settlement, allocator);
    }
    add_all_open(state, asker, query, reply, allocator);
    return reply;
}
