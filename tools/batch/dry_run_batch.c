// The first operator's step: rows of a file to a dry run's report, summary and signed envelopes.
#include "tools/batch/dry_run_batch.h"
#include "tools/batch/dry_run_summary.h"
#include "tools/batch/outbox.h"
#include "tools/file.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

struct making {
    struct context *context;
    struct outbox *outbox;
    const struct keyfile *key;
    struct dry_run dry_run;
    uint8_t sha256[HASH_BYTES]; // of its report
};

void dry_run_ask(struct context *context, struct dry_run *dry_run, size_t first, const ProtobufCBinaryData *envelope)
{
    struct tool_error error;
    Points__V1__DryRun ask = POINTS__V1__DRY_RUN__INIT;
    ask.envelope = *envelope;
    context_session(context);
    Points__V1__Response *response = context_call(context, REQUEST(DRY_RUN), &ask);
    if (!dry_run_take(dry_run, first, response->dry_run, &error))
        fail_with(&error);
    client_free_response(response);
}

const struct keyfile *dry_run_operator(struct context *context)
{
    size_t count;
    const struct keyfile *keys = context_keys(context, &count);
    if (count != 1)
        fail_usage(&context->line,
            "one operator at a time: the first makes a dry run with `points batch FILE --dry-run DIR`, the "
            "second signs what it says with `points approve DIR`; give one --key");
    context_session(context);
    if (context->role != ROLE(OPERATOR))
        fail(EXIT_WRONG_USE, "a dry run is for operators, and this key has another role; give --key operator-1, say");
    return keys;
}

// ---- envelope by envelope

static void try_envelope(void *data, struct envelope_builder *builder, const uint32_t *lines)
{
    struct tool_error error;
    struct making *making = data;
    size_t first = making->dry_run.count;
    ProtobufCBinaryData envelope = {builder->size, builder->bytes};
    if (!envelope_check(builder, &error))
        fail(EXIT_FAILED, "lines %" PRIu32 " and following: %s", lines[0], error.message);
    if (!dry_run_add(&making->dry_run, &envelope, lines, &error))
        fail(EXIT_WRONG_USE, "%s", error.message);
    dry_run_ask(making->context, &making->dry_run, first, &envelope);
}

static void sign_envelope(void *data, struct envelope_builder *builder, const uint32_t *lines)
{
    struct making *making = data;
    uint8_t bytes[SIGNED_ENVELOPE_BYTES_MAX];
    envelope_set_dry_run(builder, making->sha256);
    size_t size = envelope_sign(builder, making->key, 1, bytes);
    outbox_add(making->outbox, bytes, size, lines, builder->count);
}

// ---- files

static void write_file(const char *dir, const char *name, const char *text, size_t size)
{
    struct tool_error error;
    char *path = xprintf("%s/%s", dir, name);
    if (!file_write_whole(path, 0600, (const uint8_t *)text, size, &error))
        fail_with(&error);
    free(path);
}

static void open_folder(struct making *making, const char *dir)
{
    struct tool_error error;
    making->outbox = outbox_open(dir, &error);
    if (!making->outbox)
        fail_with(&error);
    if (!outbox_is_new(making->outbox))
        fail(EXIT_WRONG_USE, "%s holds signed envelopes already; choose another folder for this dry run", dir);
}

static void print_made(struct making *making, const char *dir, const char *hex)
{
    static const struct table_column columns[] = {{"folder", TABLE_TEXT}, {"sha256", TABLE_TEXT},
        {"transactions", TABLE_NUMBER}, {"applied", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"repeats", TABLE_NUMBER}};
    struct dry_run_sum sum = dry_run_sum(&making->dry_run);
    struct table *table = table_new("dry_runs", columns, sizeof columns / sizeof *columns);
    table_text(table, dir);
    table_text(table, hex);
    table_number(table, making->dry_run.count);
    table_number(table, sum.applied);
    table_number(table, sum.points);
    table_number(table, sum.repeats);
    context_print(making->context, table);
}

// For people the summary; for machines one row, and the summary beside it.
static void tell(struct making *making, const char *dir, const char *summary)
{
    char hex[2 * HASH_BYTES + 1];
    bool people = making->context->format == TABLE_PEOPLE;
    sodium_bin2hex(hex, sizeof hex, making->sha256, HASH_BYTES);
    fputs(summary, people ? stdout : stderr);
    dry_run_say_budgets(making->context, &making->dry_run);
    say("nothing was sent. %s holds the report, a summary, and the envelopes with this key's signature", dir);
    say("tell the second operator the digest; who, having read the report, runs:\n"
        "  points approve %s --key operator-2 --digest %s",
        dir, hex);
    if (!people)
        print_made(making, dir, hex);
}

int dry_run_batch(struct context *context, const char *dir, batch_rows_fn *read, void *data)
{
    struct tool_error error;
    struct batch_rows rows;
    size_t report_size, summary_size;
    struct making making = {.context = context, .key = dry_run_operator(context)};
    const uint8_t *ledger_id = client_hello(context_client(context))->ledger_id.data;
    read(context, data, &rows);
    open_folder(&making, dir);
    batch_rows_pack(&rows, ledger_id, try_envelope, &making);
    char *report = dry_run_report(&making.dry_run, ledger_id, &report_size);
    crypto_hash_sha256(making.sha256, (const uint8_t *)report, report_size);
    char *summary = dry_run_summary(&making.dry_run, making.sha256, &summary_size);
    outbox_begin(making.outbox, making.sha256, ledger_id);
    batch_rows_pack(&rows, ledger_id, sign_envelope, &making);
    write_file(dir, DRY_RUN_REPORT, report, report_size);
    write_file(dir, DRY_RUN_SUMMARY, summary, summary_size);
    // Last: without envelopes there is no dry run, and the next one writes over what is there.
    if (!outbox_commit(making.outbox, &error))
        fail_with(&error);
    tell(&making, dir, summary);
    batch_rows_free(&rows);
    dry_run_free(&making.dry_run);
    outbox_close(making.outbox);
    free(summary);
    free(report);
    return EXIT_SUCCESS;
}
