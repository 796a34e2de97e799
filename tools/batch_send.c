// Rows to signed envelopes, outbox, pipeline.
#include "tools/batch_send.h"
#include "tools/batch_summary.h"
#include "tools/envelope_builder.h"
#include "tools/submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { UNDER_WAY_MAX = 8, NO_ENVELOPE = -1 };

// ---- from rows to the outbox

static bool any_signed_by(const struct batch_rows *rows, role_code role)
{
    for (size_t i = 0; i < rows->count; i++)
        if (batch_row_role(&rows->rows[i]) == role)
            return true;
    return false;
}

// The keys of --key, or those of the roles that the rows need. Two operators are always named.
static const struct keyfile *signers(struct context *context, const struct batch_rows *rows, size_t *count)
{
    if (any_signed_by(rows, ROLE(OPERATOR)) && context->key_count < 2)
        fail_usage(context, "two operators must sign rows of type reverse: give --key operator-1 --key operator-2");
    if (any_signed_by(rows, ROLE(APP)) || context->key_count)
        context_keys(context, count);
    if (any_signed_by(rows, ROLE(WAON)) && !context->key_count && strcmp(context->command->key, "waon"))
        context_key_named(context, "waon");
    return context_keys(context, count);
}

struct signing {
    struct context *context;
    struct outbox *outbox;
    const struct keyfile *keys;
    size_t key_count;
    struct envelope_builder builder;
    uint32_t lines[ENVELOPE_TRANSACTIONS_MAX];
};

static void finish_envelope(struct signing *signing)
{
    struct tool_error error;
    uint8_t bytes[SIGNED_ENVELOPE_BYTES_MAX];
    if (!envelope_check(&signing->builder, &error))
        fail(EXIT_FAILED, "lines %" PRIu32 " and following: %s", signing->lines[0], error.message);
    size_t size = envelope_sign(&signing->builder, signing->keys, signing->key_count, bytes);
    if (!size)
        fail(EXIT_WRONG_USE, "sign with one to four different keys");
    outbox_add(signing->outbox, bytes, size, signing->lines, signing->builder.count);
}

static void sign_rows(struct context *context, struct outbox *outbox, const struct batch_rows *rows)
{
    static struct signing signing;
    const uint8_t *ledger_id = client_hello(context_client(context))->ledger_id.data;
    signing = (struct signing){.context = context, .outbox = outbox};
    signing.keys = signers(context, rows, &signing.key_count);
    envelope_begin(&signing.builder, ledger_id);
    for (size_t i = 0; i < rows->count; i++) {
        struct batch_transaction made;
        batch_row_transaction(&rows->rows[i], &made);
        if (!envelope_add(&signing.builder, &made.transaction)) {
            finish_envelope(&signing);
            envelope_begin(&signing.builder, ledger_id);
            envelope_add(&signing.builder, &made.transaction);
        }
        signing.lines[signing.builder.count - 1] = rows->rows[i].line;
    }
    if (signing.builder.count)
        finish_envelope(&signing);
}

static void fill_outbox(struct context *context, struct outbox *outbox, const uint8_t source_sha256[HASH_BYTES],
    const struct batch_rows *rows)
{
    struct tool_error error;
    outbox_begin(outbox, source_sha256, client_hello(context_client(context))->ledger_id.data);
    sign_rows(context, outbox, rows);
    if (!outbox_commit(outbox, &error))
        fail_with(&error);
}

// ---- from the outbox to the daemon

struct sending {
    struct client *client;
    struct outbox *outbox;
    const struct keyfile *keys; // NULL: the signatures in the outbox stand
    size_t key_count;
    struct {
        uint64_t request;
        int64_t envelope; // NO_ENVELOPE: this place is free
    } under_way[UNDER_WAY_MAX];
    unsigned under_way_count;
    uint32_t next;
    bool any_answered; // before the first answer only one is sent: it finds out what would refuse them all
    bool stopped;      // an envelope was refused whole
    struct tool_error why;
    uint64_t done, all, shown_ms; // transactions
    bool show;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void show_progress(struct sending *sending, bool last)
{
    enum { EVERY_MS = 100 };
    if (!sending->show || (!last && now_ms() - sending->shown_ms < EVERY_MS))
        return;
    sending->shown_ms = now_ms();
    fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " transactions answered (%" PRIu64 "%%)%s", sending->done, sending->all,
        sending->all ? sending->done * 100 / sending->all : 100, last ? "\n" : "");
    fflush(stderr);
}

static noreturn void fail_lost(struct sending *sending, const struct tool_error *error)
{
    show_progress(sending, true);
    fail(EXIT_FAILED, "%s\n  run the same command again: it goes on where this one stopped", error->message);
}

// A key may have been revoked, or be the wrong one: with --key, what is not answered yet is signed afresh. Its
// transactions and their ids stay as they are, so nothing doubles.
static size_t signed_bytes(
    const struct sending *sending, const struct outbox_envelope *stored, uint8_t out[SIGNED_ENVELOPE_BYTES_MAX])
{
    static struct envelope_builder builder;
    if (!sending->keys) {
        memcpy(out, stored->bytes, stored->size);
        return stored->size;
    }
    Points__V1__SignedEnvelope *before = points__v1__signed_envelope__unpack(NULL, stored->size, stored->bytes);
    if (!before || before->envelope.len > sizeof builder.bytes)
        fail(EXIT_FAILED, "an envelope of the outbox cannot be read");
    memcpy(builder.bytes, before->envelope.data, before->envelope.len);
    builder.size = before->envelope.len;
    points__v1__signed_envelope__free_unpacked(before, NULL);
    return envelope_sign(&builder, sending->keys, sending->key_count, out);
}

static void send_next(struct sending *sending)
{
    struct tool_error error;
    uint8_t bytes[SIGNED_ENVELOPE_BYTES_MAX];
    const struct outbox_envelope *envelope = outbox_get(sending->outbox, sending->next);
    if (!envelope->answer) {
        unsigned place = 0;
        while (sending->under_way[place].envelope != NO_ENVELOPE)
            place++;
        size_t size = signed_bytes(sending, envelope, bytes);
        if (!client_send_envelope(sending->client, bytes, size, &sending->under_way[place].request, &error))
            fail_lost(sending, &error);
        sending->under_way[place].envelope = sending->next;
        sending->under_way_count++;
    }
    sending->next++;
}

static uint32_t take_place(struct sending *sending, uint64_t request)
{
    for (unsigned i = 0; i < UNDER_WAY_MAX; i++) {
        if (sending->under_way[i].envelope == NO_ENVELOPE || sending->under_way[i].request != request)
            continue;
        uint32_t envelope = (uint32_t)sending->under_way[i].envelope;
        sending->under_way[i].envelope = NO_ENVELOPE;
        sending->under_way_count--;
        return envelope;
    }
    fail(EXIT_FAILED, "the daemon answered a request that was not made");
}

static void record_answer(struct sending *sending, uint32_t number, const Points__V1__SubmitReply *reply)
{
    struct tool_error error;
    uint32_t count = outbox_get(sending->outbox, number)->count;
    if (!submit_reply_fits(reply, count))
        fail(EXIT_FAILED, "the daemon's answer does not fit the envelope");
    size_t size = points__v1__submit_reply__get_packed_size(reply);
    uint8_t *bytes = xmalloc(size);
    points__v1__submit_reply__pack(reply, bytes);
    if (!outbox_record(sending->outbox, number, bytes, size, &error))
        fail_with(&error);
    free(bytes);
    sending->done += count;
    sending->any_answered = true;
}

static void receive_one(struct sending *sending)
{
    struct tool_error error;
    Points__V1__Response *response = client_receive(sending->client, &error);
    if (!response)
        fail_lost(sending, &error);
    if (response->body_case == RESPONSE(ERROR) && response->id == 0) {
        client_refused(response->error, &error);
        fail_with(&error);
    }
    uint32_t number = take_place(sending, response->id);
    if (response->body_case == RESPONSE(SUBMIT)) {
        record_answer(sending, number, response->submit);
    } else if (!sending->stopped) {
        sending->stopped = true;
        if (response->body_case == RESPONSE(ERROR))
            client_refused(response->error, &sending->why);
        else
            tool_fail(&sending->why, "the daemon answered another request than ours");
    }
    client_free_response(response);
}

static bool may_send(const struct sending *sending)
{
    unsigned most = sending->any_answered ? UNDER_WAY_MAX : 1;
    return !sending->stopped && sending->next < outbox_count(sending->outbox) && sending->under_way_count < most;
}

static void send_all(struct context *context, struct outbox *outbox)
{
    struct tool_error error;
    struct sending sending = {.client = context_client(context), .outbox = outbox, .show = isatty(STDERR_FILENO)};
    if (context->key_count)
        sending.keys = context_keys(context, &sending.key_count);
    for (unsigned i = 0; i < UNDER_WAY_MAX; i++)
        sending.under_way[i].envelope = NO_ENVELOPE;
    for (uint32_t i = 0; i < outbox_count(outbox); i++) {
        sending.all += outbox_get(outbox, i)->count;
        sending.done += outbox_get(outbox, i)->answer ? outbox_get(outbox, i)->count : 0;
    }
    while (may_send(&sending) || sending.under_way_count) {
        while (may_send(&sending))
            send_next(&sending);
        if (sending.under_way_count)
            receive_one(&sending);
        show_progress(&sending, false);
    }
    show_progress(&sending, true);
    if (!outbox_sync(outbox, &error))
        fail_with(&error);
    if (sending.stopped) {
        say("%" PRIu64 " of %" PRIu64 " transactions are answered; run the same command again once the cause is gone",
            sending.done, sending.all);
        fail_with(&sending.why);
    }
}

// ---- both

int batch_send(
    struct context *context, const char *dir, const uint8_t source_sha256[HASH_BYTES], batch_rows_fn *read, void *data)
{
    struct tool_error error;
    struct batch_rows rows;
    struct outbox *outbox = outbox_open(dir, &error);
    int there =
        outbox ? outbox_load(outbox, source_sha256, client_hello(context_client(context))->ledger_id.data, &error) : -1;
    if (there < 0)
        fail_with(&error);
    if (there) {
        say("going on with the outbox %s", dir);
    } else {
        read(context, data, &rows);
        fill_outbox(context, outbox, source_sha256, &rows);
        batch_rows_free(&rows);
    }
    send_all(context, outbox);
    int code = batch_summary_print(context, outbox);
    outbox_close(outbox);
    return code;
}
