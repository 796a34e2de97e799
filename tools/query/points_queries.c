// Commands that ask; here those of the ledger as a whole: conversions, books, checkpoint, status.
#include "tools/books_table.h"
#include "tools/cells.h"
#include "tools/command/rows.h"
#include "tools/query/queries.h"

#include <sodium.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- conversions

// The newest that --older-than wants.
static int64_t newest_wanted(struct context *context)
{
    enum { DAYS_MAX = 1000000, DAY_S = 86400 };
    uint64_t days = option_number(&context->line, "older-than", 0, DAYS_MAX, 0);
    if (!option_get(&context->line, "older-than"))
        return INT64_MAX;
    return client_hello(context_client(context))->time - (int64_t)days * DAY_S;
}

struct waiting {
    struct context *context;
    struct table *table;
    int64_t newest; // requested later: not wanted
};

static void conversion_row(void *data, const Points__V1__PendingConversion *conversion)
{
    struct waiting *waiting = data;
    struct table *table = waiting->table;
    if (conversion->requested_at > waiting->newest)
        return;
    table_number(table, conversion->sequence);
    time_cell(table, conversion->requested_at);
    id_cell(table, &conversion->id);
    id_cell(table, &conversion->account);
    context_municipality_cells(waiting->context, table, conversion->municipality);
    table_number(table, conversion->points);
    table_number(table, conversion->fee_points);
}

static int run_conversions(struct context *context)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"requested_at", TABLE_TEXT},
        {"conversion", TABLE_TEXT}, {"account", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"points", TABLE_NUMBER},
        {"fee_points", TABLE_NUMBER}};
    context_municipalities(context);
    struct waiting waiting = {context, table_new("conversions", columns, COUNT(columns)), newest_wanted(context)};
    pending_conversions_walk(context, conversion_row, &waiting);
    return context_print(context, waiting.table);
}

// ---- books

int run_trial_balance(struct context *context)
{
    Points__V1__GetTrialBalance ask = POINTS__V1__GET_TRIAL_BALANCE__INIT;
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_TRIAL_BALANCE), &ask);
    const Points__V1__TrialBalanceReply *reply = response->trial_balance;
    struct table *table = books_table(reply, context_names(context), context->format == TABLE_PEOPLE);
    bool holds = books_add_up(reply);
    client_free_response(response);
    context_print(context, table);
    if (!holds)
        fail(EXIT_FAILED, "the books do not balance: tell the auditors, and run points-audit verify");
    return EXIT_SUCCESS;
}

// ---- the ledger itself

static void note_cell(struct table *table, const char *note)
{
    if (*note)
        table_text(table, note);
    else
        table_empty(table);
}

// The note as it is, for tools that check it.
static int run_checkpoint(struct context *context)
{
    static const struct table_column columns[] = {{"note", TABLE_TEXT}, {"cosigned", TABLE_TEXT}};
    Points__V1__GetCheckpoint ask = POINTS__V1__GET_CHECKPOINT__INIT;
    bool cosigned = option_get(&context->line, "cosigned");
    ask.size = option_number(&context->line, "size", 1, UINT64_MAX, 0);
    Points__V1__Response *response = context_call(context, REQUEST(GET_CHECKPOINT), &ask);
    const Points__V1__CheckpointReply *reply = response->checkpoint;
    const char *note = cosigned ? reply->cosigned : reply->note;
    if (context->format == TABLE_PEOPLE) {
        if (!*note)
            fail(EXIT_FAILED, cosigned ? "no such checkpoint is cosigned by a witness"
                                       : "only a cosigned checkpoint is kept of so few blocks: --cosigned");
        fputs(note, stdout);
    } else {
        struct table *table = table_new("checkpoints", columns, COUNT(columns));
        note_cell(table, reply->note);
        note_cell(table, reply->cosigned);
        context_print(context, table);
    }
    client_free_response(response);
    return EXIT_SUCCESS;
}

static int run_status(struct context *context)
{
    static const struct table_column columns[] = {{"origin", TABLE_TEXT}, {"time_source", TABLE_TEXT},
        {"time", TABLE_TEXT}, {"blocks", TABLE_NUMBER}, {"transactions", TABLE_NUMBER},
        {"rules_version", TABLE_ORDINAL}, {"clock_unsure", TABLE_BOOLEAN}, {"disk_full", TABLE_BOOLEAN},
        {"version", TABLE_TEXT}, {"ledger_id", TABLE_TEXT}};
    char hex[2 * HASH_BYTES + 1];
    const Points__V1__HelloReply *hello = client_hello(context_client(context));
    struct table *table = table_new("status", columns, COUNT(columns));
    table_text(table, hello->origin);
    enum_cell(table, &points__v1__time_source__descriptor, (int)hello->time_source);
    time_cell(table, hello->time);
    table_number(table, hello->blocks);
    table_number(table, hello->transactions);
    table_number(table, hello->rules_version);
    table_boolean(table, hello->clock_unsure);
    table_boolean(table, hello->disk_full);
    table_text(table, hello->version);
    table_text(table, sodium_bin2hex(hex, sizeof hex, hello->ledger_id.data, HASH_BYTES));
    return context_print(context, table);
}

const struct command commands_queries[] = {
    {"account", "ACCOUNT [--quests] [--lots]",
        "show home and balance of an account and what will expire, or its quests", "auditor", 0, run_account},
    {"statement", "ACCOUNT [--limit ROWS]",
        "show what happened to an account, newest first, with the balance after each", "auditor", 0, run_statement},
    {"homes", "ACCOUNT", "show an account's home municipalities, and from when on each was it", "auditor", 0,
        run_homes},
    {"transaction", "ID", "show a transaction and its outcome", "auditor", 0, run_transaction},
    {"totals",
        "[--municipality MUNICIPALITY] [--purpose PURPOSE] [--from DAY] [--to DAY] [--by whole|day|month|fiscal-year] "
        "[--group municipality-and-purpose|by-municipality|together] [--by-original]",
        "show donations and donors by municipality and purpose", "auditor", 0, run_totals},
    {"quest", "QUEST [--by municipality|period] [--from DAY] [--to DAY]",
        "show what a quest has issued, its budget, and how many took part", "auditor", 0, run_quest},
    {"campaign", "CAMPAIGN", "show what a campaign's quests have issued, its budget, and how many took part", "auditor",
        0, run_campaign},
    {"circulation", "[--quest QUEST] [--from DAY] [--to DAY] [--show amount|receipts|residents|points]",
        "show where residents shop, by month: home by municipality of the shop", "auditor", 0, run_circulation},
    {"expiry", "[--municipality MUNICIPALITY] [--from DAY] [--to DAY]", "show what expired, and what will, by last day",
        "auditor", 0, run_expiry},
    {"settlements", "[--municipality MUNICIPALITY] [--purpose PURPOSE] [--open]",
        "show the donations that were paid out, and what is open", "auditor", 0, run_settlements},
    {"notices", "[--account ACCOUNT] [--municipality MUNICIPALITY] [--all]",
        "show the notices that are in force, for an account's resident or by municipality; or all", "auditor", 0,
        run_notices},
    {"conversions", "[--older-than DAYS]", "show the conversions that wait for their answer", "waon", 0,
        run_conversions},
    {"conversion-totals", "[--municipality MUNICIPALITY] [--from DAY] [--to DAY] [--by whole|day|month|fiscal-year]",
        "show the conversions requested, settled and refused, by municipality", "auditor", 0, run_conversion_totals},
    {"trial-balance", "", "show that the books balance", "auditor", 0, run_trial_balance},
    {"programme", "municipalities|quests|campaigns|shops|purposes|policies|keys", "show what the programme consists of",
        "auditor", 0, run_programme},
    {"checkpoint", "[--size BLOCKS] [--cosigned]",
        "print the newest signed checkpoint, or the newest kept one of at most so many blocks", NULL, 0,
        run_checkpoint},
    {"status", "", "show which ledger answers, and how it is", NULL, 0, run_status},
    {0},
};
