// Asking when points expire, and which donations were paid out.
#include "tools/cells.h"
#include "tools/pages.h"
#include "tools/queries.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct asked {
    struct context *context;
    struct table *table;
};

// ---- expiry

static void begin_expiry(void *data)
{
    static const struct table_column columns[] = {
        {"last_day", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"points", TABLE_NUMBER}, {"expired", TABLE_BOOLEAN}};
    struct asked *asked = data;
    table_free(asked->table);
    asked->table = table_new("expiry", columns, COUNT(columns));
}

static struct page_end take_expiry(const Points__V1__Response *response, void *data)
{
    struct asked *asked = data;
    const Points__V1__ExpiryReply *page = response->expiry;
    for (size_t i = 0; i < page->n_rows; i++) {
        day_cell(asked->table, page->rows[i]->last_day);
        context_municipality_cells(asked->context, asked->table, page->rows[i]->municipality);
        table_number(asked->table, page->rows[i]->points);
        table_boolean(asked->table, page->rows[i]->expired);
    }
    return (struct page_end){page->last_sequence, page->next_offset};
}

int run_expiry(struct context *context)
{
    struct asked asked = {.context = context};
    const char *municipality = option_get(context, "municipality");
    Points__V1__GetExpiry ask = POINTS__V1__GET_EXPIRY__INIT;
    ask.from_day = option_day(context, "from", 0);
    ask.to_day = option_day(context, "to", 0);
    context_municipalities(context);
    ask.municipality = municipality ? context_municipality(context, municipality) : 0;
    const struct paged paged = {REQUEST(GET_EXPIRY), &ask, &ask.offset, begin_expiry, take_expiry};
    pages_take(context, &paged, &asked);
    return context_print(context, asked.table);
}

// ---- settlements

static void settlement_rows(struct context *context, struct table *table, const Points__V1__SettlementsReply *page)
{
    for (size_t i = 0; i < page->n_settlements; i++) {
        const Points__V1__Settlement *row = page->settlements[i];
        day_cell(table, row->day);
        context_municipality_cells(context, table, row->municipality);
        table_number(table, row->purpose);
        day_cell(table, row->to_day);
        table_number(table, row->points);
        table_text(table, row->reference);
        table_number(table, row->sequence);
    }
}

static struct table *settlements_table(struct context *context, Points__V1__GetSettlements ask)
{
    static const struct table_column columns[] = {{"day", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"purpose", TABLE_ORDINAL},
        {"to_day", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"reference", TABLE_TEXT}, {"sequence", TABLE_ORDINAL}};
    struct table *table = table_new("settlements", columns, COUNT(columns));
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_SETTLEMENTS), &ask);
        settlement_rows(context, table, response->settlements);
        ask.offset = response->settlements->next_offset;
        client_free_response(response);
    } while (ask.offset);
    return table;
}

static struct table *open_table(struct context *context, Points__V1__GetSettlements ask)
{
    static const struct table_column columns[] = {
        MUNICIPALITY_COLUMNS, {"purpose", TABLE_ORDINAL}, {"open_points", TABLE_NUMBER}};
    struct table *table = table_new("open", columns, COUNT(columns));
    Points__V1__Response *response = context_call(context, REQUEST(GET_SETTLEMENTS), &ask);
    for (size_t i = 0; i < response->settlements->n_open; i++) {
        const Points__V1__OpenDonations *row = response->settlements->open[i];
        context_municipality_cells(context, table, row->municipality);
        table_number(table, row->purpose);
        table_signed(table, row->points);
    }
    client_free_response(response);
    return table;
}

int run_settlements(struct context *context)
{
    const char *municipality = option_get(context, "municipality");
    Points__V1__GetSettlements ask = POINTS__V1__GET_SETTLEMENTS__INIT;
    ask.purpose = (uint32_t)option_number(context, "purpose", 1, UINT32_MAX, 0);
    context_municipalities(context);
    ask.municipality = municipality ? context_municipality(context, municipality) : 0;
    return context_print(
        context, option_get(context, "open") ? open_table(context, ask) : settlements_table(context, ask));
}
