// Envelopes on their way: a window of them, each with what its answer must be.
#include "tests/campaign/stream.h"
#include "tests/campaign/draw.h"
#include "tools/envelope_builder.h"
#include "tools/outcome_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 16,                 // envelopes under way
    TRANSACTION_BYTES_MAX = 400, // of those that the campaign makes
    AGAIN_ONE_IN = 64,           // app envelopes that are sent twice, as after a lost answer
    NOTICE_AGAIN_ONE_IN = 4,     // likewise a municipality's
};

struct expectation {
    transaction_type type;
    struct expected expected;
    struct expected original; // of a DUPLICATE
};

struct envelope {
    uint64_t request;         // 0: the slot is free
    uint64_t block, sequence; // 0: nothing is recorded
    int64_t time;
    uint32_t count;
    struct expectation expectations[ENVELOPE_TRANSACTIONS_MAX];
};

struct stream {
    struct client *client;
    struct keyfile operators[2], app, waon, municipalities[MUNICIPALITIES];
    uint64_t seed;
    enum signers signers; // of the envelope that is being filled
    uint8_t municipality; // BY_MUNICIPALITY: which
    struct envelope_builder builder;
    struct expectation expectations[ENVELOPE_TRANSACTIONS_MAX];
    uint8_t signed_bytes[SIGNED_ENVELOPE_BYTES_MAX];
    uint64_t blocks, sequence; // in the ledger once everything is decided
    int64_t time;
    uint64_t sent;
    struct envelope window[WINDOW];
    unsigned under_way;
    uint64_t counts[STREAM_TYPES][STREAM_CODES];
};

// ---- opening and closing

static void load_key(const char *dir, const char *name, struct keyfile *key)
{
    struct keyfile_error error;
    char *path = xprintf("%s/keys/%s.key", dir, name);
    if (!keyfile_load(path, key, &error))
        fail(EXIT_FAILED, "%s", error.message);
    free(path);
}

static void begin_envelope(struct stream *stream)
{
    envelope_begin(&stream->builder, client_hello(stream->client)->ledger_id.data);
}

static void load_keys(struct stream *stream, const char *dir, const struct model *model)
{
    char name[32];
    load_key(dir, "operator-1", &stream->operators[0]);
    load_key(dir, "operator-2", &stream->operators[1]);
    load_key(dir, "app", &stream->app);
    load_key(dir, "waon", &stream->waon);
    for (int i = 0; i < MUNICIPALITIES; i++) {
        snprintf(name, sizeof name, "municipality-%06" PRIu32, model->codes[i]);
        load_key(dir, name, &stream->municipalities[i]);
    }
}

struct stream *stream_open(const char *dir, const struct model *model)
{
    struct tool_error error;
    struct stream *stream = xcalloc(1, sizeof *stream);
    stream->seed = model->seed;
    load_keys(stream, dir, model);
    char *socket = xprintf("%s/pointsd.sock", dir);
    stream->client = client_open(socket, &error);
    if (!stream->client)
        fail_with(&error);
    free(socket);
    const Points__V1__HelloReply *hello = client_hello(stream->client);
    if (hello->time_source != TIME_SOURCE(SCRIPTED))
        fail(EXIT_WRONG_USE,
            "the ledger in %s runs on real time; the campaign needs `points init --time-source scripted`", dir);
    if (hello->blocks != 1)
        fail(EXIT_WRONG_USE, "the ledger in %s is not new: it has %" PRIu64 " blocks", dir, hello->blocks);
    stream->blocks = hello->blocks;
    stream->sequence = hello->transactions;
    stream->time = hello->time;
    begin_envelope(stream);
    return stream;
}

void stream_close(struct stream *stream)
{
    client_close(stream->client);
    keyfile_free(&stream->operators[0]);
    keyfile_free(&stream->operators[1]);
    keyfile_free(&stream->app);
    keyfile_free(&stream->waon);
    for (int i = 0; i < MUNICIPALITIES; i++)
        keyfile_free(&stream->municipalities[i]);
    free(stream);
}

// ---- answers

static char *describe(const struct expected *outcome)
{
    return xprintf("%s, %" PRIu32 " points, %" PRIu32 " expired, previous %" PRIu64, outcome_name(outcome->code),
        outcome->points, outcome->expired, outcome->previous);
}

static void check_outcome(const struct envelope *envelope, uint32_t at, const char *when,
    const struct expected *expected, const struct expected *answered)
{
    if (answered->code == expected->code && answered->points == expected->points &&
        answered->expired == expected->expired && answered->previous == expected->previous)
        return;
    char *daemon = describe(answered), *ours = describe(expected);
    fail(EXIT_FAILED, "block %" PRIu64 ", transaction %u (sequence %" PRIu64 ", %s)%s: the daemon says %s; expected %s",
        envelope->block, at, envelope->sequence ? envelope->sequence + at : 0,
        transaction_name(envelope->expectations[at].type), when, daemon, ours);
}

static void check_number(const struct envelope *envelope, const char *what, uint64_t answered, uint64_t expected)
{
    if (answered != expected)
        fail(EXIT_FAILED, "answer for block %" PRIu64 ": %s is %" PRIu64 ", expected %" PRIu64, envelope->block, what,
            answered, expected);
}

// More than 32 bits is more than the campaign ever moves.
static uint32_t points(uint64_t answered)
{
    return answered < UINT32_MAX ? (uint32_t)answered : UINT32_MAX;
}

static void check_columns(const struct envelope *envelope, const Points__V1__Outcomes *outcomes)
{
    check_number(envelope, "the number of outcome codes", outcomes->n_code, envelope->count);
    check_number(envelope, "the length of the column of points", outcomes->n_points, envelope->count);
    check_number(envelope, "the length of the column of expired points", outcomes->n_expired, envelope->count);
    check_number(envelope, "the length of the column of previous entries", outcomes->n_previous, envelope->count);
    for (uint32_t i = 0; i < envelope->count; i++) {
        struct expected answered = {
            outcomes->code[i], points(outcomes->points[i]), points(outcomes->expired[i]), outcomes->previous[i]};
        check_outcome(envelope, i, "", &envelope->expectations[i].expected, &answered);
    }
}

// What the daemon says was decided the first time, for each DUPLICATE and no other.
static void check_originals(const struct envelope *envelope, const Points__V1__SubmitReply *reply)
{
    size_t next = 0;
    for (uint32_t i = 0; i < envelope->count; i++) {
        const struct expectation *expectation = &envelope->expectations[i];
        if (expectation->expected.code != OUTCOME(DUPLICATE))
            continue;
        if (next == reply->n_originals || !reply->originals[next]->outcome)
            fail(EXIT_FAILED, "answer for block %" PRIu64 ": no original for duplicate %u", envelope->block, i);
        const Points__V1__Original *original = reply->originals[next++];
        const Points__V1__Outcome *outcome = original->outcome;
        struct expected answered = {
            outcome->code, points(outcome->points), points(outcome->expired), outcome->previous};
        check_number(envelope, "an original's position", original->position, i);
        check_number(envelope, "an original's sequence", original->sequence, expectation->expected.previous);
        check_outcome(envelope, i, ", the first time", &expectation->original, &answered);
    }
    check_number(envelope, "the number of originals", reply->n_originals, next);
}

static void check_reply(struct stream *stream, const struct envelope *envelope, const Points__V1__SubmitReply *reply)
{
    if (!reply->outcomes)
        fail(EXIT_FAILED, "answer for block %" PRIu64 ": there are no outcomes in it", envelope->block);
    check_columns(envelope, reply->outcomes);
    check_originals(envelope, reply);
    check_number(envelope, "the block", reply->block, envelope->block);
    check_number(envelope, "the first sequence", reply->first_sequence, envelope->sequence);
    check_number(envelope, "the time", (uint64_t)reply->time, (uint64_t)envelope->time);
    for (uint32_t i = 0; i < envelope->count; i++)
        stream->counts[envelope->expectations[i].type][envelope->expectations[i].expected.code]++;
}

static struct envelope *find_slot(struct stream *stream, uint64_t request)
{
    for (int i = 0; i < WINDOW; i++)
        if (stream->window[i].request == request)
            return &stream->window[i];
    fail(EXIT_FAILED, "the daemon answered request %" PRIu64 ", which is not under way", request);
}

static void receive_one(struct stream *stream)
{
    struct tool_error error;
    Points__V1__Response *response = client_receive(stream->client, &error);
    if (!response || (response->body_case == RESPONSE(ERROR) && !client_refused(response->error, &error)))
        fail_with(&error);
    struct envelope *envelope = find_slot(stream, response->id ? response->id : UINT64_MAX);
    if (response->body_case != RESPONSE(SUBMIT))
        fail(EXIT_FAILED, "the daemon answered block %" PRIu64 " with something else", envelope->block);
    check_reply(stream, envelope, response->submit);
    envelope->request = 0;
    stream->under_way--;
    client_free_response(response);
}

// ---- sending

static bool all_known(const struct expectation *expectations, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (expectations[i].expected.code != OUTCOME(DUPLICATE))
            return false;
    return true;
}

static size_t sign(struct stream *stream)
{
    switch (stream->signers) {
    case BY_APP:
        return envelope_sign(&stream->builder, &stream->app, 1, stream->signed_bytes);
    case BY_WAON:
        return envelope_sign(&stream->builder, &stream->waon, 1, stream->signed_bytes);
    case BY_OPERATOR:
        return envelope_sign(&stream->builder, stream->operators, 1, stream->signed_bytes);
    case BY_MUNICIPALITY:
        return envelope_sign(&stream->builder, &stream->municipalities[stream->municipality], 1, stream->signed_bytes);
    default:
        return envelope_sign(&stream->builder, stream->operators, 2, stream->signed_bytes);
    }
}

// Sends what is signed. An envelope in which nothing is new makes no block.
static void send_signed(struct stream *stream, size_t size)
{
    struct tool_error error;
    if (stream->under_way == WINDOW)
        receive_one(stream);
    struct envelope *envelope = find_slot(stream, 0);
    uint32_t count = stream->builder.count;
    bool recorded = !all_known(stream->expectations, count);
    memcpy(envelope->expectations, stream->expectations, count * sizeof *stream->expectations);
    envelope->count = count;
    envelope->block = recorded ? stream->blocks++ : 0;
    envelope->sequence = recorded ? stream->sequence + 1 : 0;
    envelope->time = recorded ? stream->time : 0;
    stream->sequence += recorded ? count : 0;
    if (!client_send_envelope(stream->client, stream->signed_bytes, size, &envelope->request, &error))
        fail_with(&error);
    stream->under_way++;
}

// The same bytes once more: everything in them is known by now, from `first` on.
static void send_again(struct stream *stream, size_t size, uint64_t first)
{
    for (uint32_t i = 0; i < stream->builder.count; i++) {
        struct expectation *expectation = &stream->expectations[i];
        if (expectation->expected.code == OUTCOME(DUPLICATE))
            continue;
        expectation->original = expectation->expected;
        expectation->expected = (struct expected){.code = OUTCOME(DUPLICATE), .previous = first + i};
    }
    send_signed(stream, size);
}

void stream_flush(struct stream *stream)
{
    if (stream->builder.count == 0)
        return;
    size_t size = sign(stream);
    uint64_t first = stream->sequence + 1;
    send_signed(stream, size);
    uint64_t one_in = stream->signers == BY_APP ? AGAIN_ONE_IN : NOTICE_AGAIN_ONE_IN;
    bool may = stream->signers == BY_APP || stream->signers == BY_MUNICIPALITY;
    if (may && draw(stream->seed, DRAW_RESEND, ++stream->sent, 0) % one_in == 0)
        send_again(stream, size, first);
    begin_envelope(stream);
}

uint64_t stream_next(struct stream *stream, enum signers signers)
{
    if (signers != stream->signers || stream->builder.count == ENVELOPE_TRANSACTIONS_MAX ||
        stream->builder.size + TRANSACTION_BYTES_MAX > ENVELOPE_BYTES_MAX)
        stream_flush(stream);
    stream->signers = signers;
    return stream->sequence + 1 + stream->builder.count;
}

uint64_t stream_next_of(struct stream *stream, uint8_t municipality)
{
    stream_flush(stream);
    stream->municipality = municipality;
    return stream_next(stream, BY_MUNICIPALITY);
}

static void add(struct stream *stream, const Points__V1__Transaction *transaction, struct expectation expectation)
{
    expectation.type = transaction->body_case;
    stream->expectations[stream->builder.count] = expectation;
    if (!envelope_add(&stream->builder, transaction))
        fail(EXIT_FAILED, "a transaction of more than %d bytes", TRANSACTION_BYTES_MAX);
}

void stream_add(struct stream *stream, const Points__V1__Transaction *transaction, struct expected expected)
{
    add(stream, transaction, (struct expectation){.expected = expected});
}

void stream_add_again(
    struct stream *stream, const Points__V1__Transaction *transaction, uint64_t sequence, struct expected original)
{
    struct expected expected = {.code = OUTCOME(DUPLICATE), .previous = sequence};
    add(stream, transaction, (struct expectation){.expected = expected, .original = original});
}

void stream_send_text(struct stream *stream, ProtobufCBinaryData text)
{
    stream->builder.texts = &text;
    stream->builder.text_count = 1;
    stream_flush(stream);
}

void stream_set_time(struct stream *stream, const Points__V1__Transaction *set_time, int64_t time)
{
    stream_next(stream, BY_OPERATOR);
    stream_add(stream, set_time, (struct expected){.code = OUTCOME(APPLIED)});
    stream_flush(stream);
    stream->time = time;
}

void stream_finish(struct stream *stream)
{
    stream_flush(stream);
    while (stream->under_way)
        receive_one(stream);
}

// ---- asking

struct client *stream_session(struct stream *stream)
{
    struct tool_error error;
    if (!client_authenticate(stream->client, &stream->operators[0], NULL, &error))
        fail_with(&error);
    return stream->client;
}

uint64_t stream_count(const struct stream *stream, int type, int code)
{
    return stream->counts[type][code];
}

uint64_t stream_blocks(const struct stream *stream)
{
    return stream->blocks;
}

uint64_t stream_transactions(const struct stream *stream)
{
    return stream->sequence;
}
