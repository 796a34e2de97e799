// Asking for statements: what happened to an account, newest first, with the balance after each entry.
#include "tools/cells.h"
#include "tools/detail.h"
#include "tools/outcome_names.h"
#include "tools/queries.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct line {
    const Points__V1__LedgerEntry *entry; // of the statement's pages
    int64_t points;                       // what it did to the balance that can be spent
    int64_t expired;                      // what had left that balance before it, since the entry before
};

struct statement {
    Points__V1__Response **pages;
    struct line *lines; // newest first
    size_t page_count, count;
    int64_t balance;     // after the newest entry: the sum of all
    int64_t balance_now; // as the daemon says: less what has expired since
};

static void statement_read(struct context *context, const ProtobufCBinaryData *account, struct statement *statement);
static void statement_free(struct statement *statement);

// ---- what an entry did to the balance

// Awards are taken back; the points of donations and conversions come back.
static int64_t reversal_change(struct context *context, const Points__V1__Reverse *reverse, int64_t points)
{
    Points__V1__Response *response = entry_call(context, &reverse->target);
    bool award = response->transaction->entry->transaction->body_case == TRANSACTION(AWARD);
    client_free_response(response);
    return award ? -points : points;
}

static int64_t points_change(struct context *context, const Points__V1__LedgerEntry *entry)
{
    int64_t points = (int64_t)entry->outcome->points;
    if (entry->outcome->code != OUTCOME(APPLIED))
        return 0;
    switch (entry->transaction->body_case) {
    case TRANSACTION(AWARD):
    case TRANSACTION(REFUSE_CONVERSION):
    case TRANSACTION(MERGE_ACCOUNTS): // the statement is of the account that stays
        return points;
    case TRANSACTION(DONATE):
    case TRANSACTION(REQUEST_CONVERSION):
    case TRANSACTION(CLOSE_ACCOUNT):
        return -points;
    case TRANSACTION(REVERSE):
        return reversal_change(context, entry->transaction->reverse, points);
    default:
        return 0;
    }
}

// A merge names what expired in both accounts together. What the other one's entries leave, and did not come over, had
// expired there; it was never in this balance.
static int64_t expired_change(struct context *context, const Points__V1__LedgerEntry *entry)
{
    struct statement merged;
    int64_t expired = (int64_t)entry->outcome->expired;
    if (!expired || entry->outcome->code != OUTCOME(APPLIED) ||
        entry->transaction->body_case != TRANSACTION(MERGE_ACCOUNTS))
        return expired;
    statement_read(context, &entry->transaction->merge_accounts->merged, &merged);
    expired -= merged.balance - (int64_t)entry->outcome->points;
    statement_free(&merged);
    return expired;
}

// ---- reading one whole

static void take_page(struct context *context, Points__V1__Response *response, struct statement *statement)
{
    const Points__V1__StatementReply *page = response->statement;
    statement->pages = xrealloc(statement->pages, (statement->page_count + 1) * sizeof(Points__V1__Response *));
    statement->pages[statement->page_count++] = response;
    statement->lines = xrealloc(statement->lines, (statement->count + page->n_entries) * sizeof(struct line) + 1);
    for (size_t i = 0; i < page->n_entries; i++) {
        struct line *line = &statement->lines[statement->count++];
        entry_need_whole(page->entries[i]);
        line->entry = page->entries[i];
        line->points = points_change(context, line->entry);
        line->expired = expired_change(context, line->entry);
        statement->balance += line->points - line->expired;
    }
}

// All of it, whatever is to be shown: the balance after an entry is the sum of what came before. To count back from the
// balance of now would not do, for points expire without an entry, and a merged account's balance went elsewhere.
static void statement_read(struct context *context, const ProtobufCBinaryData *account, struct statement *statement)
{
    enum { PAGE_ROWS = 100 };
    Points__V1__GetStatement ask = POINTS__V1__GET_STATEMENT__INIT;
    ask.account = *account;
    ask.limit = PAGE_ROWS;
    *statement = (struct statement){0};
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_STATEMENT), &ask);
        if (!ask.before)
            statement->balance_now = (int64_t)response->statement->balance_points;
        ask.before = response->statement->next;
        take_page(context, response, statement);
    } while (ask.before);
}

static void statement_free(struct statement *statement)
{
    for (size_t i = 0; i < statement->page_count; i++)
        client_free_response(statement->pages[i]);
    free(statement->pages);
    free(statement->lines);
}

// ---- showing it

static struct table *statement_table(struct context *context, const struct statement *statement, size_t rows_max)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"time", TABLE_TEXT},
        {"type", TABLE_TEXT}, {"detail", TABLE_TEXT}, {"outcome", TABLE_TEXT}, {"expired_points", TABLE_NUMBER},
        {"points", TABLE_NUMBER}, {"balance_points", TABLE_NUMBER}, {"id", TABLE_TEXT}};
    struct table *table = table_new("statement", columns, COUNT(columns));
    int64_t balance = statement->balance;
    for (size_t i = 0; i < statement->count && i < rows_max; i++) {
        const struct line *line = &statement->lines[i];
        table_number(table, line->entry->sequence);
        time_cell(table, line->entry->time);
        table_text(table, transaction_name(line->entry->transaction->body_case));
        detail_cell(context, table, line->entry);
        table_text(table, outcome_name(line->entry->outcome->code));
        table_signed(table, -line->expired);
        table_signed(table, line->points);
        table_signed(table, balance);
        id_cell(table, &line->entry->transaction->id);
        balance -= line->points - line->expired;
    }
    return table;
}

// Where the balance is, when it is not that of the newest entry.
static void say_where(struct context *context, const ProtobufCBinaryData *account, const struct statement *statement)
{
    char into[ID_TEXT_BYTES] = "";
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = *account;
    Points__V1__Response *response = context_call(context, REQUEST(GET_ACCOUNT), &ask);
    if (response->account->merged_into.len == ID_BYTES) {
        id_print(response->account->merged_into.data, into);
        say("this account was merged into %s, which has taken its %" PRId64 " points, less what had expired by then",
            into, statement->balance);
    } else if (statement->balance != statement->balance_now) {
        say("since the newest entry %" PRId64 " points have expired: the balance is %" PRId64 " now",
            statement->balance - statement->balance_now, statement->balance_now);
    }
    client_free_response(response);
}

int run_statement(struct context *context)
{
    uint8_t id[ID_BYTES];
    struct statement statement;
    size_t rows_max = option_number(context, "limit", 1, UINT32_MAX, SIZE_MAX);
    parse_id(context, "ACCOUNT", argument_xget(context, 0), id);
    const ProtobufCBinaryData account = {ID_BYTES, id};
    context_session(context);
    statement_read(context, &account, &statement);
    say_where(context, &account, &statement);
    struct table *table = statement_table(context, &statement, rows_max);
    statement_free(&statement);
    return context_print(context, table);
}
