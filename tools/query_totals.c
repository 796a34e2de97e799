// Asking for the totals of donations.
#include "tools/cells.h"
#include "tools/queries.h"
#include "tools/rows.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// People get a last line with the sums; machines add up themselves.
static void total_line(const struct context *context, struct table *table, const struct donation_rows *rows)
{
    uint64_t numbers[4] = {0};
    if (context->format != TABLE_PEOPLE || rows->count < 2)
        return;
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
}

static void total_row(struct context *context, struct table *table, const Points__V1__DonationTotal *row)
{
    first_day_cell(table, row->first_day);
    context_municipality_cells(context, table, row->municipality);
    context_purpose_cells(context, table, row->purpose);
    table_number(table, row->donations);
    table_number(table, row->points);
    table_number(table, row->reversed_donations);
    table_number(table, row->reversed_points);
}

int run_totals(struct context *context)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER},
        {"reversed_donations", TABLE_NUMBER}, {"reversed_points", TABLE_NUMBER}};
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.purpose = (uint32_t)option_number(context, "purpose", 1, UINT32_MAX, 0);
    ask.from_day = option_day(context, "from", 0);
    ask.to_day = option_day(context, "to", 0);
    ask.unit = option_unit(context, POINTS__V1__TOTALS_UNIT__WHOLE);
    ask.by_original = option_get(context, "by-original") != NULL;
    ask.municipality = option_municipality(context);
    struct donation_rows rows = donation_rows_fetch(context, &ask);
    struct table *table = table_new("totals", columns, COUNT(columns));
    for (size_t i = 0; i < rows.count; i++)
        total_row(context, table, &rows.at[i]);
    total_line(context, table, &rows);
    free(rows.at);
    return context_print(context, table);
}
