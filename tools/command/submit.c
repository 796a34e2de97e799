// From a transaction to its outcome.
#include "proto/entry.h"
#include "tools/command/submit.h"
#include "proto/canonical.h"
#include "proto/notice_text.h"
#include "tools/envelope_builder.h"
#include "tools/file.h"
#include "tools/outcome_names.h"
#include "tools/transaction_text.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- replies

bool submit_reply_fits(const Points__V1__SubmitReply *reply, size_t count)
{
    const Points__V1__Outcomes *outcomes = reply->outcomes;
    return outcomes && outcomes->n_code == count && outcomes->n_points == count && outcomes->n_expired == count &&
           outcomes->n_previous == count;
}

Points__V1__Outcome submit_outcome(const Points__V1__SubmitReply *reply, size_t position, uint64_t *duplicate_of)
{
    Points__V1__Outcome outcome = POINTS__V1__OUTCOME__INIT;
    const Points__V1__Outcomes *columns = reply->outcomes;
    outcome.code = columns->code[position];
    outcome.points = columns->points[position];
    outcome.expired = columns->expired[position];
    outcome.previous = columns->previous[position];
    *duplicate_of = 0;
    if (outcome.code != OUTCOME(DUPLICATE))
        return outcome;
    *duplicate_of = outcome.previous;
    for (size_t i = 0; i < reply->n_originals; i++)
        if (reply->originals[i]->position == position && reply->originals[i]->outcome)
            return *reply->originals[i]->outcome;
    return outcome;
}

uint64_t submit_sequence(
    const Points__V1__SubmitReply *reply, size_t position, const Points__V1__Outcome *outcome, uint64_t duplicate_of)
{
    if (outcome->code == OUTCOME(ID_REUSED))
        return outcome->previous;
    return duplicate_of ? duplicate_of : reply->first_sequence + position;
}

static const struct table_column outcome_columns[] = {
    {"sequence", TABLE_ORDINAL},
    {"id", TABLE_TEXT},
    {"type", TABLE_TEXT},
    {"account", TABLE_TEXT},
    {"outcome", TABLE_TEXT},
    {"points", TABLE_NUMBER},
    {"duplicate_of", TABLE_ORDINAL},
};

static void transaction_cells(struct table *table, const Points__V1__Transaction *transaction)
{
    char text[ID_TEXT_BYTES] = "";
    const ProtobufCBinaryData *account = entry_account(transaction);
    id_print(transaction->id.data, text);
    table_text(table, text);
    table_text(table, transaction_name(transaction->body_case));
    if (account)
        id_print(account->data, text);
    table_text(table, account ? text : "");
}

// Each refusal once, with what to do.
static void print_refusals(const Points__V1__SubmitReply *reply, size_t count)
{
    bool seen[256] = {false};
    for (size_t i = 0; i < count; i++) {
        uint64_t duplicate_of;
        outcome_code code = submit_outcome(reply, i, &duplicate_of).code;
        if (code == OUTCOME(APPLIED) || (unsigned)code >= 256 || seen[code])
            continue;
        seen[code] = true;
        say("%s: %s", outcome_name(code), outcome_advice(code));
    }
}

static int print_reply(
    struct context *context, const Points__V1__SubmitReply *reply, const Points__V1__Envelope *envelope)
{
    size_t count = envelope->n_transactions;
    bool refused = false;
    struct table *table = table_new("outcomes", outcome_columns, sizeof outcome_columns / sizeof *outcome_columns);
    for (size_t i = 0; i < count; i++) {
        uint64_t duplicate_of;
        Points__V1__Outcome outcome = submit_outcome(reply, i, &duplicate_of);
        refused |= outcome.code != OUTCOME(APPLIED);
        table_number(table, submit_sequence(reply, i, &outcome, duplicate_of));
        transaction_cells(table, envelope->transactions[i]);
        table_text(table, outcome_name(outcome.code));
        table_number(table, outcome.points);
        if (duplicate_of)
            table_number(table, duplicate_of);
        else
            table_empty(table);
    }
    context_print(context, table);
    print_refusals(reply, count);
    return refused ? EXIT_REFUSED : EXIT_SUCCESS;
}

// ---- sending

static Points__V1__Envelope *read_envelope(const ProtobufCBinaryData *bytes)
{
    struct canonical_fault fault;
    if (canonical_check(&points__v1__envelope__descriptor, bytes->data, bytes->len, &fault) != CANONICAL_OK)
        fail(EXIT_WRONG_USE, "the envelope is not well-formed: %s: %s", fault.field, fault.problem);
    Points__V1__Envelope *envelope = points__v1__envelope__unpack(NULL, bytes->len, bytes->data);
    if (!envelope)
        fail(EXIT_FAILED, "out of memory");
    return envelope;
}

// `id` is of one of its transactions: recorded or not, they are so together.
static Points__V1__Response *send_and_wait(
    struct context *context, const uint8_t *bytes, size_t size, const uint8_t id[ID_BYTES])
{
    struct tool_error error;
    char id_text[ID_TEXT_BYTES];
    struct client *client = context_client(context);
    Points__V1__Response *response = NULL;
    if (!client_send_envelope(client, bytes, size, NULL, &error) || !(response = client_receive(client, &error))) {
        id_print(id, id_text);
        fail(EXIT_FAILED, "%s\n  it may be recorded or not; before you try again, ask: points transaction %s",
            error.message, id_text);
    }
    if (response->body_case == RESPONSE(ERROR)) {
        client_refused(response->error, &error);
        fail_with(&error);
    }
    if (response->body_case != RESPONSE(SUBMIT))
        fail(EXIT_FAILED, "the daemon answered another request than ours");
    return response;
}

int submit_signed(struct context *context, const uint8_t *bytes, size_t size)
{
    Points__V1__SignedEnvelope *signed_envelope = points__v1__signed_envelope__unpack(NULL, size, bytes);
    if (!signed_envelope)
        fail(EXIT_FAILED, "out of memory");
    Points__V1__Envelope *envelope = read_envelope(&signed_envelope->envelope);
    Points__V1__Response *response = send_and_wait(context, bytes, size, envelope->transactions[0]->id.data);
    if (!submit_reply_fits(response->submit, envelope->n_transactions))
        fail(EXIT_FAILED, "the daemon's answer does not fit the envelope");
    int code = print_reply(context, response->submit, envelope);
    client_free_response(response);
    points__v1__envelope__free_unpacked(envelope, NULL);
    points__v1__signed_envelope__free_unpacked(signed_envelope, NULL);
    return code;
}

static void need_signers(struct context *context, size_t count)
{
    if (context->out || count >= context->command->signers_min)
        return;
    fail_usage(&context->line,
        "two operators must sign this: give --key operator-1 --key operator-2, or --out FILE, and let "
        "the other one run: "
        "points countersign FILE --key operator-2");
}

static int sign_and_send(struct context *context, transaction_type type, void *body, const ProtobufCBinaryData *text)
{
    struct tool_error error;
    struct envelope_builder builder;
    uint8_t id[ID_BYTES], out[SIGNED_ENVELOPE_BYTES_MAX];
    size_t key_count;
    const struct keyfile *keys = context_keys(context, &key_count);
    need_signers(context, key_count);
    if (option_get(&context->line, "id"))
        parse_id(&context->line, "--id", option_get(&context->line, "id"), id);
    else
        uuid7_now(id);
    Points__V1__Transaction transaction = POINTS__V1__TRANSACTION__INIT;
    transaction.id = (ProtobufCBinaryData){ID_BYTES, id};
    transaction.body_case = type;
    transaction.award = body; // all bodies lie in the same place
    envelope_begin(&builder, client_hello(context_client(context))->ledger_id.data);
    builder.texts = text;
    builder.text_count = text != NULL;
    if (!envelope_add(&builder, &transaction))
        fail(EXIT_WRONG_USE, "the transaction is too large");
    if (!envelope_check(&builder, &error))
        fail(EXIT_WRONG_USE, "%s", error.message);
    size_t size = envelope_sign(&builder, keys, key_count, out);
    if (!size)
        fail(EXIT_WRONG_USE, "sign with one to four different keys");
    if (!context->out)
        return submit_signed(context, out, size);
    submit_write_file(context->out, out, size);
    say("signed and written to %s; nothing was sent", context->out);
    return EXIT_SUCCESS;
}

int submit_transaction(struct context *context, transaction_type type, void *body)
{
    return sign_and_send(context, type, body, NULL);
}

int submit_notice(struct context *context, Points__V1__PostNotice *body, const ProtobufCBinaryData *text)
{
    return sign_and_send(context, TRANSACTION(POST_NOTICE), body, text);
}

// ---- files

Points__V1__SignedEnvelope *submit_read_file(const char *path, uint8_t **bytes, size_t *size)
{
    struct tool_error error;
    struct canonical_fault fault;
    *bytes = file_read(path, SIGNED_ENVELOPE_BYTES_MAX, size, &error);
    if (!*bytes)
        fail(EXIT_WRONG_USE, "%s", error.message);
    if (canonical_check(&points__v1__signed_envelope__descriptor, *bytes, *size, &fault) != CANONICAL_OK)
        fail(EXIT_WRONG_USE, "%s holds no signed envelope (%s%s%s); make one with --out FILE", path, fault.field,
            *fault.field ? ": " : "", fault.problem);
    Points__V1__SignedEnvelope *envelope = points__v1__signed_envelope__unpack(NULL, *size, *bytes);
    if (!envelope)
        fail(EXIT_FAILED, "out of memory");
    return envelope;
}

void submit_write_file(const char *path, const uint8_t *bytes, size_t size)
{
    struct tool_error error;
    if (!file_write_whole(path, 0644, bytes, size, &error))
        fail_with(&error);
}

// ---- what an envelope holds

// A text that is not the one which the signatures stand for must not be shown as if it were.
static void check_texts(const Points__V1__Envelope *envelope, const Points__V1__SignedEnvelope *signed_envelope)
{
    struct canonical_fault fault;
    if (!notice_texts_check(envelope, signed_envelope, &fault))
        fail(EXIT_WRONG_USE, "the file's notices and texts do not go together: %s %s", fault.field, fault.problem);
}

static void fields_cell(
    struct table *table, const Points__V1__Transaction *transaction, const ProtobufCBinaryData *text)
{
    char *fields = transaction_text(transaction, text);
    table_text(table, fields);
    free(fields);
}

void submit_print_envelope(struct context *context, const Points__V1__SignedEnvelope *signed_envelope)
{
    static const struct table_column columns[] = {
        {"id", TABLE_TEXT}, {"type", TABLE_TEXT}, {"account", TABLE_TEXT}, {"fields", TABLE_TEXT}};
    char hex[2 * HASH_BYTES + 1];
    struct table *table = table_new("transactions", columns, sizeof columns / sizeof *columns);
    Points__V1__Envelope *envelope = read_envelope(&signed_envelope->envelope);
    const ProtobufCBinaryData *text = signed_envelope->texts;
    check_texts(envelope, signed_envelope);
    for (size_t i = 0; i < envelope->n_transactions; i++) {
        bool notice = envelope->transactions[i]->body_case == TRANSACTION(POST_NOTICE);
        transaction_cells(table, envelope->transactions[i]);
        fields_cell(table, envelope->transactions[i], notice ? text++ : NULL);
    }
    context_print(context, table);
    if (envelope->dry_run_sha256.len == HASH_BYTES)
        say("it approves the dry run whose report has the SHA-256 %s",
            sodium_bin2hex(hex, sizeof hex, envelope->dry_run_sha256.data, HASH_BYTES));
    points__v1__envelope__free_unpacked(envelope, NULL);
}
