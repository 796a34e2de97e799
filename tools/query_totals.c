// Asking for the totals of donations.
#include "tools/cells.h"
#include "tools/purpose_names.h"
#include "tools/queries.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct table_column total_columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
    {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER}};

struct totals_sum {
    uint64_t donations, points;
};

static void fetch_purpose_names(struct context *context, struct purpose_names *names)
{
    Points__V1__GetProgramme ask = POINTS__V1__GET_PROGRAMME__INIT;
    ask.part = POINTS__V1__PROGRAMME_PART__PURPOSES;
    purpose_names_free(names);
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_PROGRAMME), &ask);
        purpose_names_add(names, response->programme);
        ask.offset = response->programme->next_offset;
        client_free_response(response);
    } while (ask.offset);
}

// A purpose that was defined since the names were read makes them be read again.
static void purpose_cells(struct context *context, struct table *table, struct purpose_names *names, uint32_t purpose)
{
    if (!purpose_names_get(names, purpose))
        fetch_purpose_names(context, names);
    table_number(table, purpose);
    table_text(table, purpose_names_get(names, purpose));
}

static void total_rows(struct context *context, struct table *table, struct purpose_names *names,
    const Points__V1__DonationTotalsReply *page, struct totals_sum *sum)
{
    for (size_t i = 0; i < page->n_rows; i++) {
        const Points__V1__DonationTotal *row = page->rows[i];
        if (row->first_day)
            day_cell(table, row->first_day);
        else
            table_text(table, "");
        context_municipality_cells(context, table, row->municipality);
        purpose_cells(context, table, names, row->purpose);
        table_number(table, row->donations);
        table_number(table, row->points);
        sum->donations += row->donations;
        sum->points += row->points;
    }
}

// People get a last line with the sums; machines add up themselves.
static void total_line(const struct context *context, struct table *table, struct totals_sum sum)
{
    if (context->format != TABLE_PEOPLE || table_rows(table) < 2)
        return;
    table_text(table, "total");
    for (int i = 0; i < 5; i++)
        table_empty(table);
    table_number(table, sum.donations);
    table_number(table, sum.points);
}

// One pass over the pages. False: the ledger moved on between two of them.
static bool totals_pages(struct context *context, Points__V1__GetDonationTotals *ask, struct table *table,
    struct purpose_names *names, struct totals_sum *sum)
{
    uint64_t sequence = 0;
    bool same = true;
    ask->offset = 0;
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_DONATION_TOTALS), ask);
        const Points__V1__DonationTotalsReply *page = response->donation_totals;
        same = ask->offset == 0 || page->last_sequence == sequence;
        sequence = page->last_sequence;
        if (same)
            total_rows(context, table, names, page, sum);
        ask->offset = page->next_offset;
        client_free_response(response);
    } while (same && ask->offset);
    return same;
}

static Points__V1__GetDonationTotals totals_asked(struct context *context)
{
    const char *purpose = option_get(context, "purpose"), *unit = option_get(context, "by");
    const char *from = option_get(context, "from"), *to = option_get(context, "to");
    const char *municipality = option_get(context, "municipality");
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.purpose = purpose ? (uint32_t)parse_number(context, "--purpose", purpose, 1, UINT32_MAX) : 0;
    ask.from_day = from ? parse_day(context, "--from", from) : 0;
    ask.to_day = to ? parse_day(context, "--to", to) : 0;
    if (unit)
        ask.unit =
            (Points__V1__TotalsUnit)parse_enum(context, "--by", &points__v1__totals_unit__descriptor, unit, true);
    context_municipalities(context);
    ask.municipality = municipality ? context_municipality(context, municipality) : 0;
    return ask;
}

int run_totals(struct context *context)
{
    enum { TRIES_MAX = 10 };
    struct purpose_names names = {0};
    Points__V1__GetDonationTotals ask = totals_asked(context);
    for (int i = 0; i < TRIES_MAX; i++) {
        struct totals_sum sum = {0};
        struct table *table = table_new("totals", total_columns, COUNT(total_columns));
        if (totals_pages(context, &ask, table, &names, &sum)) {
            total_line(context, table, sum);
            purpose_names_free(&names);
            return context_print(context, table);
        }
        table_free(table);
    }
    fail(EXIT_FAILED, "the ledger moves on faster than its totals can be read; ask for fewer days or one municipality");
}
