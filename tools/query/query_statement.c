// Asking for statements: what happened to an account, newest first, with the balance after each entry; and where its
// home was.
#include "tools/cells.h"
#include "tools/outcome_names.h"
#include "tools/query/detail.h"
#include "tools/query/queries.h"
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

// The entries before one, newest first; 0: from the newest. The caller frees.
static Points__V1__Response *statement_page(
    struct context *context, const ProtobufCBinaryData *account, uint64_t before)
{
    enum { PAGE_ROWS = 100 };
    Points__V1__GetStatement ask = POINTS__V1__GET_STATEMENT__INIT;
    ask.account = *account;
    ask.before = before;
    ask.limit = PAGE_ROWS;
    return context_call(context, REQUEST(GET_STATEMENT), &ask);
}

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
    uint64_t before = 0;
    *statement = (struct statement){0};
    do {
        Points__V1__Response *response = statement_page(context, account, before);
        if (!before)
            statement->balance_now = (int64_t)response->statement->balance_points;
        before = response->statement->next;
        take_page(context, response, statement);
    } while (before);
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
    size_t rows_max = option_number(&context->line, "limit", 1, UINT32_MAX, SIZE_MAX);
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), id);
    const ProtobufCBinaryData account = {ID_BYTES, id};
    context_session(context);
    statement_read(context, &account, &statement);
    say_where(context, &account, &statement);
    struct table *table = statement_table(context, &statement, rows_max);
    statement_free(&statement);
    return context_print(context, table);
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
    entry_need_whole(entry);
    if (entry->outcome->code != OUTCOME(APPLIED))
        return 0;
    if (entry->transaction->body_case == TRANSACTION(OPEN_ACCOUNT))
        return entry->transaction->open_account->municipality;
    return entry->transaction->body_case == TRANSACTION(MOVE_ACCOUNT) ? entry->transaction->move_account->municipality
                                                                      : 0;
}

static struct homes homes_read(struct context *context, const ProtobufCBinaryData *account)
{
    struct homes homes = {0};
    uint64_t before = 0;
    do {
        Points__V1__Response *response = statement_page(context, account, before);
        const Points__V1__StatementReply *page = response->statement;
        homes.rows = xrealloc(homes.rows, (homes.count + page->n_entries) * sizeof *homes.rows);
        for (size_t i = 0; i < page->n_entries; i++)
            if (home_of(page->entries[i]))
                homes.rows[homes.count++] =
                    (struct home){page->entries[i]->sequence, page->entries[i]->time, home_of(page->entries[i])};
        before = page->next;
        client_free_response(response);
    } while (before);
    return homes;
}

// Oldest first. A move to where the home was already changed nothing.
int run_homes(struct context *context)
{
    static const struct table_column columns[] = {
        {"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"sequence", TABLE_ORDINAL}};
    uint8_t id[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), id);
    context_municipalities(context);
    struct homes homes = homes_read(context, &(ProtobufCBinaryData){ID_BYTES, id});
    struct table *table = table_new("homes", columns, COUNT(columns));
    for (size_t i = homes.count; i-- > 0;) {
        if (i + 1 < homes.count && homes.rows[i].municipality == homes.rows[i + 1].municipality)
            continue;
        time_cell(table, homes.rows[i].from);
        context_municipality_cells(context, table, homes.rows[i].municipality);
        table_number(table, homes.rows[i].sequence);
    }
    free(homes.rows);
    return context_print(context, table);
}
