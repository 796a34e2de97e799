// What is appended: blocks of our own, what witnesses say of them, or blocks of another ledger.
#include "ledger/hash.h"
#include "ledger/ledger_put.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- our own

static void put_checkpoint(struct put *put)
{
    char note[NOTE_BYTES_MAX];
    uint8_t root[HASH_BYTES];
    if (put->failed)
        return;
    tree_root(&put->edge, root);
    note_sign_checkpoint(put->ledger->signers, put->ledger->signer_count, put->edge.size, root, note);
    put_note_of_day(put, TABLE_CHECKPOINTS, ledger_day(put->time), note);
}

bool ledger_append(struct ledger *ledger, const struct ledger_block *blocks, size_t count, struct ledger_error *error)
{
    if (ledger->mode != LEDGER_WRITE || ledger->signer_count == 0)
        return ledger_fail(error, "the ledger is not open for writing, or has no key for checkpoints");
    struct put put;
    put_begin(&put, ledger, error);
    put_open_cursors(&put);
    for (size_t i = 0; i < count; i++)
        put_new_block(&put, &blocks[i]);
    put_checkpoint(&put);
    return put_commit(&put);
}

bool ledger_keep_cosigned(struct ledger *ledger, uint64_t day, const char *note, struct ledger_error *error)
{
    struct put put;
    put_begin(&put, ledger, error);
    put_note_of_day(&put, TABLE_COSIGNED, day, note);
    return put_commit(&put);
}

// ---- what another ledger has

struct ledger_mirroring {
    struct put put;
};

struct ledger_mirroring *ledger_mirror_begin(struct ledger *ledger, struct ledger_error *error)
{
    struct ledger_mirroring *mirroring = calloc(1, sizeof *mirroring);
    if (!mirroring || ledger->mode != LEDGER_WRITE) {
        free(mirroring);
        ledger_fail(error, "the ledger is not open for writing, or there is no memory");
        return NULL;
    }
    put_begin(&mirroring->put, ledger, error);
    put_open_cursors(&mirroring->put);
    mirroring->put.mirrors = true;
    if (!mirroring->put.failed)
        return mirroring;
    ledger_mirror_abort(mirroring);
    return NULL;
}

static bool same_hash(const uint8_t *bytes, size_t size, const uint8_t hash[HASH_BYTES])
{
    uint8_t own[HASH_BYTES];
    hash_bytes(bytes, size, own);
    return memcmp(own, hash, HASH_BYTES) == 0;
}

// The tree vouches for the header, and the header for the body.
static bool check_mirrored(const struct put *put, const struct ledger_record *record, struct ledger_header *header)
{
    uint64_t index = put->edge.size;
    if (record->header_size > HEADER_BYTES_MAX || !ledger_parse_header(record->header, record->header_size, header) ||
        header->index != index)
        return ledger_fail(put->error, "what was given as block %" PRIu64 " does not have its header", index);
    if (!same_hash(record->envelope, record->envelope_size, header->envelope_sha256) ||
        !same_hash(record->outcomes, record->outcomes_size, header->outcomes_sha256))
        return ledger_fail(
            put->error, "block %" PRIu64 ": envelope or outcomes do not have the hash that the header gives", index);
    return true;
}

int ledger_mirror_block(struct ledger_mirroring *mirroring, const struct ledger_record *record,
    const struct ledger_text *texts, size_t text_count, const uint64_t *erased_texts, size_t erased_count)
{
    struct put *put = &mirroring->put;
    struct ledger_header header;
    if (put->failed)
        return -1;
    put->failed = !check_mirrored(put, record, &header);
    if (put->failed)
        return 0;
    const struct ledger_block block = {.first_sequence = header.first_sequence,
        .count = header.count,
        .time = header.time,
        .envelope = record->envelope,
        .envelope_size = record->envelope_size,
        .outcomes = record->outcomes,
        .outcomes_size = record->outcomes_size,
        .texts = texts,
        .text_count = text_count,
        .erased_texts = erased_texts,
        .erased_count = erased_count};
    put->failed = !put_follows(put, &block);
    if (put->failed)
        return 0;
    put_block(put, &block, record->header, record->header_size);
    return put->failed ? -1 : 1;
}

uint64_t ledger_mirror_size(const struct ledger_mirroring *mirroring)
{
    return mirroring->put.edge.size;
}

static bool check_mirrored_end(
    const struct put *put, const char *note, const struct note_verifier *verifiers, size_t count)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    uint8_t root[HASH_BYTES];
    tree_root(&put->edge, root);
    if (!note_open_checkpoint(note, verifiers, count, &checkpoint, &fault))
        return ledger_fail(put->error, "%s", fault.message);
    if (checkpoint.size != put->edge.size || memcmp(checkpoint.root, root, HASH_BYTES) != 0)
        return ledger_fail(put->error,
            "the %" PRIu64 " blocks are not those of the checkpoint, which speaks of %" PRIu64, put->edge.size,
            checkpoint.size);
    return true;
}

int ledger_mirror_commit(
    struct ledger_mirroring *mirroring, const char *note, const struct note_verifier *verifiers, size_t count)
{
    struct put *put = &mirroring->put;
    char own[NOTE_BYTES_MAX];
    bool refused = !put->failed && !check_mirrored_end(put, note, verifiers, count);
    put->failed |= refused;
    if (!put->failed) {
        note_strip(note, verifiers, count, own);
        put_note_of_day(put, TABLE_CHECKPOINTS, ledger_day(put->time), own);
    }
    bool committed = put_commit(put);
    free(mirroring);
    return committed ? 1 : refused ? 0 : -1;
}

void ledger_mirror_abort(struct ledger_mirroring *mirroring)
{
    if (!mirroring)
        return;
    if (mirroring->put.txn)
        mdb_txn_abort(mirroring->put.txn);
    free(mirroring);
}
