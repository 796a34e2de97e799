// The settlement run with the WAON side: a file of the conversions that wait goes out, its results come in.
#include "tools/batch/batch_send.h"
#include "tools/file.h"
#include "tools/command/rows.h"
#include "tools/batch/waon_match.h"
#include "tools/shown.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void add_pending(void *data, const Points__V1__PendingConversion *from)
{
    struct waon_rows *pending = data;
    struct waon_row row = {.sequence = from->sequence,
        .points = from->points,
        .fee_points = from->fee_points,
        .requested_at = from->requested_at};
    if (from->id.len != ID_BYTES || from->account.len != ID_BYTES)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    memcpy(row.conversion, from->id.data, ID_BYTES);
    memcpy(row.account, from->account.data, ID_BYTES);
    waon_rows_add(pending, &row);
}

static void fetch_pending(struct context *context, struct waon_rows *pending)
{
    *pending = (struct waon_rows){0};
    pending_conversions_walk(context, add_pending, pending);
}

// ---- export

static int run_export(struct context *context, const char *path)
{
    static const struct table_column columns[] = {{"file", TABLE_TEXT}, {"conversions", TABLE_NUMBER},
        {"points", TABLE_NUMBER}, {"fee_points", TABLE_NUMBER}, {"payout_points", TABLE_NUMBER},
        {"sha256", TABLE_TEXT}};
    struct waon_rows pending;
    uint8_t sha256[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1];
    if (option_get(&context->line, "exported") || option_get(&context->line, "outbox"))
        fail_usage(&context->line, "--exported and --outbox go with import");
    fetch_pending(context, &pending);
    waon_file_write(path, &pending, sha256);
    struct table *table = table_new("exports", columns, COUNT(columns));
    table_text(table, path);
    table_number(table, pending.count);
    table_number(table, pending.points);
    table_number(table, pending.fee_points);
    table_number(table, pending.points - pending.fee_points);
    table_text(table, sodium_bin2hex(hex, sizeof hex, sha256, HASH_BYTES));
    waon_rows_free(&pending);
    return context_print(context, table);
}

// ---- import

// Both are in the order of sequence numbers. Returns how many that wait were not exported.
static size_t mark_pending(struct waon_rows *exported, const struct waon_rows *pending)
{
    size_t others = 0, at = 0;
    for (size_t i = 0; i < pending->count; i++) {
        while (at < exported->count && exported->rows[at].sequence < pending->rows[i].sequence)
            at++;
        bool same =
            at < exported->count && !memcmp(exported->rows[at].conversion, pending->rows[i].conversion, ID_BYTES);
        if (same)
            exported->rows[at].pending = true;
        others += !same;
    }
    return others;
}

static void say_missing(const struct waon_rows *exported)
{
    enum { SHOWN_MAX = 20 };
    size_t missing = 0;
    char id[ID_TEXT_BYTES];
    for (size_t i = 0; i < exported->count; i++) {
        if (exported->rows[i].line || !exported->rows[i].pending || missing++ >= SHOWN_MAX)
            continue;
        id_print(exported->rows[i].conversion, id);
        say("missing: no result for number %zu, conversion %s, %" PRIu64 " points", i + 1, id,
            exported->rows[i].points);
    }
    if (missing)
        say("missing: %zu of %zu exported conversions wait and have no result", missing, exported->count);
}

static void say_matched(const struct waon_rows *exported, const struct batch_rows *answers, size_t others)
{
    size_t before = 0, settled = 0;
    for (size_t i = 0; i < exported->count; i++)
        before += exported->rows[i].line && !exported->rows[i].pending;
    for (size_t i = 0; i < answers->count; i++)
        settled += answers->rows[i].type == TRANSACTION(SETTLE_CONVERSION);
    say("%zu exported; %zu result%s: %zu settled, %zu refused; %zu of them answered before", exported->count,
        answers->count, answers->count == 1 ? "" : "s", settled, answers->count - settled, before);
    say_missing(exported);
    if (others)
        say("%zu more wait that were not exported in this file", others);
}

// Of both files: another export under the same results is another run.
static void hash_files(const char *results, const char *exported, uint8_t sha256[HASH_BYTES])
{
    const char *const paths[] = {results, exported};
    struct tool_error error;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < COUNT(paths); i++) {
        size_t size;
        uint8_t *bytes = file_read(paths[i], SIZE_MAX - 1, &size, &error);
        if (!bytes)
            fail(EXIT_WRONG_USE, "%s", error.message);
        crypto_hash_sha256_update(&state, bytes, size);
        free(bytes);
    }
    crypto_hash_sha256_final(&state, sha256);
}

static void hand_over(struct context *context, void *data, struct batch_rows *rows)
{
    struct batch_rows *answers = data;
    (void)context;
    *rows = *answers;
    *answers = (struct batch_rows){0};
}

static int run_import(struct context *context, const char *path)
{
    uint8_t sha256[HASH_BYTES];
    struct waon_rows exported, pending;
    struct batch_rows answers;
    const char *exported_path = option_xget(&context->line, "exported"), *dir = option_get(&context->line, "outbox");
    waon_file_read(exported_path, &exported);
    size_t wrong = waon_match(path, &exported, &answers);
    if (wrong)
        fail(EXIT_WRONG_USE, "%zu mistake%s in %s; nothing was signed or sent", wrong, wrong == 1 ? "" : "s", path);
    if (!answers.count)
        fail(EXIT_WRONG_USE, "%s holds no results", path);
    fetch_pending(context, &pending);
    say_matched(&exported, &answers, mark_pending(&exported, &pending));
    hash_files(path, exported_path, sha256);
    char *folder = dir ? xstrdup(dir) : xprintf("%s.outbox", path);
    int code = batch_send(context, folder, sha256, hand_over, &answers,
        "Not taken; with CONVERSION_NOT_PENDING, the conversion was answered before, and that answer stands:");
    free(folder);
    batch_rows_free(&answers);
    waon_rows_free(&pending);
    waon_rows_free(&exported);
    return code;
}

static int run_waon(struct context *context)
{
    const char *action = argument_xget(&context->line, 0), *path = argument_xget(&context->line, 1);
    if (context->out)
        fail_usage(&context->line, "--out is for single transactions; import keeps its envelopes in --outbox");
    if (!strcmp(action, "export"))
        return run_export(context, path);
    if (!strcmp(action, "import"))
        return run_import(context, path);
    fail_usage(&context->line, "\"%s\" is none of: export, import", shown(action));
}

const struct command commands_waon[] = {
    {"waon", "export|import FILE [--exported FILE] [--outbox DIR]",
        "export the conversions that wait for their answer; import the results, once however often", "waon", 1,
        run_waon},
    {0},
};
