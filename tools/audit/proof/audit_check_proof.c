// points-audit check-proof: what an offline proof says, checked without the ledger.
#include "ledger/hash.h"
#include "ledger/proof_file.h"
#include "proto/canonical.h"
#include "tools/audit/proof/audit_block.h"
#include "tools/audit/proof/block_sheet.h"
#include "tools/envelope_builder.h"
#include "tools/file.h"
#include "tools/shown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 16, BODY_BYTES_MAX = 256 * 1024 };

struct check {
    struct proof_file proof;
    struct note_checkpoint checkpoint;
    struct note_verifier keys[KEYS_MAX];
    size_t key_count;
    const struct note_verifier *signer; // the first of the keys that signed
    struct replay_block block;          // its bytes are the proof's and the files'
    uint8_t *body, *envelope;           // files' bytes; NULL: not given
    struct arena arena;
    struct replay_fault fault;
};

// "in PLACE: MESSAGE"; returns false.
static bool fail_in(struct check *check, const char *place, const char *message)
{
    return replay_fail(&check->fault, "in the %s: %.500s", place, message);
}

// ---- what is given

static void read_keys(struct audit *audit, struct check *check)
{
    const char *text;
    for (; (text = option_nth(&audit->line, "key", check->key_count)); check->key_count++) {
        if (check->key_count == KEYS_MAX)
            fail_usage(&audit->line, "at most %d keys can be given", KEYS_MAX);
        if (!note_read_verifier(text, &check->keys[check->key_count]))
            fail_usage(&audit->line,
                "--key: \"%s\" is no verifier key of a ledger: NAME+8 hex digits+base64, as `points-audit prove` says "
                "it",
                shown(text));
        if (strcmp(check->keys[0].name, check->keys[check->key_count].name) != 0)
            fail_usage(&audit->line, "the keys are of two ledgers, %s and %s; give those of one", check->keys[0].name,
                check->keys[check->key_count].name);
    }
    if (check->key_count == 0)
        fail_usage(&audit->line, "--key is missing: a proof holds by the signature of a ledger that you know, and this "
                                 "says which (from the ledger's operator, not from whoever gave you the proof)");
}

static uint8_t *read_file(const char *path, size_t size_max, size_t *size)
{
    struct tool_error error;
    uint8_t *bytes = file_read(path, size_max, size, &error);
    if (!bytes)
        fail_with(&error);
    return bytes;
}

// ---- the proof

// One of the keys at least; a line of any of them must be right.
static bool check_signature(struct check *check)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    if (!note_open_checkpoint(check->proof.note, check->keys, check->key_count, &checkpoint, &fault))
        return fail_in(check, "proof", fault.message);
    check->signer = check->keys;
    while (!note_open_checkpoint(check->proof.note, check->signer, 1, &checkpoint, &fault))
        check->signer++;
    return true;
}

static bool check_proof(struct check *check, const char *path)
{
    struct ledger_error error;
    struct replay_fault fault;
    size_t size;
    char *text = (char *)read_file(path, PROOF_FILE_BYTES_MAX, &size);
    bool good = proof_file_read(text, size, &check->proof, &error) &&
                proof_file_check(&check->proof, &check->checkpoint, &error);
    free(text);
    if (!good)
        return fail_in(check, "proof", error.message);
    check->block.record.header = check->proof.header;
    check->block.record.header_size = check->proof.header_size;
    if (!replay_check_header(check->proof.index, &check->arena, &check->block, &fault))
        return fail_in(check, "proof", fault.message);
    return check_signature(check);
}

// ---- body and envelope

static bool has_form(
    struct check *check, const char *place, const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size)
{
    struct canonical_fault fault;
    if (canonical_check(type, bytes, size, &fault) == CANONICAL_OK)
        return true;
    return replay_fail(&check->fault, "in the %s: it is no canonical %s: %s %s", place, type->short_name,
        fault.field[0] ? fault.field : "it", fault.problem);
}

static bool check_body(struct check *check, const char *path)
{
    size_t size;
    struct replay_fault fault;
    check->body = read_file(path, BODY_BYTES_MAX, &size);
    if (!has_form(check, "body", &points__v1__block_body__descriptor, check->body, size))
        return false;
    const Points__V1__BlockBody *body = points__v1__block_body__unpack(&check->arena.allocator, size, check->body);
    if (!body)
        fail(EXIT_FAILED, "out of memory");
    struct ledger_record *record = &check->block.record;
    record->envelope = body->envelope.data;
    record->envelope_size = body->envelope.len;
    record->outcomes = body->outcomes.data;
    record->outcomes_size = body->outcomes.len;
    return (replay_check_body(NULL, &check->arena, &check->block, &fault) &&
               replay_check_signatures(&check->block, &fault)) ||
           fail_in(check, "body", fault.message);
}

static bool same_signatures(const Points__V1__BlockHeader *header, const Points__V1__SignedEnvelope *envelope)
{
    bool same = header->n_signatures == envelope->n_signatures;
    for (size_t i = 0; same && i < header->n_signatures; i++) {
        const Points__V1__Signature *a = header->signatures[i], *b = envelope->signatures[i];
        same = memcmp(a->key.data, b->key.data, KEY_BYTES) == 0 &&
               memcmp(a->signature.data, b->signature.data, SIGNATURE_BYTES) == 0;
    }
    return same;
}

static bool check_envelope(struct check *check, const char *path)
{
    size_t size;
    struct replay_fault fault;
    uint8_t hash[HASH_BYTES];
    check->envelope = read_file(path, SIGNED_ENVELOPE_BYTES_MAX, &size);
    if (!has_form(check, "envelope", &points__v1__signed_envelope__descriptor, check->envelope, size))
        return false;
    const Points__V1__SignedEnvelope *envelope =
        points__v1__signed_envelope__unpack(&check->arena.allocator, size, check->envelope);
    if (!envelope)
        fail(EXIT_FAILED, "out of memory");
    hash_bytes(envelope->envelope.data, envelope->envelope.len, hash);
    if (memcmp(hash, check->block.header->envelope_sha256.data, HASH_BYTES) != 0)
        return fail_in(check, "envelope", "it is not the block's: it does not have the hash that the header gives");
    if (!same_signatures(check->block.header, envelope))
        return fail_in(check, "envelope", "its signatures are not those that the header has");
    check->block.record.envelope = envelope->envelope.data;
    check->block.record.envelope_size = envelope->envelope.len;
    return (replay_take_envelope(NULL, &check->arena, &check->block, &fault) &&
               replay_check_signatures(&check->block, &fault)) ||
           fail_in(check, "envelope", fault.message);
}

// ---- telling it

static void print_check(struct audit *audit, const struct check *check)
{
    struct document document = document_begin(audit);
    char key[NOTE_VERIFIER_MAX];
    note_verifier_text(check->signer, key);
    document_boolean(&document, "holds", true);
    document_text(&document, "ledger", check->checkpoint.origin);
    document_number(&document, "blocks", check->checkpoint.size);
    document_text(&document, "signed_with", key);
    block_sheet_header(&document, &check->block);
    block_sheet_signers(&document, &check->block, NULL);
    if (check->block.genesis || check->block.envelope)
        block_sheet_body(&document, &check->block);
    document_sentence(&document,
        "The proof holds: %s signed a ledger of %" PRIu64 " blocks, and this is its block %" PRIu64 ".%s",
        check->checkpoint.origin, check->checkpoint.size, check->proof.index,
        check->body       ? "\nThe body is the block's: this was said, and this was decided about it."
        : check->envelope ? "\nThe envelope is the block's: this was said. What was decided about it, the body tells."
                          : "");
    document_end(&document);
}

int audit_check_proof(struct audit *audit)
{
    static struct check check;
    const char *body = option_get(&audit->line, "body"), *envelope = option_get(&audit->line, "envelope");
    int code = EXIT_HOLDS;
    if (!body && !envelope)
        audit_need_no_table(audit);
    check.fault.block = REPLAY_NO_BLOCK;
    arena_init(&check.arena, AUDIT_BLOCK_ARENA_BYTES);
    read_keys(audit, &check);
    // The body last: it says more, and is what is shown.
    if (check_proof(&check, argument_xget(&audit->line, 0)) && (!envelope || check_envelope(&check, envelope)) &&
        (!body || check_body(&check, body)))
        print_check(audit, &check);
    else
        code = audit_fault(audit, REPLAY_FAULT, &check.fault);
    free(check.body);
    free(check.envelope);
    arena_free(&check.arena);
    return code;
}
