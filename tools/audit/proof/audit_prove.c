// points-audit prove: an offline proof that a transaction's block stands in the ledger.
#include "ledger/proof_file.h"
#include "proto/entry.h"
#include "tools/audit/proof/audit_block.h"
#include "tools/audit/document.h"
#include "tools/audit/out_file.h"
#include "tools/audit/progress.h"
#include "tools/audit/registered_keys.h"
#include "tools/file.h"
#include "tools/outcome_names.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// What is to be proved: a block, and which of its transactions it is about.
struct subject {
    uint64_t block, position;
    bool whole; // the block as such, no transaction
};

// ---- finding it

// `position` is how many were looked at before it.
static bool find_in(const struct ledger_record *record, const uint8_t id[ID_BYTES], uint64_t *position)
{
    struct span transaction;
    struct entry_walk walk = entry_walk_of((struct span){record->envelope, record->envelope_size});
    for (*position = 0; entry_walk_to(&walk, *position, &transaction); ++*position)
        if (entry_has_id(transaction, id))
            return true;
    return false;
}

// The first entry with an id is the one that was decided: later ones are its duplicates.
static void find_id(struct ledger_reading *reading, const uint8_t id[ID_BYTES], struct subject *subject)
{
    struct progress progress = progress_begin();
    struct ledger_error error;
    struct ledger_record record;
    uint64_t blocks = ledger_read_size(reading), transactions = 0;
    bool found = false;
    *subject = (struct subject){0}; // block 0 has none
    while (!found && ++subject->block < blocks) {
        progress_show(&progress, subject->block, blocks, transactions);
        if (ledger_read_block(reading, subject->block, &record, &error) < 0)
            fail(EXIT_FAILED, "%s", error.message);
        found = find_in(&record, id, &subject->position);
        transactions += subject->position;
    }
    progress_end(&progress);
    if (!found)
        fail(EXIT_WRONG_USE, "the ledger holds no transaction with this id");
}

static void find_sequence(struct ledger_reading *reading, uint64_t sequence, struct subject *subject)
{
    struct ledger_error error;
    struct ledger_place place;
    int found = ledger_read_sequence(reading, ledger_read_size(reading), sequence, &place, &error);
    if (found < 0)
        fail(EXIT_FAILED, "%s", error.message);
    if (!found)
        fail(EXIT_WRONG_USE, "the ledger holds no transaction with sequence number %" PRIu64, sequence);
    *subject = (struct subject){.block = place.block, .position = place.position};
}

static void find_block(struct ledger_reading *reading, uint64_t block, struct subject *subject)
{
    audit_need_block(reading, block);
    *subject = (struct subject){.block = block, .whole = true};
}

// "block:N", "sequence:N" or an id.
static void find_subject(struct audit *audit, struct ledger_reading *reading, struct subject *subject)
{
    static const char block[] = "block:", sequence[] = "sequence:";
    const char *what = argument_xget(&audit->line, 1);
    uint8_t id[ID_BYTES];
    if (!strncmp(what, block, strlen(block))) {
        find_block(reading, parse_number(&audit->line, "TX", what + strlen(block), 0, UINT64_MAX), subject);
    } else if (!strncmp(what, sequence, strlen(sequence))) {
        find_sequence(reading, parse_number(&audit->line, "TX", what + strlen(sequence), 1, UINT64_MAX), subject);
    } else {
        parse_id(&audit->line, "TX", what, id);
        find_id(reading, id, subject);
    }
}

// ---- telling it

static void tell_transaction(struct document *document, const struct replay_block *block, const struct subject *subject)
{
    const Points__V1__Transaction *transaction = block->envelope->transactions[subject->position];
    const struct points_outcome *outcome = &block->outcomes[subject->position];
    char id[ID_TEXT_BYTES];
    id_print(transaction->id.data, id);
    document_number(document, "sequence", block->header->first_sequence + subject->position);
    document_text(document, "id", id);
    document_text(document, "type", transaction_name(transaction->body_case));
    document_text(document, "outcome", outcome_name(outcome->code));
    document_number(document, "points", outcome->points);
}

// The proof itself is on standard output, alone, or in a file.
static void say_what(const struct replay_block *block, const struct subject *subject, const struct proof_file *proof)
{
    char id[ID_TEXT_BYTES];
    if (subject->whole) {
        say("a proof of block %" PRIu64 ", which has %" PRIu32 " transactions", proof->index, block->header->count);
        return;
    }
    const Points__V1__Transaction *transaction = block->envelope->transactions[subject->position];
    id_print(transaction->id.data, id);
    say("a proof of block %" PRIu64 ", whose transaction %" PRIu64 " (sequence %" PRIu64 ") is %s %s: %s", proof->index,
        subject->position, block->header->first_sequence + subject->position, transaction_name(transaction->body_case),
        id, outcome_name(block->outcomes[subject->position].code));
}

static void print_proof(struct audit *audit, const struct replay_block *block, const struct subject *subject,
    const struct proof_file *proof, uint64_t blocks, const char *text, const char *verifier)
{
    if (audit->format == TABLE_PEOPLE) {
        say_what(block, subject, proof);
        say("check it with: points-audit check-proof FILE --key %s", verifier);
        if (!option_get(&audit->line, "out"))
            fputs(text, stdout);
        return;
    }
    struct document document = document_begin(audit);
    document_number(&document, "block", proof->index);
    if (!subject->whole)
        tell_transaction(&document, block, subject);
    document_number(&document, "blocks", blocks);
    document_text(&document, "key", verifier);
    document_text(&document, "proof", text);
    document_end(&document);
}

// ---- writing it

static void write_file(const char *path, mode_t mode, const uint8_t *bytes, size_t size)
{
    struct tool_error error;
    if (!file_write_whole(path, mode, bytes, size, &error))
        fail_with(&error);
}

// As in the ledger. It is others' data too: for the eyes of its owner alone, until he decides otherwise.
static void write_body(const char *path, const struct replay_block *block)
{
    enum { MODE = 0600 };
    Points__V1__BlockBody body = POINTS__V1__BLOCK_BODY__INIT;
    body.envelope = (ProtobufCBinaryData){block->record.envelope_size, (uint8_t *)block->record.envelope};
    body.outcomes = (ProtobufCBinaryData){block->record.outcomes_size, (uint8_t *)block->record.outcomes};
    size_t size = points__v1__block_body__get_packed_size(&body);
    uint8_t *bytes = xmalloc(size);
    points__v1__block_body__pack(&body, bytes);
    write_file(path, MODE, bytes, size);
    free(bytes);
    if (block->header->count > 1)
        say("%s shows all %" PRIu32 " transactions of the envelope, other residents' too: think before you pass it on",
            path, block->header->count);
}

// ---- the key that the checkpoint is signed with

// Those that may sign it; the caller frees.
static struct note_verifier *list_verifiers(const struct registered_keys *keys, size_t *count)
{
    struct note_verifier *verifiers = xcalloc(keys->count, sizeof *verifiers);
    *count = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const struct registered_key *row = &keys->rows[i];
        if (row->role == ROLE(CHECKPOINT) && !row->revoked)
            verifiers[(*count)++] = note_verifier_of(keys->origin, row->key);
    }
    return verifiers;
}

// The first of them that did, as text.
static bool find_verifier(
    struct ledger_reading *reading, const struct proof_file *proof, char *text, struct replay_fault *fault)
{
    struct registered_keys keys = registered_keys_read(reading, ledger_read_size(reading));
    struct note_checkpoint checkpoint;
    struct note_fault why;
    size_t count, first = 0;
    struct note_verifier *verifiers = list_verifiers(&keys, &count);
    bool good = note_open_checkpoint(proof->note, verifiers, count, &checkpoint, &why) ||
                replay_fail(fault, "in the checkpoint: %s", why.message);
    while (good && !note_open_checkpoint(proof->note, &verifiers[first], 1, &checkpoint, &why))
        first++;
    if (good)
        note_verifier_text(&verifiers[first], text);
    free(verifiers);
    registered_keys_free(&keys);
    return good;
}

static bool make_proof(struct ledger_reading *reading, const struct audit_block *block, struct proof_file *proof,
    struct replay_fault *fault)
{
    struct ledger_error error;
    char note[NOTE_BYTES_MAX];
    if (block->fault.message[0]) {
        *fault = block->fault;
        return false;
    }
    if (!audit_read_checkpoint(reading, note, fault))
        return false;
    return proof_file_make(reading, block->block.header->index, proof, &error) == 1 ||
           replay_fail(fault, "%s", error.message);
}

static int prove(struct audit *audit, struct ledger *ledger, struct ledger_reading *reading)
{
    struct subject subject;
    struct audit_block block;
    struct proof_file proof;
    struct replay_fault fault = {.block = REPLAY_NO_BLOCK};
    char text[PROOF_FILE_BYTES_MAX], verifier[NOTE_VERIFIER_MAX];
    const char *out = option_get(&audit->line, "out"), *body = option_get(&audit->line, "body");
    int code = EXIT_HOLDS;
    find_subject(audit, reading, &subject);
    audit_block_read(&block, ledger, reading, subject.block);
    if (make_proof(reading, &block, &proof, &fault) && find_verifier(reading, &proof, verifier, &fault)) {
        size_t size = proof_file_write(&proof, text);
        if (out)
            write_file(out, 0644, (const uint8_t *)text, size);
        if (body)
            write_body(body, &block.block);
        print_proof(audit, &block.block, &subject, &proof, ledger_read_size(reading), text, verifier);
    } else {
        code = audit_fault(audit, REPLAY_FAULT, &fault);
    }
    audit_block_free(&block);
    return code;
}

int audit_prove(struct audit *audit)
{
    audit_need_no_table(audit);
    const char *dir = argument_xget(&audit->line, 0);
    audit_need_other_file(audit, dir, "out");
    audit_need_other_file(audit, dir, "body");
    audit_need_two_files(audit, "out", "body");
    struct ledger *ledger = audit_ledger(dir);
    struct ledger_reading *reading = audit_read(ledger);
    int code = prove(audit, ledger, reading);
    ledger_read_end(reading);
    ledger_close(ledger);
    return code;
}
