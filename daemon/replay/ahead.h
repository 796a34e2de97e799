// Blocks read and checked by themselves ahead of the fold, side by side on all cores, and given out in their order.
#pragma once

#include "replay/block.h"

struct ahead;

// Blocks `first` to before `end`, which the ledger has and the reading sees. NULL: `error` says why. The caller ends
// it.
struct ahead *ahead_begin(struct ledger *ledger, struct ledger_reading *reading, uint64_t first, uint64_t end,
    bool signatures, struct ledger_error *error);
// The next block, good until the next call; waits for it. Not past the end. NULL: it could not be read, as `error`
// says.
const struct replay_block *ahead_next(struct ahead *ahead, struct ledger_error *error);
void ahead_end(struct ahead *ahead);
