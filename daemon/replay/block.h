// One block taken apart: nothing of it is used before its form is known to be right.
#pragma once

#include "proto/entry.h"
#include "replay/replay.h"

struct replay_block {
    struct ledger_record record;
    const Points__V1__BlockHeader *header;
    const Points__V1__Genesis *genesis;    // of block 0
    const Points__V1__Envelope *envelope;  // of any other
    const struct points_outcome *outcomes; // as recorded, one for each of its transactions
};

// Checks the bytes against the tree and takes the block with the index of edge->size into it, then checks the form of
// header and body against each other. Messages live in `arena`, the bytes in the database while `reading` is open.
bool replay_read_block(struct ledger_reading *reading, const uint8_t *ledger_id, struct tree_edge *edge,
    struct arena *arena, struct replay_block *block, struct replay_fault *fault);
bool replay_check_signatures(const struct replay_block *block, struct replay_fault *fault);

// A transaction that was decided before, as it is recorded.
struct replay_entry {
    struct span transaction, outcomes; // its bytes; those of all outcomes of its block
    uint64_t position;                 // in the block, from 0
    int64_t time;                      // of the block
};

// The one with this sequence number, among the first `blocks` blocks.
bool replay_find_entry(struct ledger_reading *reading, uint64_t blocks, uint64_t sequence, struct replay_entry *entry,
    struct replay_fault *fault);
