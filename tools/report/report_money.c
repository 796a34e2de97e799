// Reports of conversions and of expiry: by span and municipality.
#include "tools/cells.h"
#include "tools/report/reports.h"
#include "tools/command/rows.h"
#include "tools/span.h"
#include "tools/sums.h"
#include "points/calendar.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// What both reports are asked.
struct asked {
    Points__V1__TotalsUnit unit;
    uint32_t municipality, from_day, to_day;
};

static struct asked read_asked(struct context *context)
{
    struct asked asked = {.unit = option_unit(&context->line, UNIT(MONTH)),
        .from_day = option_day(&context->line, "from", 0),
        .to_day = option_day(&context->line, "to", 0)};
    asked.municipality = context_municipality_asked(context);
    return asked;
}

// The first day of a day's row, as the daemon has it in rows that it adds up itself.
static uint32_t row_day(const struct asked *asked, uint32_t day)
{
    return asked->unit == UNIT(WHOLE) ? asked->from_day : span_begin(span_of_unit(asked->unit), day);
}

static bool wanted(const struct asked *asked, uint32_t municipality, uint32_t day)
{
    return (!asked->municipality || asked->municipality == municipality) && day >= asked->from_day &&
           (!asked->to_day || day <= asked->to_day);
}

// How many figures a row has, and how many of them, the first ones, the asker is told.
struct figures {
    size_t count, told;
};

static void figure_cells(struct table *table, const uint64_t *figures, struct figures shown)
{
    for (size_t i = 0; i < shown.count; i++) {
        if (i < shown.told)
            table_number(table, figures[i]);
        else
            table_empty(table);
    }
}

// People get a last line with the sums.
static void sum_rows(struct context *context, struct table *table, const struct sums *sums, struct figures shown)
{
    uint64_t total[SUM_FIGURES_MAX] = {0};
    for (size_t i = 0; i < sums->count; i++) {
        first_day_cell(table, sums->rows[i].first_day);
        context_municipality_cells(context, table, sums->rows[i].municipality);
        figure_cells(table, sums->rows[i].figures, shown);
        for (size_t figure = 0; figure < shown.count; figure++)
            total[figure] += sums->rows[i].figures[figure];
    }
    if (context->format != TABLE_PEOPLE || sums->count < 2)
        return;
    table_text(table, "total");
    context_municipality_cells(context, table, 0);
    figure_cells(table, total, shown);
}

// ---- conversions

enum {
    REQUESTED,
    REQUESTED_POINTS,
    SETTLED,
    SETTLED_POINTS,
    FEE_POINTS,
    REFUSED,
    REFUSED_POINTS,
    PENDING,
    PENDING_POINTS,
    CONVERSION_FIGURES
};

static void add_totals(struct context *context, const struct asked *asked, struct sums *sums)
{
    Points__V1__GetConversionTotals ask = POINTS__V1__GET_CONVERSION_TOTALS__INIT;
    ask.municipality = asked->municipality;
    ask.from_day = asked->from_day;
    ask.to_day = asked->to_day;
    ask.unit = asked->unit;
    struct conversion_rows rows = conversion_rows_fetch(context, &ask);
    for (size_t i = 0; i < rows.count; i++) {
        const Points__V1__ConversionTotal *row = &rows.at[i];
        sums_add(sums, (struct sum){row->first_day, row->municipality, 0,
                           {row->requested, row->requested_points, row->settled, row->settled_points, row->fee_points,
                               row->refused, row->refused_points}});
    }
    free(rows.at);
}

struct pending {
    const struct asked *asked;
    struct sums *sums;
};

// In the row of its request.
static void add_pending(void *data, const Points__V1__PendingConversion *conversion)
{
    const struct pending *pending = data;
    uint32_t day = (uint32_t)calendar_day(conversion->requested_at);
    struct sum sum = {.first_day = row_day(pending->asked, day), .municipality = conversion->municipality};
    sum.figures[PENDING] = 1;
    sum.figures[PENDING_POINTS] = conversion->points;
    if (wanted(pending->asked, conversion->municipality, day))
        sums_add(pending->sums, sum);
}

// A municipality's key sees the totals, but no single conversion: what waits is not told.
int run_report_conversions(struct context *context)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"requested", TABLE_NUMBER}, {"requested_points", TABLE_NUMBER}, {"settled", TABLE_NUMBER},
        {"settled_points", TABLE_NUMBER}, {"fee_points", TABLE_NUMBER}, {"refused", TABLE_NUMBER},
        {"refused_points", TABLE_NUMBER}, {"pending", TABLE_NUMBER}, {"pending_points", TABLE_NUMBER}};
    const struct asked asked = read_asked(context);
    struct sums sums = {0};
    bool pending_told = context->role != ROLE(MUNICIPALITY);
    add_totals(context, &asked, &sums);
    if (pending_told)
        pending_conversions_walk(context, add_pending, &(struct pending){&asked, &sums});
    sums_unite(&sums);
    struct table *table = table_new("conversions", columns, COUNT(columns));
    sum_rows(context, table, &sums, (struct figures){CONVERSION_FIGURES, pending_told ? CONVERSION_FIGURES : PENDING});
    sums_free(&sums);
    return context_print(context, table);
}

// ---- expiry

enum { EXPIRED_POINTS, WILL_EXPIRE_POINTS, EXPIRY_FIGURES };

int run_report_expiry(struct context *context)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"expired_points", TABLE_NUMBER}, {"will_expire_points", TABLE_NUMBER}};
    const struct asked asked = read_asked(context);
    Points__V1__GetExpiry ask = POINTS__V1__GET_EXPIRY__INIT;
    struct sums sums = {0};
    ask.municipality = asked.municipality;
    ask.from_day = asked.from_day;
    ask.to_day = asked.to_day;
    struct expiry_rows rows = expiry_rows_fetch(context, &ask);
    for (size_t i = 0; i < rows.count; i++) {
        struct sum sum = {row_day(&asked, rows.at[i].last_day), rows.at[i].municipality, 0, {0}};
        sum.figures[rows.at[i].expired ? EXPIRED_POINTS : WILL_EXPIRE_POINTS] = rows.at[i].points;
        sums_add(&sums, sum);
    }
    sums_unite(&sums);
    struct table *table = table_new("expiry", columns, COUNT(columns));
    sum_rows(context, table, &sums, (struct figures){EXPIRY_FIGURES, EXPIRY_FIGURES});
    free(rows.at);
    sums_free(&sums);
    return context_print(context, table);
}
