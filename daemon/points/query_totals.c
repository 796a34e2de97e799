// Totals of donations and of conversions: series side by side, each cut into days, months or fiscal years, or taken
// whole.
#include "points/calendar.h"
#include "points/memory.h"
#include "points/query.h"

#include <stdlib.h>
#include <string.h>

enum { TOTALS_ROWS_MAX = 2000 };
#define BIT(column) (1U << (column))
#define NO_DAY UINT32_MAX

// One of the series, as far as it is told already.
struct line {
    const struct series *series;
    uint32_t municipality, purpose; // as shown
    size_t at, end;                 // positions of days
};

struct row {
    uint32_t first_day, municipality, purpose;
    bool cut; // the asked days leave out some of its own
    const uint64_t *sums;
};

struct totals {
    ProtobufCAllocator *allocator;
    uint32_t from_day, to_day, offset; // as asked
    Points__V1__TotalsUnit unit;
    unsigned counted;   // bits of columns: without any of them there is no row
    struct line *lines; // in the order of the rows of one day
    size_t line_count;
    void (*add)(struct totals *totals, const struct row *row); // to the reply
    ProtobufCMessage *reply;
    size_t rows;
};

static void add_line(struct totals *totals, const struct series *series, uint32_t municipality, uint32_t purpose)
{
    totals->lines[totals->line_count++] = (struct line){.series = series,
        .municipality = municipality,
        .purpose = purpose,
        .at = series_position(series, totals->from_day),
        .end = totals->to_day ? series_position(series, totals->to_day + INT64_C(1)) : series->count};
}

// ---- the rows of any totals

struct span {
    uint32_t first_day, last_day;
};

// The day, month, fiscal year or whole that holds a day.
static struct span span_of(const struct totals *totals, uint32_t day)
{
    enum { YEAR_DAYS_MAX = 366 };
    uint32_t month = calendar_month(day), year = calendar_fiscal_year_first_day(day);
    switch (totals->unit) {
    case UNIT(DAY):
        return (struct span){day, day};
    case UNIT(MONTH):
        return (struct span){calendar_month_begin(month), calendar_month_begin(month + 1) - 1};
    case UNIT(FISCAL_YEAR):
        return (struct span){year, calendar_fiscal_year_first_day(year + YEAR_DAYS_MAX) - 1};
    default:
        return (struct span){totals->from_day, NO_DAY};
    }
}

static bool is_cut(const struct totals *totals, struct span span)
{
    if (totals->unit == UNIT(WHOLE))
        return totals->from_day > 0 || totals->to_day > 0;
    return span.first_day < totals->from_day || (totals->to_day > 0 && span.last_day > totals->to_day);
}

// The earliest day that is not told yet; NO_DAY: all are.
static uint32_t next_day(const struct totals *totals)
{
    uint32_t next = NO_DAY;
    for (size_t i = 0; i < totals->line_count; i++) {
        const struct line *line = &totals->lines[i];
        if (line->at < line->end && line->series->days[line->at].day < next)
            next = line->series->days[line->at].day;
    }
    return next;
}

// Takes a line's days up to `last_day`, and adds them up.
static void take_days(struct line *line, uint32_t last_day, uint64_t sums[SERIES_COLUMNS])
{
    const struct series *series = line->series;
    memset(sums, 0, SERIES_COLUMNS * sizeof *sums);
    if (line->at == 0 && line->end > 0 && line->end == series->count && series->days[line->end - 1].day <= last_day) {
        memcpy(sums, series->whole, sizeof series->whole);
        line->at = line->end;
    }
    for (; line->at < line->end && series->days[line->at].day <= last_day; line->at++)
        for (int i = 0; i < SERIES_COLUMNS; i++)
            sums[i] += series->days[line->at].sums[i];
}

static bool is_row(const struct totals *totals, const uint64_t sums[SERIES_COLUMNS])
{
    for (int i = 0; i < SERIES_COLUMNS; i++)
        if (totals->counted & BIT(i) && sums[i] > 0)
            return true;
    return false;
}

// The rows of one span, past `*skip` of them. False: there are more than the reply holds.
static bool add_span(struct totals *totals, struct span span, uint32_t *skip)
{
    uint64_t sums[SERIES_COLUMNS];
    for (size_t i = 0; i < totals->line_count; i++) {
        struct line *line = &totals->lines[i];
        take_days(line, span.last_day, sums);
        if (!is_row(totals, sums))
            continue;
        if (*skip > 0) {
            --*skip;
            continue;
        }
        if (totals->rows++ == TOTALS_ROWS_MAX)
            return false;
        totals->add(
            totals, &(struct row){span.first_day, line->municipality, line->purpose, is_cut(totals, span), sums});
    }
    return true;
}

// Returns the offset of the next page, 0 when this was the last.
static uint32_t add_rows(struct totals *totals)
{
    uint32_t skip = totals->offset;
    bool room = true;
    for (uint32_t day; room && (day = next_day(totals)) != NO_DAY;)
        room = add_span(totals, span_of(totals, day), &skip);
    free(totals->lines);
    return room ? 0 : totals->offset + TOTALS_ROWS_MAX;
}

// ---- donations

static void add_donations(struct totals *totals, const struct row *from)
{
    Points__V1__DonationTotalsReply *reply = (Points__V1__DonationTotalsReply *)totals->reply;
    Points__V1__DonationTotal *row =
        MESSAGE(totals->allocator, Points__V1__DonationTotal, POINTS__V1__DONATION_TOTAL__INIT);
    bool by_original = !(totals->counted & BIT(REVERSALS));
    row->first_day = from->first_day;
    row->municipality = from->municipality;
    row->purpose = from->purpose;
    row->donations = from->sums[DONATIONS];
    row->points = from->sums[DONATIONS_POINTS];
    row->reversed_donations = from->sums[by_original ? DONATIONS_REVERSED : REVERSALS];
    row->reversed_points = from->sums[by_original ? DONATIONS_REVERSED_POINTS : REVERSALS_POINTS];
    row->donors = from->cut ? 0 : from->sums[DONORS + totals->unit];
    reply->rows[reply->n_rows++] = row;
}

static uint32_t code_of(const struct points_state *state, struct donee donee) // 0: all
{
    return donee.municipality == DONEE_ALL ? 0 : state_municipality_code(state, donee.municipality);
}

// `all`: the asker may see all municipalities.
static bool in_group(Points__V1__TotalsGroup group, struct donee donee, bool all)
{
    bool of_all = donee.municipality == DONEE_ALL;
    switch (group) {
    case GROUP(BY_MUNICIPALITY):
        return donee_is_wide(donee) && !of_all;
    case GROUP(TOGETHER):
        return donee_is_wide(donee) && of_all == all;
    default:
        return !donee_is_wide(donee);
    }
}

static bool donee_wanted(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetDonationTotals *query, struct donee donee)
{
    return in_group(query->group, donee, points_may_see(state, asker, 0)) &&
           (query->purpose == 0 || query->purpose == donee.purpose) &&
           query_may_show(state, asker, query->municipality, code_of(state, donee));
}

Points__V1__DonationTotalsReply *points_donation_totals(const struct points_state *state,
    const struct points_asker *asker, const Points__V1__GetDonationTotals *query, ProtobufCAllocator *allocator)
{
    Points__V1__DonationTotalsReply *reply =
        MESSAGE(allocator, Points__V1__DonationTotalsReply, POINTS__V1__DONATION_TOTALS_REPLY__INIT);
    // A day on which something was reversed, and nothing given, is no row when reversals stand with their donations.
    struct totals totals = {.allocator = allocator,
        .from_day = query->from_day,
        .to_day = query->to_day,
        .offset = query->offset,
        .unit = query->unit,
        .counted = BIT(DONATIONS) | (query->by_original ? 0 : BIT(REVERSALS)),
        .add = add_donations,
        .reply = &reply->base};
    reply->rows = POINTERS(allocator, TOTALS_ROWS_MAX, Points__V1__DonationTotal);
    reply->last_sequence = state->last_sequence;
    totals.lines = memory_zeroed(HASH_COUNT(state->donations.series) + 1, sizeof *totals.lines);
    for (const struct donation_series *series = state->donations.series; series; series = series->hh.next)
        if (donee_wanted(state, asker, query, series->donee))
            add_line(&totals, &series->series, query->group == GROUP(TOGETHER) ? 0 : code_of(state, series->donee),
                series->donee.purpose);
    reply->next_offset = add_rows(&totals);
    return reply;
}

// ---- conversions

static void add_conversions(struct totals *totals, const struct row *from)
{
    Points__V1__ConversionTotalsReply *reply = (Points__V1__ConversionTotalsReply *)totals->reply;
    Points__V1__ConversionTotal *row =
        MESSAGE(totals->allocator, Points__V1__ConversionTotal, POINTS__V1__CONVERSION_TOTAL__INIT);
    row->first_day = from->first_day;
    row->municipality = from->municipality;
    row->requested = from->sums[CONVERSIONS_REQUESTED];
    row->requested_points = from->sums[CONVERSIONS_REQUESTED_POINTS];
    row->settled = from->sums[CONVERSIONS_SETTLED];
    row->settled_points = from->sums[CONVERSIONS_SETTLED_POINTS];
    row->fee_points = from->sums[CONVERSIONS_FEE_POINTS];
    row->refused = from->sums[CONVERSIONS_REFUSED];
    row->refused_points = from->sums[CONVERSIONS_REFUSED_POINTS];
    reply->rows[reply->n_rows++] = row;
}

Points__V1__ConversionTotalsReply *points_conversion_totals(const struct points_state *state,
    const struct points_asker *asker, const Points__V1__GetConversionTotals *query, ProtobufCAllocator *allocator)
{
    Points__V1__ConversionTotalsReply *reply =
        MESSAGE(allocator, Points__V1__ConversionTotalsReply, POINTS__V1__CONVERSION_TOTALS_REPLY__INIT);
    struct totals totals = {.allocator = allocator,
        .from_day = query->from_day,
        .to_day = query->to_day,
        .offset = query->offset,
        .unit = query->unit,
        .counted = BIT(CONVERSIONS_REQUESTED) | BIT(CONVERSIONS_SETTLED) | BIT(CONVERSIONS_REFUSED),
        .add = add_conversions,
        .reply = &reply->base};
    reply->rows = POINTERS(allocator, TOTALS_ROWS_MAX, Points__V1__ConversionTotal);
    reply->last_sequence = state->last_sequence;
    totals.lines = memory_zeroed(state_municipality_count(state), sizeof *totals.lines);
    for (unsigned m = 0; m < state_municipality_count(state); m++) {
        uint32_t code = state_municipality_code(state, m);
        if (query_may_show(state, asker, query->municipality, code))
            add_line(&totals, &state->conversions.by_municipality[m], code, 0);
    }
    reply->next_offset = add_rows(&totals);
    return reply;
}
