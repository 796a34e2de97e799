// One block taken apart: nothing of it is used before its form is known to be right.
#pragma once

#include "proto/entry.h"
#include "replay/replay.h"

// What a block can be checked for by itself, in the order in which it is told.
enum block_check { BLOCK_HEADER, BLOCK_BODY, BLOCK_SIGNATURES, BLOCK_CHECKS };

struct replay_block {
    struct ledger_record record;
    struct ledger_heading heading;
    const Points__V1__BlockHeader *header;           // NULL: it does not hold
    const Points__V1__Genesis *genesis;              // of block 0; NULL: the body does not hold
    const Points__V1__Envelope *envelope;            // of any other; likewise
    const struct points_outcome *outcomes;           // as recorded, one for each of its transactions
    const struct replay_fault *faults[BLOCK_CHECKS]; // NULL: that holds
};

// Reads a block and checks what can be checked by itself: header and body against each other and against
// doc/protocol.md, and the signatures if wanted. Messages live in `arena`, the bytes in the database while `reading` is
// open. Thread-safe.
void replay_read_block(struct ledger_reading *reading, const uint8_t *ledger_id, uint64_t index, bool signatures,
    struct arena *arena, struct replay_block *block);

// The parts of that, for a block that does not come out of a ledger; each needs those before it, and its bytes in
// block->record. False: `fault` says why. A `ledger_id` of NULL is any ledger's.
bool replay_check_header(uint64_t index, struct arena *arena, struct replay_block *block, struct replay_fault *fault);
bool replay_check_body(
    const uint8_t *ledger_id, struct arena *arena, struct replay_block *block, struct replay_fault *fault);
bool replay_check_signatures(const struct replay_block *block, struct replay_fault *fault);
// Of a body of which there is the envelope alone; its hash is the caller's to compare.
bool replay_take_envelope(
    const uint8_t *ledger_id, struct arena *arena, struct replay_block *block, struct replay_fault *fault);

// A transaction that was decided before, as it is recorded.
struct replay_entry {
    struct span transaction, outcomes; // its bytes; those of all outcomes of its block
    uint64_t position;                 // in the block, from 0
    int64_t time;                      // of the block
};

// The one with this sequence number, among the first `blocks` blocks.
bool replay_find_entry(struct ledger_reading *reading, uint64_t blocks, uint64_t sequence, struct replay_entry *entry,
    struct replay_fault *fault);
// The ledger's words as a fault, without the block's number, which every fault begins with anyway. Returns false.
bool replay_fail_ledger(struct replay_fault *fault, uint64_t index, const struct ledger_error *error);
