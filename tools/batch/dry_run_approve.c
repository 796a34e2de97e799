// The second operator's step: everything that the first left is checked against everything else, shown, signed and
// sent.
#include "proto/canonical.h"
#include "proto/signing.h"
#include "tools/batch/batch_summary.h"
#include "tools/batch/dry_run_batch.h"
#include "tools/batch/dry_run_summary.h"
#include "tools/batch/outbox_send.h"
#include "tools/file.h"
#include "tools/outcome_names.h"
#include "tools/transaction_text.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A key as the ledger has it.
struct registered {
    uint8_t key[KEY_BYTES];
    role_code role;
    bool revoked;
    char *holder;
};

struct approval {
    struct context *context;
    const char *dir;
    const struct keyfile *key;
    struct registered *registered;
    size_t registered_count;
    struct outbox *outbox;
    char *report;
    size_t report_size;
    uint8_t sha256[HASH_BYTES]; // of the report
    struct dry_run dry_run;
    struct dry_run undecided; // its rows that the ledger does not hold yet
};

// ---- who signs

static void take_keys(void *data, const Points__V1__ProgrammeReply *page)
{
    struct approval *approval = data;
    approval->registered =
        xrealloc(approval->registered, (approval->registered_count + page->n_keys) * sizeof *approval->registered);
    for (size_t i = 0; i < page->n_keys; i++) {
        const Points__V1__RegisterKey *from = page->keys[i]->key;
        if (!from || from->key.len != KEY_BYTES)
            fail(EXIT_FAILED, "the daemon's answer lacks a part");
        struct registered *to = &approval->registered[approval->registered_count++];
        *to =
            (struct registered){.role = from->role, .revoked = page->keys[i]->revoked, .holder = xstrdup(from->holder)};
        memcpy(to->key, from->key.data, KEY_BYTES);
    }
}

static const struct registered *find_key(const struct approval *approval, const uint8_t key[KEY_BYTES])
{
    for (size_t i = 0; i < approval->registered_count; i++)
        if (!memcmp(approval->registered[i].key, key, KEY_BYTES))
            return &approval->registered[i];
    return NULL;
}

static void check_signer(const struct approval *approval, const uint8_t key[KEY_BYTES])
{
    const struct registered *signer = find_key(approval, key), *mine = find_key(approval, approval->key->public_key);
    if (!signer || signer->role != ROLE(OPERATOR) || signer->revoked)
        fail(EXIT_WRONG_USE,
            "%s/envelopes is signed with a key that is no operator's, or no longer; the first operator should make the "
            "dry run again",
            approval->dir);
    if (mine && !strcmp(signer->holder, mine->holder))
        fail(EXIT_WRONG_USE,
            "%s has signed %s already: nobody approves their own dry run. The second signature is another person's: "
            "give "
            "the --key of an operator with another holder",
            mine->holder, approval->dir);
}

// ---- what is signed

static noreturn void fail_envelope(const struct approval *approval, uint32_t number, const char *what)
{
    fail(EXIT_WRONG_USE,
        "%s/envelopes: envelope %" PRIu32 " %s; nothing was signed or sent. The first operator should make the dry run "
        "again",
        approval->dir, number + 1, what);
}

static void check_signatures(
    const struct approval *approval, uint32_t number, const Points__V1__SignedEnvelope *signed_envelope)
{
    const ProtobufCBinaryData *bytes = &signed_envelope->envelope;
    for (size_t i = 0; i < signed_envelope->n_signatures; i++) {
        const Points__V1__Signature *row = signed_envelope->signatures[i];
        if (!signing_verify(SIGNING_ENVELOPE, bytes->data, bytes->len, row->key.data, row->signature.data))
            fail_envelope(approval, number, "was changed after it was signed: its signature does not verify");
        check_signer(approval, row->key.data);
    }
}

static void check_contents(const struct approval *approval, uint32_t number, const ProtobufCBinaryData *bytes)
{
    struct canonical_fault fault;
    const uint8_t *ledger_id = client_hello(context_client(approval->context))->ledger_id.data;
    if (canonical_check(&points__v1__envelope__descriptor, bytes->data, bytes->len, &fault) != CANONICAL_OK)
        fail_envelope(approval, number, "is not well-formed");
    Points__V1__Envelope *envelope = points__v1__envelope__unpack(NULL, bytes->len, bytes->data);
    if (!envelope)
        fail(EXIT_FAILED, "out of memory");
    if (memcmp(envelope->ledger_id.data, ledger_id, HASH_BYTES))
        fail_envelope(approval, number, "is for another ledger; check --dir and --socket");
    if (envelope->dry_run_sha256.len != HASH_BYTES ||
        memcmp(envelope->dry_run_sha256.data, approval->sha256, HASH_BYTES))
        fail_envelope(approval, number, "names another digest than that of " DRY_RUN_REPORT);
    if (envelope->n_transactions != outbox_get(approval->outbox, number)->count)
        fail_envelope(approval, number, "holds another number of transactions than the outbox says");
    points__v1__envelope__free_unpacked(envelope, NULL);
}

// Its transactions, added to a dry run.
static void add_envelope(
    const struct approval *approval, uint32_t number, const ProtobufCBinaryData *bytes, struct dry_run *dry_run)
{
    struct tool_error error;
    uint32_t lines[ENVELOPE_TRANSACTIONS_MAX];
    for (uint32_t i = 0; i < outbox_get(approval->outbox, number)->count; i++)
        lines[i] = outbox_line(approval->outbox, number, i);
    if (!dry_run_add(dry_run, bytes, lines, &error))
        fail(EXIT_WRONG_USE, "%s/envelopes: %s", approval->dir, error.message);
}

static Points__V1__SignedEnvelope *stored_envelope(const struct approval *approval, uint32_t number)
{
    struct canonical_fault fault;
    const struct outbox_envelope *stored = outbox_get(approval->outbox, number);
    if (canonical_check(&points__v1__signed_envelope__descriptor, stored->bytes, stored->size, &fault) != CANONICAL_OK)
        fail_envelope(approval, number, "is no signed envelope");
    Points__V1__SignedEnvelope *envelope = points__v1__signed_envelope__unpack(NULL, stored->size, stored->bytes);
    if (!envelope)
        fail(EXIT_FAILED, "out of memory");
    return envelope;
}

static void check_envelopes(struct approval *approval)
{
    for (uint32_t i = 0; i < outbox_count(approval->outbox); i++) {
        Points__V1__SignedEnvelope *envelope = stored_envelope(approval, i);
        check_signatures(approval, i, envelope);
        check_contents(approval, i, &envelope->envelope);
        add_envelope(approval, i, &envelope->envelope, &approval->dry_run);
        points__v1__signed_envelope__free_unpacked(envelope, NULL);
    }
}

// ---- the files

static char *read_text(const struct approval *approval, const char *name, size_t *size)
{
    struct tool_error error;
    char *path = xprintf("%s/%s", approval->dir, name);
    uint8_t *text = file_read(path, SIZE_MAX - 1, size, &error);
    if (!text)
        fail(EXIT_WRONG_USE, "%s; a dry run's folder is made with: points batch FILE --dry-run DIR", error.message);
    free(path);
    return (char *)text;
}

static void read_report(struct approval *approval, const uint8_t *told)
{
    char hex[2 * HASH_BYTES + 1];
    approval->report = read_text(approval, DRY_RUN_REPORT, &approval->report_size);
    crypto_hash_sha256(approval->sha256, (const uint8_t *)approval->report, approval->report_size);
    if (told && memcmp(approval->sha256, told, HASH_BYTES))
        fail(EXIT_WRONG_USE,
            "%s/" DRY_RUN_REPORT " has another digest than --digest:\n  %s\n  it was changed, or it is the report of "
            "another dry run; nothing was signed or sent",
            approval->dir, sodium_bin2hex(hex, sizeof hex, approval->sha256, HASH_BYTES));
}

static void read_envelopes(struct approval *approval)
{
    struct tool_error error;
    const uint8_t *ledger_id = client_hello(context_client(approval->context))->ledger_id.data;
    approval->outbox = outbox_open(approval->dir, &error);
    int there = approval->outbox ? outbox_load(approval->outbox, NULL, ledger_id, &error) : -1;
    if (there < 0)
        fail_with(&error);
    if (!there)
        fail(EXIT_WRONG_USE, "%s holds no envelopes: the dry run was cut off; the first operator should make it again",
            approval->dir);
    check_envelopes(approval);
    if (!dry_run_read_report(&approval->dry_run, ledger_id, approval->report, approval->report_size, &error))
        fail(EXIT_WRONG_USE, "%s/" DRY_RUN_REPORT ": %s; nothing was signed or sent", approval->dir, error.message);
}

// The summary that people read says what the report says. The caller frees.
static char *checked_summary(const struct approval *approval)
{
    size_t size, stored_size;
    char *summary = dry_run_summary(&approval->dry_run, approval->sha256, &size);
    char *stored = read_text(approval, DRY_RUN_SUMMARY, &stored_size);
    if (size != stored_size || memcmp(summary, stored, size))
        fail(EXIT_WRONG_USE,
            "%s/" DRY_RUN_SUMMARY " does not say what the report says: it was changed; nothing was signed or sent",
            approval->dir);
    free(stored);
    return summary;
}

// ---- what it would come to now

// A duplicate is counted, not named: it may come from an earlier run of this command.
static bool is_news(const struct dry_run_row *then, const struct dry_run_row *now)
{
    return now->code != OUTCOME(DUPLICATE) && (now->code != then->code || now->points != then->points);
}

static bool is_decided(const struct dry_run_row *now)
{
    return now->code == OUTCOME(DUPLICATE) || now->code == OUTCOME(ID_REUSED);
}

static size_t decided_count(const struct approval *approval)
{
    return approval->dry_run.count - approval->undecided.count;
}

static void keep_undecided(struct approval *approval, const struct dry_run_row *then, const struct dry_run_row *now)
{
    if (!is_decided(now))
        approval->undecided.rows[approval->undecided.count++] = *then;
}

static void say_news(const struct dry_run_row *then, const struct dry_run_row *now)
{
    say("line %" PRIu32 ": the report says %s, %" PRIu64 " points; now it would be %s, %" PRIu64 " points", then->line,
        outcome_name(then->code), then->points, outcome_name(now->code), now->points);
}

// The report is the first operator's word, so the daemon is asked again.
static void compare_with_now(struct approval *approval)
{
    enum { SHOWN_MAX = 20 };
    size_t first = 0, news = 0, duplicates = 0;
    approval->undecided.rows = xmalloc((approval->dry_run.count + 1) * sizeof *approval->undecided.rows);
    for (uint32_t number = 0; number < outbox_count(approval->outbox); number++) {
        struct dry_run now = {0};
        Points__V1__SignedEnvelope *envelope = stored_envelope(approval, number);
        add_envelope(approval, number, &envelope->envelope, &now);
        dry_run_ask(approval->context, &now, 0, &envelope->envelope);
        for (size_t i = 0; i < now.count; i++) {
            const struct dry_run_row *then = &approval->dry_run.rows[first + i];
            keep_undecided(approval, then, &now.rows[i]);
            duplicates += now.rows[i].code == OUTCOME(DUPLICATE);
            if (is_news(then, &now.rows[i]) && news++ < SHOWN_MAX)
                say_news(then, &now.rows[i]);
        }
        first += now.count;
        points__v1__signed_envelope__free_unpacked(envelope, NULL);
        dry_run_free(&now);
    }
    if (news)
        say("%zu of %zu would come to something else now than the report says", news, approval->dry_run.count);
    if (duplicates)
        say("%zu of %zu are decided already (DUPLICATE) and come to nothing more", duplicates, approval->dry_run.count);
}

// ---- the whole

static bool all_answered(const struct outbox *outbox)
{
    for (uint32_t i = 0; i < outbox_count(outbox); i++)
        if (!outbox_get(outbox, i)->answer)
            return false;
    return true;
}

// What the second operator should know before signing; the summary on stderr when stdout is for a machine. Where all
// was sent and nothing is left to sign, the outcomes that follow say more.
static void show(struct approval *approval, const char *summary, bool will_send)
{
    fputs(summary, approval->context->format == TABLE_PEOPLE ? stdout : stderr);
    fflush(stdout);
    if (will_send && all_answered(approval->outbox))
        return;
    compare_with_now(approval);
    dry_run_say_budgets(approval->context, &approval->undecided);
}

static size_t add_signature(void *data, const Points__V1__SignedEnvelope *stored, uint8_t *out)
{
    return envelope_countersign(stored, ((struct approval *)data)->key, out);
}

static void free_approval(struct approval *approval)
{
    for (size_t i = 0; i < approval->registered_count; i++)
        free(approval->registered[i].holder);
    free(approval->registered);
    dry_run_free(&approval->dry_run);
    dry_run_free(&approval->undecided);
    outbox_close(approval->outbox);
    free(approval->report);
}

static int send_approved(struct approval *approval)
{
    outbox_send(approval->context, approval->outbox, add_signature, approval);
    return batch_summary_print(approval->context, approval->outbox, &approval->dry_run, "");
}

static void add_contents(struct table *table, const struct dry_run_row *rows, const ProtobufCBinaryData *bytes)
{
    char id[ID_TEXT_BYTES];
    Points__V1__Envelope *envelope = points__v1__envelope__unpack(NULL, bytes->len, bytes->data);
    if (!envelope)
        fail(EXIT_FAILED, "out of memory");
    for (size_t i = 0; i < envelope->n_transactions; i++) {
        char *fields = transaction_text(envelope->transactions[i], NULL);
        id_print(rows[i].id, id);
        table_number(table, rows[i].line);
        table_text(table, id);
        table_text(table, transaction_name(rows[i].type));
        table_text(table, fields);
        table_text(table, outcome_name(rows[i].code));
        table_number(table, rows[i].points);
        free(fields);
    }
    points__v1__envelope__free_unpacked(envelope, NULL);
}

// All rows for a machine; people have the summary.
static void print_contents(struct approval *approval)
{
    static const struct table_column columns[] = {{"line", TABLE_ORDINAL}, {"id", TABLE_TEXT}, {"type", TABLE_TEXT},
        {"fields", TABLE_TEXT}, {"dry_run", TABLE_TEXT}, {"dry_run_points", TABLE_NUMBER}};
    const struct dry_run_row *rows = approval->dry_run.rows;
    struct table *table = table_new("rows", columns, sizeof columns / sizeof *columns);
    for (uint32_t number = 0; number < outbox_count(approval->outbox); number++) {
        Points__V1__SignedEnvelope *envelope = stored_envelope(approval, number);
        add_contents(table, rows, &envelope->envelope);
        points__v1__signed_envelope__free_unpacked(envelope, NULL);
        rows += outbox_get(approval->outbox, number)->count;
    }
    context_print(approval->context, table);
}

static int look_only(struct approval *approval)
{
    if (approval->context->format != TABLE_PEOPLE)
        print_contents(approval);
    if (approval->undecided.count)
        say("nothing was signed or sent now; to approve %s, add --digest with the digest that the first operator told "
            "you",
            decided_count(approval) ? "the rest" : "this");
    else
        say("all %zu were decided before: nothing is left to approve, and nothing was signed or sent now. With "
            "--digest, "
            "what became of them is shown",
            approval->dry_run.count);
    return EXIT_SUCCESS;
}

int dry_run_approve(struct context *context, const char *dir, const uint8_t *told)
{
    struct approval approval = {.context = context, .dir = dir, .key = dry_run_operator(context)};
    context_programme(context, PART(KEYS), take_keys, &approval);
    read_report(&approval, told);
    read_envelopes(&approval);
    char *summary = checked_summary(&approval);
    show(&approval, summary, told != NULL);
    free(summary);
    int code = told ? send_approved(&approval) : look_only(&approval);
    free_approval(&approval);
    return code;
}
