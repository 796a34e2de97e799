// Asking about residents: accounts and transactions. Statements are query_statement.c's.
#include "proto/entry.h"
#include "tools/cells.h"
#include "tools/detail.h"
#include "tools/outcome_names.h"
#include "tools/queries.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void account_row(struct context *context, struct table *table, const Points__V1__AccountReply *reply)
{
    id_cell(table, &reply->account);
    context_municipality_cells(context, table, reply->municipality);
    table_number(table, reply->balance_points);
    table_number(table, reply->held_points);
    enum_cell(table, &points__v1__account_status__descriptor, (int)reply->status);
    id_cell(table, &reply->merged_into);
    table_number(table, reply->last_sequence);
}

static void progress_rows(struct table *table, const Points__V1__AccountReply *reply)
{
    for (size_t i = 0; i < reply->n_progress; i++) {
        table_number(table, reply->progress[i]->quest);
        table_number(table, reply->progress[i]->awards);
        table_number(table, reply->progress[i]->points);
        day_cell(table, reply->progress[i]->last_period_day);
    }
}

static void lot_rows(struct table *table, const Points__V1__AccountReply *reply)
{
    for (size_t i = 0; i < reply->n_lots; i++) {
        day_cell(table, reply->lots[i]->last_day);
        table_number(table, reply->lots[i]->points);
    }
}

static struct table *account_table(struct context *context, const Points__V1__AccountReply *reply)
{
    static const struct table_column columns[] = {{"account", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"balance_points", TABLE_NUMBER}, {"held_points", TABLE_NUMBER}, {"status", TABLE_TEXT},
        {"merged_into", TABLE_TEXT}, {"last_sequence", TABLE_ORDINAL}};
    static const struct table_column quest_columns[] = {
        {"quest", TABLE_ORDINAL}, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"last_period", TABLE_TEXT}};
    static const struct table_column lot_columns[] = {{"last_day", TABLE_TEXT}, {"points", TABLE_NUMBER}};
    struct table *table;
    if (option_get(context, "quests")) {
        table = table_new("quests", quest_columns, COUNT(quest_columns));
        progress_rows(table, reply);
    } else if (option_get(context, "lots")) {
        table = table_new("lots", lot_columns, COUNT(lot_columns));
        lot_rows(table, reply);
    } else {
        table = table_new("accounts", columns, COUNT(columns));
        account_row(context, table, reply);
    }
    return table;
}

int run_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_ACCOUNT), &ask);
    struct table *table = account_table(context, response->account);
    client_free_response(response);
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
    if (!entry || !entry->transaction || !entry->outcome)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = table_new("transactions", columns, COUNT(columns));
    table_number(table, entry->sequence);
    table_number(table, entry->block);
    time_cell(table, entry->time);
    table_text(table, transaction_name(entry->transaction->body_case));
    id_cell(table, entry_account(entry->transaction));
    detail_cell(context, table, entry->transaction);
    table_text(table, outcome_name(entry->outcome->code));
    table_number(table, entry->outcome->points);
    id_cell(table, &entry->transaction->id);
    if (entry->outcome->code != OUTCOME(APPLIED))
        say("%s: %s", outcome_name(entry->outcome->code), outcome_advice(entry->outcome->code));
    client_free_response(response);
    return context_print(context, table);
}
