// The command for many transactions at once.
#include "tools/batch/dry_run_batch.h"
#include "tools/file.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

static bool find_municipality(void *data, const char *text, uint32_t *code, struct tool_error *error)
{
    return municipality_names_find(context_municipalities(data), text, code, error);
}

static bool find_shop(void *data, uint32_t shop, uint32_t *code, struct tool_error *error)
{
    const struct programme_name *found = context_named(data, PART(SHOPS), shop);
    if (!found)
        return tool_fail(error, "no shop has the number %" PRIu32 "; see `points programme shops`", shop);
    *code = found->municipality;
    return true;
}

struct source {
    const uint8_t *text;
    size_t size;
};

static void read_source(struct context *context, void *data, struct batch_rows *rows)
{
    const struct source *source = data;
    const struct batch_lookup lookup = {context, find_municipality, find_shop};
    size_t wrong = batch_rows_read((const char *)source->text, source->size, &lookup, rows);
    if (wrong)
        fail(EXIT_WRONG_USE, "%zu mistake%s in %s; nothing was signed or sent", wrong, wrong == 1 ? "" : "s",
            argument_xget(&context->line, 0));
    if (!rows->count)
        fail(EXIT_WRONG_USE, "%s holds no transactions", argument_xget(&context->line, 0));
}

static int run_batch(struct context *context)
{
    struct tool_error error;
    uint8_t source_sha256[HASH_BYTES];
    struct source source;
    const char *path = argument_xget(&context->line, 0), *dir = option_get(&context->line, "outbox");
    const char *dry_run = option_get(&context->line, "dry-run");
    if (dir && dry_run)
        fail_usage(
            &context->line, "--outbox and --dry-run exclude each other: the dry run's folder is the outbox, too");
    if (context->out)
        fail_usage(&context->line, "batch keeps its envelopes in --outbox; --out is for single transactions");
    uint8_t *text = file_read(path, SIZE_MAX - 1, &source.size, &error);
    if (!text)
        fail(EXIT_WRONG_USE, "%s", error.message);
    source.text = text;
    crypto_hash_sha256(source_sha256, text, source.size);
    char *folder = dir ? xstrdup(dir) : xprintf("%s.outbox", path);
    int code = dry_run ? dry_run_batch(context, dry_run, read_source, &source)
                       : batch_send(context, folder, source_sha256, read_source, &source,
                             "Refused; to try again, give the row a fresh id in another file:");
    free(folder);
    free(text);
    return code;
}

static int run_approve(struct context *context)
{
    uint8_t sha256[HASH_BYTES];
    const char *digest = option_get(&context->line, "digest");
    if (context->out)
        fail_usage(&context->line, "approve keeps its envelopes in the folder; --out is for single transactions");
    if (digest)
        parse_digest(&context->line, "--digest", digest, sha256);
    return dry_run_approve(context, argument_xget(&context->line, 0), digest ? sha256 : NULL);
}

const struct command commands_batch[] = {
    {"batch", "FILE [--outbox DIR] [--dry-run DIR]",
        "send all transactions of a CSV or JSON-lines file; run again after a crash, nothing doubles", "app", 1,
        run_batch},
    {"approve", "DIR [--digest HEX]",
        "check and show another operator's dry run; with its digest, sign and send it, once however often", NULL, 1,
        run_approve},
    {0},
};
