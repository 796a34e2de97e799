// Asking for the totals of donations, and of conversions.
#include "tools/cells.h"
#include "tools/command/rows.h"
#include "tools/query/queries.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// People get a last line with the sums; machines add up themselves.
static bool wants_total_line(const struct context *context, size_t rows)
{
    return context->format == TABLE_PEOPLE && rows > 1;
}

// ---- donations

// One donor may stand in several rows: donors have no sum.
static void donation_sums(struct table *table, const struct donation_rows *rows)
{
    uint64_t numbers[4] = {0};
    for (size_t i = 0; i < rows->count; i++) {
        numbers[0] += rows->at[i].donations;
        numbers[1] += rows->at[i].points;
        numbers[2] += rows->at[i].reversed_donations;
        numbers[3] += rows->at[i].reversed_points;
    }
    table_text(table, "total");
    for (int i = 0; i < 5; i++)
        table_empty(table);
    for (size_t i = 0; i < COUNT(numbers); i++)
        table_number(table, numbers[i]);
    table_empty(table);
}

static void donation_row(struct context *context, struct table *table, const Points__V1__DonationTotal *row)
{
    first_day_cell(table, row->first_day);
    context_municipality_cells(context, table, row->municipality);
    context_purpose_cells(context, table, row->purpose);
    table_number(table, row->donations);
    table_number(table, row->points);
    table_number(table, row->reversed_donations);
    table_number(table, row->reversed_points);
    donors_cell(table, row->donations, row->donors);
}

static Points__V1__TotalsGroup group_asked(const struct context *context)
{
    const char *group = option_get(&context->line, "group");
    if (!group)
        return GROUP(MUNICIPALITY_AND_PURPOSE);
    return (Points__V1__TotalsGroup)parse_enum(
        &context->line, "--group", &points__v1__totals_group__descriptor, group, true);
}

int run_totals(struct context *context)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER},
        {"reversed_donations", TABLE_NUMBER}, {"reversed_points", TABLE_NUMBER}, {"donors", TABLE_NUMBER}};
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.purpose = context_purpose_asked(context);
    ask.from_day = option_day(&context->line, "from", 0);
    ask.to_day = option_day(&context->line, "to", 0);
    ask.unit = option_unit(&context->line, UNIT(WHOLE));
    ask.group = group_asked(context);
    ask.by_original = option_get(&context->line, "by-original") != NULL;
    ask.municipality = context_municipality_asked(context);
    struct donation_rows rows = donation_rows_fetch(context, &ask);
    struct table *table = table_new("totals", columns, COUNT(columns));
    for (size_t i = 0; i < rows.count; i++)
        donation_row(context, table, &rows.at[i]);
    if (wants_total_line(context, rows.count))
        donation_sums(table, &rows);
    free(rows.at);
    return context_print(context, table);
}

// ---- conversions

enum { CONVERSION_NUMBERS = 7 };

static void conversion_row(
    struct context *context, struct table *table, const Points__V1__ConversionTotal *row, uint64_t *sums)
{
    const uint64_t numbers[CONVERSION_NUMBERS] = {row->requested, row->requested_points, row->settled,
        row->settled_points, row->fee_points, row->refused, row->refused_points};
    first_day_cell(table, row->first_day);
    context_municipality_cells(context, table, row->municipality);
    for (int i = 0; i < CONVERSION_NUMBERS; i++) {
        table_number(table, numbers[i]);
        sums[i] += numbers[i];
    }
}

int run_conversion_totals(struct context *context)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"requested", TABLE_NUMBER}, {"requested_points", TABLE_NUMBER}, {"settled", TABLE_NUMBER},
        {"settled_points", TABLE_NUMBER}, {"fee_points", TABLE_NUMBER}, {"refused", TABLE_NUMBER},
        {"refused_points", TABLE_NUMBER}};
    Points__V1__GetConversionTotals ask = POINTS__V1__GET_CONVERSION_TOTALS__INIT;
    uint64_t sums[CONVERSION_NUMBERS] = {0};
    ask.from_day = option_day(&context->line, "from", 0);
    ask.to_day = option_day(&context->line, "to", 0);
    ask.unit = option_unit(&context->line, UNIT(WHOLE));
    ask.municipality = context_municipality_asked(context);
    struct conversion_rows rows = conversion_rows_fetch(context, &ask);
    struct table *table = table_new("conversion_totals", columns, COUNT(columns));
    for (size_t i = 0; i < rows.count; i++)
        conversion_row(context, table, &rows.at[i], sums);
    if (wants_total_line(context, rows.count)) {
        table_text(table, "total");
        context_municipality_cells(context, table, 0);
        for (int i = 0; i < CONVERSION_NUMBERS; i++)
            table_number(table, sums[i]);
    }
    free(rows.at);
    return context_print(context, table);
}
