// Asking for the totals of donations.
#include "tools/cells.h"
#include "tools/pages.h"
#include "tools/queries.h"

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
        if (row->first_day)
            day_cell(totals->table, row->first_day);
        else
            table_empty(totals->table);
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

static Points__V1__GetDonationTotals totals_asked(struct context *context)
{
    const char *unit = option_get(context, "by"), *group = option_get(context, "group");
    const char *municipality = option_get(context, "municipality");
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.purpose = (uint32_t)option_number(context, "purpose", 1, UINT32_MAX, 0);
    ask.from_day = option_day(context, "from", 0);
    ask.to_day = option_day(context, "to", 0);
    if (unit)
        ask.unit =
            (Points__V1__TotalsUnit)parse_enum(context, "--by", &points__v1__totals_unit__descriptor, unit, true);
    if (group)
        ask.group =
            (Points__V1__TotalsGroup)parse_enum(context, "--group", &points__v1__totals_group__descriptor, group, true);
    ask.by_original = option_get(context, "by-original") != NULL;
    context_municipalities(context);
    ask.municipality = municipality ? context_municipality(context, municipality) : 0;
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
