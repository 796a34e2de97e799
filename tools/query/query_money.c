// Asking what expired and will, and what was paid out of donations and is open.
#include "tools/cells.h"
#include "tools/command/rows.h"
#include "tools/query/queries.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- expiry

int run_expiry(struct context *context)
{
    static const struct table_column columns[] = {
        {"last_day", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"points", TABLE_NUMBER}, {"expired", TABLE_BOOLEAN}};
    Points__V1__GetExpiry ask = POINTS__V1__GET_EXPIRY__INIT;
    ask.from_day = option_day(&context->line, "from", 0);
    ask.to_day = option_day(&context->line, "to", 0);
    ask.municipality = context_municipality_asked(context);
    struct expiry_rows rows = expiry_rows_fetch(context, &ask);
    struct table *table = table_new("expiry", columns, COUNT(columns));
    for (size_t i = 0; i < rows.count; i++) {
        day_cell(table, rows.at[i].last_day);
        context_municipality_cells(context, table, rows.at[i].municipality);
        table_number(table, rows.at[i].points);
        table_boolean(table, rows.at[i].expired);
    }
    free(rows.at);
    return context_print(context, table);
}

// ---- settlements

struct payments {
    struct context *context;
    struct table *made, *open;
};

static void settlement_row(struct context *context, struct table *table, const Points__V1__Settlement *row)
{
    table_number(table, row->sequence);
    day_cell(table, row->day);
    context_municipality_cells(context, table, row->municipality);
    context_purpose_cells(context, table, row->purpose);
    day_cell(table, row->to_day);
    table_number(table, row->points);
    table_text(table, row->reference);
}

static struct table *open_table(struct context *context, const Points__V1__SettlementsReply *page)
{
    static const struct table_column columns[] = {
        MUNICIPALITY_COLUMNS, {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"open_points", TABLE_NUMBER}};
    struct table *table = table_new("open", columns, COUNT(columns));
    for (size_t i = 0; i < page->n_open; i++) {
        context_municipality_cells(context, table, page->open[i]->municipality);
        context_purpose_cells(context, table, page->open[i]->purpose);
        table_signed(table, page->open[i]->points);
    }
    return table;
}

// What is open is the last page's.
static void take_page(void *data, const Points__V1__SettlementsReply *page)
{
    struct payments *payments = data;
    for (size_t i = 0; i < page->n_settlements; i++)
        settlement_row(payments->context, payments->made, page->settlements[i]);
    table_free(payments->open);
    payments->open = open_table(payments->context, page);
}

// People see both tables; machines one at a time.
int run_settlements(struct context *context)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"day", TABLE_TEXT},
        MUNICIPALITY_COLUMNS, {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"to_day", TABLE_TEXT},
        {"points", TABLE_NUMBER}, {"reference", TABLE_TEXT}};
    Points__V1__GetSettlements ask = POINTS__V1__GET_SETTLEMENTS__INIT;
    struct payments payments = {context, table_new("settlements", columns, COUNT(columns)), NULL};
    bool open_only = option_get(&context->line, "open");
    ask.purpose = context_purpose_asked(context);
    ask.municipality = context_municipality_asked(context);
    settlements_walk(context, &ask, take_page, &payments);
    if (!open_only && context->format == TABLE_PEOPLE) {
        context_print(context, payments.made);
        printf("\nOpen, up to now:\n");
        return context_print(context, payments.open);
    }
    table_free(open_only ? payments.made : payments.open);
    return context_print(context, open_only ? payments.open : payments.made);
}
