// Where residents shop: the matrix of homes and places, month by month.
#include "points/calendar.h"
#include "points/query.h"

enum { CIRCULATION_ROWS_MAX = 2000 };

// A row of the reply being filled, past `skip` of them.
struct filling {
    const struct points_state *state;
    const struct points_asker *asker;
    Points__V1__CirculationReply *reply;
    ProtobufCAllocator *allocator;
    uint32_t skip;
    bool full;
};

static void add_row(
    struct filling *filling, uint32_t first_day, unsigned home, unsigned place, const struct circulation_cell *cell)
{
    Points__V1__CirculationReply *reply = filling->reply;
    if (filling->skip > 0) {
        filling->skip--;
        return;
    }
    filling->full = reply->n_rows == CIRCULATION_ROWS_MAX;
    if (filling->full)
        return;
    Points__V1__CirculationRow *row =
        MESSAGE(filling->allocator, Points__V1__CirculationRow, POINTS__V1__CIRCULATION_ROW__INIT);
    row->first_day = first_day;
    row->home = state_municipality_code(filling->state, home);
    row->place = state_municipality_code(filling->state, place);
    row->receipts = cell->receipts;
    row->amount_yen = cell->amount_yen;
    row->residents = cell->residents;
    row->points = cell->points;
    reply->rows[reply->n_rows++] = row;
}

// A municipality sees where its own residents shop, and who shops with it.
static bool may_see(const struct filling *filling, unsigned home, unsigned place)
{
    return points_may_see(filling->state, filling->asker, state_municipality_code(filling->state, home)) ||
           points_may_see(filling->state, filling->asker, state_municipality_code(filling->state, place));
}

static void add_month(struct filling *filling, const struct circulation_month *month)
{
    unsigned municipalities = state_municipality_count(filling->state);
    uint32_t first_day = calendar_month_begin(month->month);
    for (unsigned home = 0; home < municipalities; home++)
        for (unsigned place = 0; place < municipalities && !filling->full; place++) {
            const struct circulation_cell *cell = &month->cells[home * municipalities + place];
            if (cell->receipts > 0 && may_see(filling, home, place))
                add_row(filling, first_day, home, place, cell);
        }
}

static bool wanted(const struct circulation_month *month, const Points__V1__GetCirculation *query)
{
    uint32_t first_day = calendar_month_begin(month->month), next = calendar_month_begin(month->month + 1);
    return month->quest == query->quest && next > query->from_day && (query->to_day == 0 || first_day <= query->to_day);
}

Points__V1__CirculationReply *points_circulation(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetCirculation *query, ProtobufCAllocator *allocator)
{
    Points__V1__CirculationReply *reply =
        MESSAGE(allocator, Points__V1__CirculationReply, POINTS__V1__CIRCULATION_REPLY__INIT);
    struct filling filling = {state, asker, reply, allocator, query->offset, false};
    reply->rows = POINTERS(allocator, CIRCULATION_ROWS_MAX, Points__V1__CirculationRow);
    reply->last_sequence = state->last_sequence;
    for (size_t i = 0; i < state->circulation.month_count && !filling.full; i++)
        if (wanted(&state->circulation.months[i], query))
            add_month(&filling, &state->circulation.months[i]);
    if (filling.full)
        reply->next_offset = query->offset + CIRCULATION_ROWS_MAX;
    return reply;
}
