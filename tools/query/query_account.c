// Asking about residents: accounts and transactions. Statements are query_statement.c's.
#include "proto/entry.h"
#include "tools/cells.h"
#include "tools/outcome_names.h"
#include "tools/query/detail.h"
#include "tools/query/queries.h"

#include <stdio.h>
#include <stdlib.h>

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

static struct table *lots_table(const Points__V1__AccountReply *reply)
{
    static const struct table_column columns[] = {{"last_day", TABLE_TEXT}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("lots", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_lots; i++) {
        day_cell(table, reply->lots[i]->last_day);
        table_number(table, reply->lots[i]->points);
    }
    return table;
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

int run_account(struct context *context)
{
    static const struct table_column columns[] = {{"account", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"balance_points", TABLE_NUMBER}, {"held_points", TABLE_NUMBER}, {"status", TABLE_TEXT},
        {"merged_into", TABLE_TEXT}, {"last_sequence", TABLE_ORDINAL}};
    static const struct table_column quest_columns[] = {
        {"quest", TABLE_ORDINAL}, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"last_period", TABLE_TEXT}};
    uint8_t account[ID_BYTES];
    bool quests = option_get(&context->line, "quests"), lots = option_get(&context->line, "lots");
    if (quests && lots)
        fail_usage(&context->line, "--quests and --lots are two tables; give one of them");
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_ACCOUNT), &ask);
    struct table *table = quests ? table_new("quests", quest_columns, COUNT(quest_columns))
                          : lots ? lots_table(response->account)
                                 : table_new("accounts", columns, COUNT(columns));
    if (quests)
        progress_rows(table, response->account);
    else if (!lots)
        account_row(context, table, response->account);
    context_print(context, table);
    if (!quests && !lots && context->format == TABLE_PEOPLE && response->account->n_lots) {
        printf("\nThese will expire at the end of their last day:\n");
        context_print(context, lots_table(response->account));
    }
    client_free_response(response);
    return EXIT_SUCCESS;
}

int run_transaction(struct context *context)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"block", TABLE_ORDINAL},
        {"time", TABLE_TEXT}, {"type", TABLE_TEXT}, {"account", TABLE_TEXT}, {"detail", TABLE_TEXT},
        {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"id", TABLE_TEXT}};
    uint8_t id[ID_BYTES];
    parse_id(&context->line, "ID", argument_xget(&context->line, 0), id);
    context_session(context);
    Points__V1__Response *response = entry_call(context, &(ProtobufCBinaryData){ID_BYTES, id});
    const Points__V1__LedgerEntry *entry = response->transaction->entry;
    struct table *table = table_new("transactions", columns, COUNT(columns));
    table_number(table, entry->sequence);
    table_number(table, entry->block);
    time_cell(table, entry->time);
    table_text(table, transaction_name(entry->transaction->body_case));
    id_cell(table, entry_account(entry->transaction));
    detail_cell(context, table, entry);
    table_text(table, outcome_name(entry->outcome->code));
    table_number(table, entry->outcome->points);
    id_cell(table, &entry->transaction->id);
    if (entry->outcome->code != OUTCOME(APPLIED))
        say("%s: %s", outcome_name(entry->outcome->code), outcome_advice(entry->outcome->code));
    client_free_response(response);
    return context_print(context, table);
}
