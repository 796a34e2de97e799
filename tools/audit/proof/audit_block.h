// One block taken out of a ledger at rest, and found sound by itself.
#pragma once

#include "replay/block.h"
#include "tools/audit/audit.h"

struct audit_block {
    struct replay_block block;
    struct arena arena;
    struct replay_fault fault; // "in block N: …"; empty: the block is sound, its signatures verify
};

enum { AUDIT_BLOCK_ARENA_BYTES = 1 << 24 };

// The newest checkpoint into `note` of NOTE_BYTES_MAX. A ledger that holds genesis alone may have none yet, which ends
// the process; otherwise false is a fault.
bool audit_read_checkpoint(struct ledger_reading *reading, char *note, struct replay_fault *fault);
// Of a number that a user gave: the ledger must have the block, else the process ends with EXIT_WRONG_USE.
void audit_need_block(struct ledger_reading *reading, uint64_t index);
// Checks the block against its own hashes and those of the tree around it, not against the rules. What cannot be read
// is its fault. Afterwards audit_block_free.
void audit_block_read(struct audit_block *block, struct ledger *ledger, struct ledger_reading *reading, uint64_t index);
void audit_block_free(struct audit_block *block);
