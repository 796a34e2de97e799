// Asking about residents: accounts, statements, transactions.
#include "proto/entry.h"
#include "tools/cells.h"
#include "tools/jst.h"
#include "tools/outcome_names.h"
#include "tools/queries.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

int run_account(struct context *context)
{
    static const struct table_column columns[] = {{"account", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"balance_points", TABLE_NUMBER}, {"held_points", TABLE_NUMBER}, {"last_sequence", TABLE_ORDINAL}};
    static const struct table_column quest_columns[] = {
        {"quest", TABLE_ORDINAL}, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"last_period", TABLE_TEXT}};
    uint8_t account[ID_BYTES];
    bool quests = option_get(context, "quests");
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_ACCOUNT), &ask);
    const Points__V1__AccountReply *reply = response->account;
    struct table *table = quests ? table_new("quests", quest_columns, COUNT(quest_columns))
                                 : table_new("accounts", columns, COUNT(columns));
    if (!quests) {
        id_cell(table, &reply->account);
        context_municipality_cells(context, table, reply->municipality);
        table_number(table, reply->balance_points);
        table_number(table, reply->held_points);
        table_number(table, reply->last_sequence);
    }
    for (size_t i = 0; quests && i < reply->n_progress; i++) {
        table_number(table, reply->progress[i]->quest);
        table_number(table, reply->progress[i]->awards);
        table_number(table, reply->progress[i]->points);
        day_cell(table, reply->progress[i]->last_period_day);
    }
    client_free_response(response);
    return context_print(context, table);
}

// What an entry did to the balance that can be spent.
static int64_t balance_change(const Points__V1__LedgerEntry *entry)
{
    int64_t points = (int64_t)entry->outcome->points, expired = (int64_t)entry->outcome->expired;
    if (entry->outcome->code != OUTCOME(APPLIED))
        points = 0;
    switch (entry->transaction->body_case) {
    case TRANSACTION(AWARD):
    case TRANSACTION(REFUSE_CONVERSION):
        return points - expired;
    case TRANSACTION(DONATE):
    case TRANSACTION(REQUEST_CONVERSION):
        return -points - expired;
    default:
        return -expired;
    }
}

// What stands beside a row's type: the quest, the purpose, the municipality, the conversion.
static void detail_cell(struct table *table, const Points__V1__Transaction *transaction)
{
    char text[80] = "", when[JST_TIME_BYTES];
    switch (transaction->body_case) {
    case TRANSACTION(AWARD):
        jst_print_time(transaction->award->occurred_at, when);
        snprintf(text, sizeof text, "quest %" PRIu32 ", %s", transaction->award->quest, when);
        break;
    case TRANSACTION(DONATE):
        snprintf(text, sizeof text, "purpose %" PRIu32 " of %06" PRIu32, transaction->donate->purpose,
            transaction->donate->municipality);
        break;
    case TRANSACTION(OPEN_ACCOUNT):
        snprintf(text, sizeof text, "in %06" PRIu32, transaction->open_account->municipality);
        break;
    case TRANSACTION(MOVE_ACCOUNT):
        snprintf(text, sizeof text, "to %06" PRIu32, transaction->move_account->municipality);
        break;
    case TRANSACTION(SETTLE_CONVERSION):
        id_print(transaction->settle_conversion->conversion.data, text);
        break;
    case TRANSACTION(REFUSE_CONVERSION):
        id_print(transaction->refuse_conversion->conversion.data, text);
        break;
    default:
        break;
    }
    table_text(table, text);
}

static const struct table_column entry_columns[] = {{"sequence", TABLE_ORDINAL}, {"time", TABLE_TEXT},
    {"type", TABLE_TEXT}, {"detail", TABLE_TEXT}, {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER},
    {"balance_points", TABLE_NUMBER}, {"id", TABLE_TEXT}};

static bool is_whole(const Points__V1__LedgerEntry *entry)
{
    return entry && entry->transaction && entry->outcome;
}

// Newest first; the balance after each entry is counted back from the balance now.
static size_t statement_page(
    struct table *table, const Points__V1__StatementReply *page, int64_t *balance, size_t rows_max)
{
    size_t i;
    for (i = 0; i < page->n_entries && i < rows_max; i++) {
        const Points__V1__LedgerEntry *entry = page->entries[i];
        if (!is_whole(entry))
            fail(EXIT_FAILED, "the daemon's answer lacks a part");
        int64_t change = balance_change(entry);
        table_number(table, entry->sequence);
        time_cell(table, entry->time);
        table_text(table, transaction_name(entry->transaction->body_case));
        detail_cell(table, entry->transaction);
        table_text(table, outcome_name(entry->outcome->code));
        table_signed(table, change);
        table_signed(table, *balance);
        id_cell(table, &entry->transaction->id);
        *balance -= change;
    }
    return i;
}

int run_statement(struct context *context)
{
    enum { PAGE_ROWS = 100 };
    uint8_t account[ID_BYTES];
    const char *limit = option_get(context, "limit");
    size_t rows_left = limit ? parse_number(context, "--limit", limit, 1, UINT32_MAX) : SIZE_MAX;
    int64_t balance = 0;
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__GetStatement ask = POINTS__V1__GET_STATEMENT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    ask.limit = PAGE_ROWS;
    context_session(context);
    struct table *table = table_new("statement", entry_columns, COUNT(entry_columns));
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_STATEMENT), &ask);
        if (ask.before == 0)
            balance = (int64_t)response->statement->balance_points;
        rows_left -= statement_page(table, response->statement, &balance, rows_left);
        ask.before = response->statement->next;
        client_free_response(response);
    } while (ask.before && rows_left);
    return context_print(context, table);
}

int run_transaction(struct context *context)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"block", TABLE_ORDINAL},
        {"time", TABLE_TEXT}, {"type", TABLE_TEXT}, {"account", TABLE_TEXT}, {"detail", TABLE_TEXT},
        {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"id", TABLE_TEXT}};
    uint8_t id[ID_BYTES];
    parse_id(context, "ID", argument_xget(context, 0), id);
    Points__V1__GetTransaction ask = POINTS__V1__GET_TRANSACTION__INIT;
    ask.id = (ProtobufCBinaryData){ID_BYTES, id};
    context_session(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_TRANSACTION), &ask);
    const Points__V1__LedgerEntry *entry = response->transaction->entry;
    if (!is_whole(entry))
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = table_new("transactions", columns, COUNT(columns));
    table_number(table, entry->sequence);
    table_number(table, entry->block);
    time_cell(table, entry->time);
    table_text(table, transaction_name(entry->transaction->body_case));
    id_cell(table, entry_account(entry->transaction));
    detail_cell(table, entry->transaction);
    table_text(table, outcome_name(entry->outcome->code));
    table_number(table, entry->outcome->points);
    id_cell(table, &entry->transaction->id);
    if (entry->outcome->code != OUTCOME(APPLIED))
        say("%s: %s", outcome_name(entry->outcome->code), outcome_advice(entry->outcome->code));
    client_free_response(response);
    return context_print(context, table);
}
