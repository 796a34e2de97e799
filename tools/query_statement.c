// Asking for statements: what happened to an account, newest first.
#include "tools/cells.h"
#include "tools/detail.h"
#include "tools/outcome_names.h"
#include "tools/queries.h"
#include "tools/uuid7.h"

#include <inttypes.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// A reversed award takes points; everything else that is reversed gives them back.
static bool is_award(struct context *context, const ProtobufCBinaryData *id)
{
    Points__V1__GetTransaction ask = POINTS__V1__GET_TRANSACTION__INIT;
    ask.id = *id;
    Points__V1__Response *response = context_call(context, REQUEST(GET_TRANSACTION), &ask);
    const Points__V1__LedgerEntry *entry = response->transaction->entry;
    bool award = entry && entry->transaction && entry->transaction->body_case == TRANSACTION(AWARD);
    client_free_response(response);
    return award;
}

// What an entry did to the balance that can be spent.
static int64_t balance_change(struct context *context, const Points__V1__LedgerEntry *entry)
{
    int64_t points = (int64_t)entry->outcome->points, expired = (int64_t)entry->outcome->expired;
    if (entry->outcome->code != OUTCOME(APPLIED))
        points = 0;
    switch (entry->transaction->body_case) {
    case TRANSACTION(AWARD):
    case TRANSACTION(REFUSE_CONVERSION):
    case TRANSACTION(MERGE_ACCOUNTS): // the statement is of the account that stays
        return points - expired;
    case TRANSACTION(DONATE):
    case TRANSACTION(REQUEST_CONVERSION):
    case TRANSACTION(CLOSE_ACCOUNT):
        return -points - expired;
    case TRANSACTION(REVERSE):
        return (points > 0 && is_award(context, &entry->transaction->reverse->target) ? -points : points) - expired;
    default:
        return -expired;
    }
}

static const struct table_column entry_columns[] = {{"sequence", TABLE_ORDINAL}, {"time", TABLE_TEXT},
    {"type", TABLE_TEXT}, {"detail", TABLE_TEXT}, {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER},
    {"balance_points", TABLE_NUMBER}, {"id", TABLE_TEXT}};

static void need_whole(const Points__V1__LedgerEntry *entry)
{
    if (!entry || !entry->transaction || !entry->outcome)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
}

// Newest first; the balance after each entry is counted back from the balance now.
static size_t statement_page(struct context *context, struct table *table, const Points__V1__StatementReply *page,
    int64_t *balance, size_t rows_max)
{
    size_t i;
    for (i = 0; i < page->n_entries && i < rows_max; i++) {
        const Points__V1__LedgerEntry *entry = page->entries[i];
        need_whole(entry);
        int64_t change = balance_change(context, entry);
        table_number(table, entry->sequence);
        time_cell(table, entry->time);
        table_text(table, transaction_name(entry->transaction->body_case));
        detail_cell(context, table, entry->transaction);
        table_text(table, outcome_name(entry->outcome->code));
        table_signed(table, change);
        table_signed(table, *balance);
        id_cell(table, &entry->transaction->id);
        *balance -= change;
    }
    return i;
}

// A merged account's statement ends without its balance, which went elsewhere unseen: its entries say what it was.
static int64_t balance_when_merged(struct context *context, Points__V1__GetStatement ask)
{
    int64_t balance = 0;
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_STATEMENT), &ask);
        for (size_t i = 0; i < response->statement->n_entries; i++) {
            need_whole(response->statement->entries[i]);
            balance += balance_change(context, response->statement->entries[i]);
        }
        ask.before = response->statement->next;
        client_free_response(response);
    } while (ask.before);
    return balance;
}

// Whether the account was merged into another, and with what balance.
static bool was_merged(struct context *context, const Points__V1__GetStatement *statement, int64_t *balance)
{
    char into[ID_TEXT_BYTES] = "";
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = statement->account;
    Points__V1__Response *response = context_call(context, REQUEST(GET_ACCOUNT), &ask);
    bool merged = response->account->status == ACCOUNT_STATUS(MERGED);
    if (merged && response->account->merged_into.len == ID_BYTES)
        id_print(response->account->merged_into.data, into);
    client_free_response(response);
    if (!merged)
        return false;
    *balance = balance_when_merged(context, *statement);
    say("this account was merged into %s, which has taken its %" PRId64 " points", into, *balance);
    return true;
}

int run_statement(struct context *context)
{
    enum { PAGE_ROWS = 100 };
    uint8_t account[ID_BYTES];
    size_t rows_left = option_number(context, "limit", 1, UINT32_MAX, SIZE_MAX);
    int64_t balance = 0;
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__GetStatement ask = POINTS__V1__GET_STATEMENT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    ask.limit = PAGE_ROWS;
    context_session(context);
    bool merged = was_merged(context, &ask, &balance);
    struct table *table = table_new("statement", entry_columns, COUNT(entry_columns));
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_STATEMENT), &ask);
        if (ask.before == 0 && !merged)
            balance = (int64_t)response->statement->balance_points;
        rows_left -= statement_page(context, table, response->statement, &balance, rows_left);
        ask.before = response->statement->next;
        client_free_response(response);
    } while (ask.before && rows_left);
    return context_print(context, table);
}
