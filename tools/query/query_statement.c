// Asking for statements: what happened to an account, newest first, with the balance after each entry; and where its
// home was.
#include "tools/statement.h"
#include "tools/cells.h"
#include "tools/query/asked_entries.h"
#include "tools/query/queries.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void find_where(struct context *context, const ProtobufCBinaryData *account, const struct entries *entries,
    struct statement *statement)
{
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = *account;
    Points__V1__Response *response = context_call(context, REQUEST(GET_ACCOUNT), &ask);
    statement_find_merge(statement, entries, response->account);
    char *where = statement_where(statement, response->account);
    if (where)
        say("%s", where);
    free(where);
    client_free_response(response);
}

int run_statement(struct context *context)
{
    uint8_t id[ID_BYTES];
    struct asked_entries asked;
    size_t rows_max = option_number(&context->line, "limit", 1, UINT32_MAX, SIZE_MAX);
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), id);
    const ProtobufCBinaryData account = {ID_BYTES, id};
    context_session(context);
    asked_entries_begin(&asked, context);
    struct statement statement = statement_read(&asked.entries, &account);
    find_where(context, &account, &asked.entries, &statement);
    context_print(context, statement_table(&statement, context_names(context), &asked.entries, rows_max));
    if (context->format == TABLE_PEOPLE)
        statement_reasons(&statement, rows_max, stdout);
    statement_free(&statement);
    asked_entries_free(&asked);
    return EXIT_SUCCESS;
}

// ---- homes

struct home {
    uint64_t sequence;
    int64_t from;
    uint32_t municipality;
};

struct homes { // newest first
    struct home *rows;
    size_t count;
};

// Where the account's home is from an entry on; 0: the entry says nothing of it.
static uint32_t home_of(const Points__V1__LedgerEntry *entry)
{
    if (entry->outcome->code != OUTCOME(APPLIED))
        return 0;
    if (entry->transaction->body_case == TRANSACTION(OPEN_ACCOUNT))
        return entry->transaction->open_account->municipality;
    return entry->transaction->body_case == TRANSACTION(MOVE_ACCOUNT) ? entry->transaction->move_account->municipality
                                                                      : 0;
}

static void take_home(void *data, const Points__V1__LedgerEntry *entry)
{
    struct homes *homes = data;
    if (!home_of(entry))
        return;
    homes->rows = xrealloc(homes->rows, (homes->count + 1) * sizeof *homes->rows);
    homes->rows[homes->count++] = (struct home){entry->sequence, entry->time, home_of(entry)};
}

// Oldest first. A move to where the home was already changed nothing.
int run_homes(struct context *context)
{
    static const struct table_column columns[] = {
        {"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"sequence", TABLE_ORDINAL}};
    uint8_t id[ID_BYTES];
    struct homes homes = {0};
    struct asked_entries asked;
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), id);
    context_municipalities(context);
    asked_entries_begin(&asked, context);
    asked.entries.of_account(&asked, &(ProtobufCBinaryData){ID_BYTES, id}, take_home, &homes);
    struct table *table = table_new("homes", columns, COUNT(columns));
    for (size_t i = homes.count; i-- > 0;) {
        if (i + 1 < homes.count && homes.rows[i].municipality == homes.rows[i + 1].municipality)
            continue;
        time_cell(table, homes.rows[i].from);
        context_municipality_cells(context, table, homes.rows[i].municipality);
        table_number(table, homes.rows[i].sequence);
    }
    free(homes.rows);
    asked_entries_free(&asked);
    return context_print(context, table);
}
