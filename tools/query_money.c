// Asking what expired and will, and what was paid out of donations and is open.
#include "tools/cells.h"
#include "tools/pages.h"
#include "tools/queries.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- expiry

struct expiry {
    struct context *context;
    struct table *table;
};

static void begin_expiry(void *data)
{
    static const struct table_column columns[] = {
        {"last_day", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"points", TABLE_NUMBER}, {"expired", TABLE_BOOLEAN}};
    struct expiry *expiry = data;
    table_free(expiry->table);
    expiry->table = table_new("expiry", columns, COUNT(columns));
}

static struct page_end take_expiry(const Points__V1__Response *response, void *data)
{
    struct expiry *expiry = data;
    const Points__V1__ExpiryReply *page = response->expiry;
    for (size_t i = 0; i < page->n_rows; i++) {
        day_cell(expiry->table, page->rows[i]->last_day);
        context_municipality_cells(expiry->context, expiry->table, page->rows[i]->municipality);
        table_number(expiry->table, page->rows[i]->points);
        table_boolean(expiry->table, page->rows[i]->expired);
    }
    return (struct page_end){page->last_sequence, page->next_offset};
}

int run_expiry(struct context *context)
{
    Points__V1__GetExpiry ask = POINTS__V1__GET_EXPIRY__INIT;
    struct expiry expiry = {.context = context};
    const struct paged paged = {REQUEST(GET_EXPIRY), &ask, &ask.offset, begin_expiry, take_expiry};
    ask.from_day = option_day(context, "from", 0);
    ask.to_day = option_day(context, "to", 0);
    ask.municipality = context_municipality_asked(context);
    pages_take(context, &paged, &expiry);
    return context_print(context, expiry.table);
}

// ---- settlements

static void purpose_cells(struct context *context, struct table *table, uint32_t purpose)
{
    const struct programme_name *named = context_named(context, PART(PURPOSES), purpose);
    table_number(table, purpose);
    table_text(table, named ? named->name : "");
}

static void settlement_rows(struct context *context, struct table *table, const Points__V1__SettlementsReply *page)
{
    for (size_t i = 0; i < page->n_settlements; i++) {
        const Points__V1__Settlement *row = page->settlements[i];
        table_number(table, row->sequence);
        day_cell(table, row->day);
        context_municipality_cells(context, table, row->municipality);
        purpose_cells(context, table, row->purpose);
        day_cell(table, row->to_day);
        table_number(table, row->points);
        table_text(table, row->reference);
    }
}

static struct table *open_table(struct context *context, const Points__V1__SettlementsReply *page)
{
    static const struct table_column columns[] = {
        MUNICIPALITY_COLUMNS, {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"open_points", TABLE_NUMBER}};
    struct table *table = table_new("open", columns, COUNT(columns));
    for (size_t i = 0; i < page->n_open; i++) {
        context_municipality_cells(context, table, page->open[i]->municipality);
        purpose_cells(context, table, page->open[i]->purpose);
        table_signed(table, page->open[i]->points);
    }
    return table;
}

// Settlements only ever become more, at the end, so pages need not be read anew; what is open is the last page's.
static struct table *all_settlements(
    struct context *context, Points__V1__GetSettlements *ask, struct table **settlements)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"day", TABLE_TEXT},
        MUNICIPALITY_COLUMNS, {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"to_day", TABLE_TEXT},
        {"points", TABLE_NUMBER}, {"reference", TABLE_TEXT}};
    struct table *open = NULL;
    *settlements = table_new("settlements", columns, COUNT(columns));
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_SETTLEMENTS), ask);
        settlement_rows(context, *settlements, response->settlements);
        table_free(open);
        open = open_table(context, response->settlements);
        ask->offset = response->settlements->next_offset;
        client_free_response(response);
    } while (ask->offset);
    return open;
}

// People see both tables; machines one at a time.
int run_settlements(struct context *context)
{
    Points__V1__GetSettlements ask = POINTS__V1__GET_SETTLEMENTS__INIT;
    bool open_only = option_get(context, "open"), people = context->format == TABLE_PEOPLE;
    struct table *settlements;
    ask.purpose = (uint32_t)option_number(context, "purpose", 1, UINT32_MAX, 0);
    ask.municipality = context_municipality_asked(context);
    struct table *open = all_settlements(context, &ask, &settlements);
    if (!open_only)
        table_print(settlements, context->format, stdout);
    if (!open_only && people)
        printf("\nOpen, up to now:\n");
    if (open_only || people)
        table_print(open, context->format, stdout);
    table_free(settlements);
    table_free(open);
    return EXIT_SUCCESS;
}
