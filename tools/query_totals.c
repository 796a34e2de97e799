// Asking for the totals of donations, and of conversions.
#include "tools/cells.h"
#include "tools/pages.h"
#include "tools/queries.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct table_column total_columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
    {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER},
    {"reversed_donations", TABLE_NUMBER}, {"reversed_points", TABLE_NUMBER}, {"donors", TABLE_NUMBER}};

struct totals {
    struct context *context;
    struct table *table;
    uint64_t donations, points, reversed_donations, reversed_points;
};

static void begin_totals(void *data)
{
    struct totals *totals = data;
    table_free(totals->table);
    totals->table = table_new("totals", total_columns, COUNT(total_columns));
    totals->donations = totals->points = totals->reversed_donations = totals->reversed_points = 0;
    context_forget_names(totals->context); // there may be new purposes
}

static void empty_cells(struct table *table, int count)
{
    for (int i = 0; i < count; i++)
        table_empty(table);
}

// Empty where a row is of all days.
static void first_day_cell(struct table *table, uint32_t first_day)
{
    if (first_day)
        day_cell(table, first_day);
    else
        table_empty(table);
}

// Empty where a row is of all municipalities or purposes together.
static void donee_cells(struct context *context, struct table *table, const Points__V1__DonationTotal *row)
{
    const struct programme_name *named = row->purpose ? context_named(context, PART(PURPOSES), row->purpose) : NULL;
    if (row->municipality)
        context_municipality_cells(context, table, row->municipality);
    else
        empty_cells(table, 3);
    if (row->purpose)
        table_number(table, row->purpose);
    else
        table_empty(table);
    table_text(table, named ? named->name : "");
}

// Empty where the asked days cut the row, and the daemon does not say.
static void donors_cell(struct table *table, const Points__V1__DonationTotal *row)
{
    if (row->donors || !row->donations)
        table_number(table, row->donors);
    else
        table_empty(table);
}

static struct page_end take_totals(const Points__V1__Response *response, void *data)
{
    struct totals *totals = data;
    const Points__V1__DonationTotalsReply *page = response->donation_totals;
    for (size_t i = 0; i < page->n_rows; i++) {
        const Points__V1__DonationTotal *row = page->rows[i];
        first_day_cell(totals->table, row->first_day);
        donee_cells(totals->context, totals->table, row);
        table_number(totals->table, row->donations);
        table_number(totals->table, row->points);
        table_number(totals->table, row->reversed_donations);
        table_number(totals->table, row->reversed_points);
        donors_cell(totals->table, row);
        totals->donations += row->donations;
        totals->points += row->points;
        totals->reversed_donations += row->reversed_donations;
        totals->reversed_points += row->reversed_points;
    }
    return (struct page_end){page->last_sequence, page->next_offset};
}

// People get a last line with the sums; machines add up themselves.
static void total_line(struct totals *totals)
{
    if (totals->context->format != TABLE_PEOPLE || table_rows(totals->table) < 2)
        return;
    table_text(totals->table, "total");
    empty_cells(totals->table, 5);
    table_number(totals->table, totals->donations);
    table_number(totals->table, totals->points);
    table_number(totals->table, totals->reversed_donations);
    table_number(totals->table, totals->reversed_points);
    table_empty(totals->table); // one donor may stand in several rows
}

static Points__V1__TotalsUnit unit_asked(struct context *context)
{
    const char *unit = option_get(context, "by");
    return (Points__V1__TotalsUnit)(unit ? parse_enum(context, "--by", &points__v1__totals_unit__descriptor, unit, true)
                                         : UNIT(WHOLE));
}

static Points__V1__TotalsGroup group_asked(struct context *context)
{
    const char *group = option_get(context, "group");
    return (Points__V1__TotalsGroup)(group ? parse_enum(
                                                 context, "--group", &points__v1__totals_group__descriptor, group, true)
                                           : GROUP(MUNICIPALITY_AND_PURPOSE));
}

static Points__V1__GetDonationTotals totals_asked(struct context *context)
{
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.purpose = (uint32_t)option_number(context, "purpose", 1, UINT32_MAX, 0);
    ask.from_day = option_day(context, "from", 0);
    ask.to_day = option_day(context, "to", 0);
    ask.unit = unit_asked(context);
    ask.group = group_asked(context);
    ask.by_original = option_get(context, "by-original") != NULL;
    ask.municipality = context_municipality_asked(context);
    return ask;
}

int run_totals(struct context *context)
{
    Points__V1__GetDonationTotals ask = totals_asked(context);
    struct totals totals = {.context = context};
    const struct paged paged = {REQUEST(GET_DONATION_TOTALS), &ask, &ask.offset, begin_totals, take_totals};
    pages_take(context, &paged, &totals);
    total_line(&totals);
    return context_print(context, totals.table);
}

// ---- conversions

static const struct table_column conversion_columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
    {"requested", TABLE_NUMBER}, {"requested_points", TABLE_NUMBER}, {"settled", TABLE_NUMBER},
    {"settled_points", TABLE_NUMBER}, {"fee_points", TABLE_NUMBER}, {"refused", TABLE_NUMBER},
    {"refused_points", TABLE_NUMBER}};
enum { CONVERSION_NUMBERS = 7 };

struct conversion_totals {
    struct context *context;
    struct table *table;
    uint64_t sums[CONVERSION_NUMBERS];
};

static void begin_conversions(void *data)
{
    struct conversion_totals *totals = data;
    table_free(totals->table);
    totals->table = table_new("conversion_totals", conversion_columns, COUNT(conversion_columns));
    memset(totals->sums, 0, sizeof totals->sums);
}

static struct page_end take_conversions(const Points__V1__Response *response, void *data)
{
    struct conversion_totals *totals = data;
    const Points__V1__ConversionTotalsReply *page = response->conversion_totals;
    for (size_t i = 0; i < page->n_rows; i++) {
        const Points__V1__ConversionTotal *row = page->rows[i];
        const uint64_t numbers[CONVERSION_NUMBERS] = {row->requested, row->requested_points, row->settled,
            row->settled_points, row->fee_points, row->refused, row->refused_points};
        first_day_cell(totals->table, row->first_day);
        context_municipality_cells(totals->context, totals->table, row->municipality);
        for (int n = 0; n < CONVERSION_NUMBERS; n++) {
            table_number(totals->table, numbers[n]);
            totals->sums[n] += numbers[n];
        }
    }
    return (struct page_end){page->last_sequence, page->next_offset};
}

static void conversions_line(struct conversion_totals *totals)
{
    if (totals->context->format != TABLE_PEOPLE || table_rows(totals->table) < 2)
        return;
    table_text(totals->table, "total");
    empty_cells(totals->table, 3);
    for (int n = 0; n < CONVERSION_NUMBERS; n++)
        table_number(totals->table, totals->sums[n]);
}

int run_conversion_totals(struct context *context)
{
    Points__V1__GetConversionTotals ask = POINTS__V1__GET_CONVERSION_TOTALS__INIT;
    struct conversion_totals totals = {.context = context};
    const struct paged paged = {REQUEST(GET_CONVERSION_TOTALS), &ask, &ask.offset, begin_conversions, take_conversions};
    ask.from_day = option_day(context, "from", 0);
    ask.to_day = option_day(context, "to", 0);
    ask.unit = unit_asked(context);
    ask.municipality = context_municipality_asked(context);
    pages_take(context, &paged, &totals);
    conversions_line(&totals);
    return context_print(context, totals.table);
}
