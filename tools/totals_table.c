// Totals of donations and of conversions as tables.
#include "tools/totals_table.h"
#include "tools/cells.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- donations

// One donor may stand in several rows: donors have no sum.
static void donation_sums(struct table *table, const Points__V1__DonationTotal *rows, size_t count)
{
    uint64_t numbers[4] = {0};
    for (size_t i = 0; i < count; i++) {
        numbers[0] += rows[i].donations;
        numbers[1] += rows[i].points;
        numbers[2] += rows[i].reversed_donations;
        numbers[3] += rows[i].reversed_points;
    }
    table_text(table, "total");
    for (int i = 0; i < 5; i++)
        table_empty(table);
    for (size_t i = 0; i < COUNT(numbers); i++)
        table_number(table, numbers[i]);
    table_empty(table);
}

static void donation_row(struct table *table, const Points__V1__DonationTotal *row, struct names *names)
{
    first_day_cell(table, row->first_day);
    names_municipality_cells(names, table, row->municipality);
    names_purpose_cells(names, table, row->purpose);
    table_number(table, row->donations);
    table_number(table, row->points);
    table_number(table, row->reversed_donations);
    table_number(table, row->reversed_points);
    donors_cell(table, row->donations, row->donors);
}

struct table *donation_totals_table(const Points__V1__DonationTotal *rows, size_t count, struct names *names, bool sums)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER},
        {"reversed_donations", TABLE_NUMBER}, {"reversed_points", TABLE_NUMBER}, {"donors", TABLE_NUMBER}};
    struct table *table = table_new("totals", columns, COUNT(columns));
    for (size_t i = 0; i < count; i++)
        donation_row(table, &rows[i], names);
    if (sums && count > 1)
        donation_sums(table, rows, count);
    return table;
}

// ---- conversions

enum { CONVERSION_NUMBERS = 7 };

static void conversion_row(
    struct table *table, const Points__V1__ConversionTotal *row, struct names *names, uint64_t *sums)
{
    const uint64_t numbers[CONVERSION_NUMBERS] = {row->requested, row->requested_points, row->settled,
        row->settled_points, row->fee_points, row->refused, row->refused_points};
    first_day_cell(table, row->first_day);
    names_municipality_cells(names, table, row->municipality);
    for (int i = 0; i < CONVERSION_NUMBERS; i++) {
        table_number(table, numbers[i]);
        sums[i] += numbers[i];
    }
}

struct table *conversion_totals_table(
    const Points__V1__ConversionTotal *rows, size_t count, struct names *names, bool sums)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"requested", TABLE_NUMBER}, {"requested_points", TABLE_NUMBER}, {"settled", TABLE_NUMBER},
        {"settled_points", TABLE_NUMBER}, {"fee_points", TABLE_NUMBER}, {"refused", TABLE_NUMBER},
        {"refused_points", TABLE_NUMBER}};
    struct table *table = table_new("conversion_totals", columns, COUNT(columns));
    uint64_t totals[CONVERSION_NUMBERS] = {0};
    for (size_t i = 0; i < count; i++)
        conversion_row(table, &rows[i], names, totals);
    if (!sums || count < 2)
        return table;
    table_text(table, "total");
    names_municipality_cells(names, table, 0);
    for (int i = 0; i < CONVERSION_NUMBERS; i++)
        table_number(table, totals[i]);
    return table;
}
