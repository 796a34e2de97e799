// The outbox of a batch: signed envelopes, on disk before any is sent, and the answers as they arrive. A batch that was
// cut off goes on from it with the same transactions, so nothing doubles.
//
// A folder with two files. `envelopes`: magic, SHA-256 of the batch's file, ledger id, number of envelopes (4 bytes,
// big-endian like all numbers here); for each envelope its size, its number of transactions, their line numbers (4
// bytes each), its bytes; at the end the SHA-256 of all that. `answers`: for each answer the envelope's number, the
// size, a SHA-256 over these, that end and the bytes; then the bytes. It is valid up to the first record that is not
// whole.
#pragma once

#include "proto/formats.h"
#include "tools/error.h"

#include <stddef.h>
#include <stdint.h>

struct outbox;

struct outbox_envelope {
    const uint8_t *bytes; // of a SignedEnvelope; lives as long as the outbox
    size_t size;
    uint32_t count;        // transactions
    const uint8_t *answer; // the bytes of a SubmitReply; NULL: not answered yet
    size_t answer_size;
};

// Opens or makes the folder, and locks it against a second process. NULL on failure; the caller closes.
struct outbox *outbox_open(const char *dir, struct tool_error *error);
void outbox_close(struct outbox *outbox);
bool outbox_is_new(const struct outbox *outbox); // nothing was committed in its folder yet

// Reads what a run before has left. 1: there is an outbox of this file (NULL: of any) and ledger; 0: there is none; -1:
// error, another's outbox among them.
int outbox_load(struct outbox *outbox, const uint8_t source_sha256[HASH_BYTES], const uint8_t ledger_id[HASH_BYTES],
    struct tool_error *error);

// Writing a fresh one: add all, then commit, after which it is on disk and loaded. Before the commit a crash leaves
// nothing. `lines` are the line numbers of the envelope's transactions.
void outbox_begin(struct outbox *outbox, const uint8_t source_sha256[HASH_BYTES], const uint8_t ledger_id[HASH_BYTES]);
void outbox_add(struct outbox *outbox, const uint8_t *bytes, size_t size, const uint32_t *lines, uint32_t count);
bool outbox_commit(struct outbox *outbox, struct tool_error *error);

uint32_t outbox_count(const struct outbox *outbox);
const struct outbox_envelope *outbox_get(const struct outbox *outbox, uint32_t number);
uint32_t outbox_line(const struct outbox *outbox, uint32_t number, uint32_t position);
// Appends an answer, the bytes of a SubmitReply, which are copied.
bool outbox_record(
    struct outbox *outbox, uint32_t number, const uint8_t *answer, size_t size, struct tool_error *error);
// Makes the answers durable.
bool outbox_sync(struct outbox *outbox, struct tool_error *error);
