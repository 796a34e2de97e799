// Asking about residents: accounts and transactions. Statements are query_statement.c's.
#include "tools/account_tables.h"
#include "tools/entry_table.h"
#include "tools/outcome_names.h"
#include "tools/query/asked_entries.h"
#include "tools/query/queries.h"

#include <stdio.h>
#include <stdlib.h>

int run_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    bool quests = option_get(&context->line, "quests"), lots = option_get(&context->line, "lots");
    if (quests && lots)
        fail_usage(&context->line, "--quests and --lots are two tables; give one of them");
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_ACCOUNT), &ask);
    const Points__V1__AccountReply *reply = response->account;
    context_print(context, quests ? progress_table(reply)
                           : lots ? lots_table(reply)
                                  : account_table(reply, context_names(context)));
    if (!quests && !lots && context->format == TABLE_PEOPLE && reply->n_lots) {
        printf("\nThese will expire at the end of their last day:\n");
        context_print(context, lots_table(reply));
    }
    client_free_response(response);
    return EXIT_SUCCESS;
}

int run_transaction(struct context *context)
{
    uint8_t id[ID_BYTES];
    parse_id(&context->line, "ID", argument_xget(&context->line, 0), id);
    struct asked_entries asked;
    context_session(context);
    asked_entries_begin(&asked, context);
    const Points__V1__LedgerEntry *entry = asked.entries.by_id(&asked, &(ProtobufCBinaryData){ID_BYTES, id});
    struct table *table = entry_table();
    entry_row(table, entry, context_names(context), &asked.entries);
    if (entry->outcome->code != OUTCOME(APPLIED))
        say("%s: %s", outcome_name(entry->outcome->code), outcome_advice(entry->outcome->code));
    asked_entries_free(&asked);
    return context_print(context, table);
}
