// The outbox's pipeline to the daemon.
#include "tools/batch/outbox_send.h"
#include "tools/command/submit.h"
#include "tools/envelope_builder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { UNDER_WAY_MAX = 8, NO_ENVELOPE = -1 };

struct sending {
    struct client *client;
    struct outbox *outbox;
    outbox_sign_fn *sign; // NULL: the signatures in the outbox stand
    void *data;
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

static size_t signed_bytes(
    const struct sending *sending, const struct outbox_envelope *stored, uint8_t out[SIGNED_ENVELOPE_BYTES_MAX])
{
    if (!sending->sign) {
        memcpy(out, stored->bytes, stored->size);
        return stored->size;
    }
    Points__V1__SignedEnvelope *before = points__v1__signed_envelope__unpack(NULL, stored->size, stored->bytes);
    if (!before)
        fail(EXIT_FAILED, "an envelope of the outbox cannot be read");
    size_t size = sending->sign(sending->data, before, out);
    points__v1__signed_envelope__free_unpacked(before, NULL);
    if (!size)
        fail(EXIT_WRONG_USE, "sign with one to four different keys");
    return size;
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

void outbox_send(struct context *context, struct outbox *outbox, outbox_sign_fn *sign, void *data)
{
    struct tool_error error;
    struct sending sending = {
        .client = context_client(context), .outbox = outbox, .sign = sign, .data = data, .show = isatty(STDERR_FILENO)};
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
        say("%" PRIu64 " of %" PRIu64 " transaction%s answered; run the same command again once the cause is gone",
            sending.done, sending.all, sending.all == 1 ? " is" : "s are");
        fail_with(&sending.why);
    }
}
