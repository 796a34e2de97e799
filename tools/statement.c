// An account's statement.
#include "tools/statement.h"
#include "tools/cells.h"
#include "tools/error.h"
#include "tools/outcome_names.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- what an entry did to the balance

// Awards are taken back; the points of donations and conversions come back.
static int64_t reversal_change(const struct entries *entries, const Points__V1__Reverse *reverse, int64_t points)
{
    const Points__V1__LedgerEntry *target = entries->by_id(entries->source, &reverse->target);
    return target->transaction->body_case == TRANSACTION(AWARD) ? -points : points;
}

static int64_t points_change(const struct entries *entries, const Points__V1__LedgerEntry *entry)
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
        return reversal_change(entries, entry->transaction->reverse, points);
    default:
        return 0;
    }
}

// A merge names what expired in both accounts together. What the other one's entries leave, and did not come over, had
// expired there; it was never in this balance.
static int64_t expired_change(const struct entries *entries, const Points__V1__LedgerEntry *entry)
{
    int64_t expired = (int64_t)entry->outcome->expired;
    if (!expired || entry->outcome->code != OUTCOME(APPLIED) ||
        entry->transaction->body_case != TRANSACTION(MERGE_ACCOUNTS))
        return expired;
    struct statement merged = statement_read(entries, &entry->transaction->merge_accounts->merged);
    expired -= merged.balance - (int64_t)entry->outcome->points;
    statement_free(&merged);
    return expired;
}

// ---- reading one whole

struct reading {
    const struct entries *entries;
    struct statement statement;
    size_t room;
};

static void take_entry(void *data, const Points__V1__LedgerEntry *entry)
{
    struct reading *reading = data;
    struct statement *statement = &reading->statement;
    if (statement->count == reading->room) {
        reading->room = reading->room ? 2 * reading->room : 64;
        statement->lines = xrealloc(statement->lines, reading->room * sizeof *statement->lines);
    }
    const struct statement_line line = {
        entry, points_change(reading->entries, entry), expired_change(reading->entries, entry)};
    statement->lines[statement->count++] = line;
    statement->balance += line.points - line.expired;
}

// All of it, whatever is to be shown: the balance after an entry is the sum of what came before. To count back from the
// balance of now would not do, for points expire without an entry, and a merged account's balance went elsewhere.
struct statement statement_read(const struct entries *entries, const ProtobufCBinaryData *account)
{
    struct reading reading = {.entries = entries};
    entries->of_account(entries->source, account, take_entry, &reading);
    return reading.statement;
}

struct merge_search {
    const ProtobufCBinaryData *merged;
    uint64_t sequence;
};

static void look_for_merge(void *data, const Points__V1__LedgerEntry *entry)
{
    struct merge_search *search = data;
    const Points__V1__Transaction *transaction = entry->transaction;
    if (entry->outcome->code == OUTCOME(APPLIED) && transaction->body_case == TRANSACTION(MERGE_ACCOUNTS) &&
        !memcmp(transaction->merge_accounts->merged.data, search->merged->data, ID_BYTES))
        search->sequence = entry->sequence;
}

// The merge is an entry of the account that stays.
void statement_find_merge(
    struct statement *statement, const struct entries *entries, const Points__V1__AccountReply *account)
{
    struct merge_search search = {.merged = &account->account};
    if (account->merged_into.len == ID_BYTES)
        entries->of_account(entries->source, &account->merged_into, look_for_merge, &search);
    statement->merged = search.sequence;
}

void statement_free(struct statement *statement)
{
    free(statement->lines);
    *statement = (struct statement){0};
}

// ---- showing it

// What names a merged account is refused; its balance is gone by then.
static bool is_after_merge(const struct statement *statement, const struct statement_line *line)
{
    return statement->merged && line->entry->sequence > statement->merged;
}

struct table *statement_table(
    const struct statement *statement, struct names *names, const struct entries *entries, size_t rows_max)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"time", TABLE_TEXT},
        {"type", TABLE_TEXT}, {"detail", TABLE_TEXT}, {"outcome", TABLE_TEXT}, {"expired_points", TABLE_NUMBER},
        {"points", TABLE_NUMBER}, {"balance_points", TABLE_NUMBER}, {"id", TABLE_TEXT}, {"reason", TABLE_TEXT}};
    struct table *table = table_new("statement", columns, COUNT(columns));
    int64_t balance = statement->balance;
    table_hide(table, COUNT(columns) - 1);
    for (size_t i = 0; i < statement->count && i < rows_max; i++) {
        const struct statement_line *line = &statement->lines[i];
        table_number(table, line->entry->sequence);
        time_cell(table, line->entry->time);
        table_text(table, transaction_name(line->entry->transaction->body_case));
        detail_cell(table, line->entry, names, entries);
        table_text(table, outcome_name(line->entry->outcome->code));
        table_signed(table, -line->expired);
        table_signed(table, line->points);
        table_signed(table, is_after_merge(statement, line) ? 0 : balance);
        id_cell(table, &line->entry->transaction->id);
        reason_cell(table, line->entry);
        balance -= line->points - line->expired;
    }
    return table;
}

void statement_reasons(const struct statement *statement, size_t rows_max, FILE *file)
{
    struct reasons reasons = {0};
    for (size_t i = 0; i < statement->count && i < rows_max; i++)
        reasons_add(&reasons, statement->lines[i].entry->outcome->code);
    reasons_print(&reasons, file);
    reasons_free(&reasons);
}

char *statement_where(const struct statement *statement, const Points__V1__AccountReply *account)
{
    char into[ID_TEXT_BYTES];
    int64_t now = (int64_t)account->balance_points;
    if (account->merged_into.len == ID_BYTES) {
        id_print(account->merged_into.data, into);
        return xprintf("this account was merged into %s, which has taken its %" PRId64
                       " points, less what had expired by then",
            into, statement->balance);
    }
    if (statement->count && statement->lines[0].entry->sequence == account->last_sequence && statement->balance != now)
        return xprintf("since the newest entry %" PRId64 " points have expired: the balance is %" PRId64 " now",
            statement->balance - now, now);
    return NULL;
}
