// Rows to signed envelopes, outbox, pipeline.
#include "tools/batch/batch_send.h"
#include "tools/batch/batch_summary.h"
#include "tools/batch/outbox_send.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- from rows to the outbox

static bool any_signed_by(const struct batch_rows *rows, role_code role)
{
    for (size_t i = 0; i < rows->count; i++)
        if (batch_row_role(&rows->rows[i]) == role)
            return true;
    return false;
}

// Whether one of the keys of --key has the role. Leaves the first of them proved.
static bool any_key_has(struct context *context, role_code role)
{
    struct tool_error error;
    Points__V1__AuthenticateReply reply;
    size_t count;
    const struct keyfile *keys = context_keys(context, &count);
    context_session(context);
    if (context->role == role)
        return true;
    bool found = false;
    for (size_t i = count; i-- > 0;) {
        if (!client_authenticate(context_client(context), &keys[i], &reply, &error))
            fail_with(&error);
        found |= reply.role == role;
    }
    return found;
}

// Nobody posts many awards or reversals alone, or without having seen what they come to.
static void refuse_without_dry_run(struct context *context, const struct batch_rows *rows)
{
    size_t awards = 0, reversals = 0;
    for (size_t i = 0; i < rows->count; i++) {
        awards += rows->rows[i].type == TRANSACTION(AWARD);
        reversals += rows->rows[i].type == TRANSACTION(REVERSE);
    }
    if (reversals > 1)
        fail(EXIT_WRONG_USE,
            "%zu reversals at once need a dry run, which a second operator approves: points batch %s --key operator-1 "
            "--dry-run DIR",
            reversals, argument_xget(&context->line, 0));
    if (awards && context->key_count && !any_key_has(context, ROLE(APP)) && any_key_has(context, ROLE(OPERATOR)))
        fail(EXIT_WRONG_USE,
            "awards are signed by the app; operators post them with a dry run, which a second one approves: points "
            "batch "
            "%s --key operator-1 --dry-run DIR",
            argument_xget(&context->line, 0));
}

// The keys of --key, or those of the roles that the rows need. Two operators are always named.
static const struct keyfile *signers(struct context *context, const struct batch_rows *rows, size_t *count)
{
    if (any_signed_by(rows, ROLE(OPERATOR)) && context->key_count < 2)
        fail_usage(
            &context->line, "two operators must sign rows of type reverse: give --key operator-1 --key operator-2");
    if (any_signed_by(rows, ROLE(APP)) || context->key_count)
        context_keys(context, count);
    if (any_signed_by(rows, ROLE(WAON)) && !context->key_count && strcmp(context->command->key, "waon"))
        context_key_named(context, "waon");
    return context_keys(context, count);
}

struct signing {
    struct outbox *outbox;
    const struct keyfile *keys;
    size_t key_count;
};

static void sign_envelope(void *data, struct envelope_builder *builder, const uint32_t *lines)
{
    struct tool_error error;
    struct signing *signing = data;
    uint8_t bytes[SIGNED_ENVELOPE_BYTES_MAX];
    if (!envelope_check(builder, &error))
        fail(EXIT_FAILED, "lines %" PRIu32 " and following: %s", lines[0], error.message);
    size_t size = envelope_sign(builder, signing->keys, signing->key_count, bytes);
    if (!size)
        fail(EXIT_WRONG_USE, "sign with one to four different keys");
    outbox_add(signing->outbox, bytes, size, lines, builder->count);
}

static void fill_outbox(struct context *context, struct outbox *outbox, const uint8_t source_sha256[HASH_BYTES],
    const struct batch_rows *rows)
{
    struct tool_error error;
    struct signing signing = {.outbox = outbox};
    const uint8_t *ledger_id = client_hello(context_client(context))->ledger_id.data;
    refuse_without_dry_run(context, rows);
    signing.keys = signers(context, rows, &signing.key_count);
    outbox_begin(outbox, source_sha256, ledger_id);
    batch_rows_pack(rows, ledger_id, sign_envelope, &signing);
    if (!outbox_commit(outbox, &error))
        fail_with(&error);
}

// ---- both

// A key may have been revoked, or be the wrong one: with --key, what is not answered yet is signed afresh. Its
// transactions and their ids stay as they are, so nothing doubles.
static size_t sign_afresh(void *data, const Points__V1__SignedEnvelope *stored, uint8_t *out)
{
    size_t key_count;
    static struct envelope_builder builder;
    const struct keyfile *keys = context_keys(data, &key_count);
    if (stored->envelope.len > sizeof builder.bytes)
        return 0;
    memcpy(builder.bytes, stored->envelope.data, stored->envelope.len);
    builder.size = stored->envelope.len;
    return envelope_sign(&builder, keys, key_count, out);
}

static const struct outbox_envelope *first_unanswered(const struct outbox *outbox)
{
    for (uint32_t i = 0; i < outbox_count(outbox); i++)
        if (!outbox_get(outbox, i)->answer)
            return outbox_get(outbox, i);
    return NULL;
}

// "app and waon"; the caller frees.
static char *signer_names(struct context *context, const struct outbox_envelope *stored)
{
    Points__V1__SignedEnvelope *envelope = points__v1__signed_envelope__unpack(NULL, stored->size, stored->bytes);
    char *names = xstrdup("");
    for (size_t i = 0; envelope && i < envelope->n_signatures; i++) {
        char *name = context_key_name(context, envelope->signatures[i]->key.data), *before = names;
        names = xprintf("%s%s%s", before, i ? " and " : "", name);
        free(before);
        free(name);
    }
    points__v1__signed_envelope__free_unpacked(envelope, NULL);
    return names;
}

// Whose signatures go on was said on another command line.
static void say_going_on(struct context *context, const struct outbox *outbox, const char *dir)
{
    const struct outbox_envelope *next = first_unanswered(outbox);
    if (!next || context->key_count) {
        say("going on with the outbox %s%s", dir, next ? ", signed afresh with --key" : "");
        return;
    }
    char *names = signer_names(context, next);
    say("going on with the outbox %s, which was signed with %s; if that is refused, run the same command with the "
        "right "
        "--key, which signs afresh",
        dir, names);
    free(names);
}

int batch_send(struct context *context, const char *dir, const uint8_t source_sha256[HASH_BYTES], batch_rows_fn *read,
    void *data, const char *refused_heading)
{
    struct tool_error error;
    struct batch_rows rows;
    struct outbox *outbox = outbox_open(dir, &error);
    int there =
        outbox ? outbox_load(outbox, source_sha256, client_hello(context_client(context))->ledger_id.data, &error) : -1;
    if (there < 0)
        fail_with(&error);
    if (there) {
        say_going_on(context, outbox, dir);
    } else {
        read(context, data, &rows);
        fill_outbox(context, outbox, source_sha256, &rows);
        batch_rows_free(&rows);
    }
    outbox_send(context, outbox, context->key_count ? sign_afresh : NULL, context);
    int code = batch_summary_print(context, outbox, NULL, refused_heading);
    outbox_close(outbox);
    return code;
}
