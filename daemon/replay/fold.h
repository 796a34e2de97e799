// The rules, applied again to blocks whose form is right.
#pragma once

#include "replay/block.h"

enum fold_result {
    FOLD_HOLDS,
    FOLD_DIFFERS, // the fault names the first difference; the rules' own outcomes count, and the fold can go on
    FOLD_BROKEN,  // nothing can be said of what comes after
};

enum fold_result replay_fold_genesis(
    struct replay_fold *fold, const struct replay_block *block, struct replay_fault *fault);
// A block that the fold has taken in before: ids that the index lacks are added, nothing is decided.
enum fold_result replay_take_ids(struct replay_fold *fold, struct ledger_reading *reading,
    const struct replay_block *block, struct replay_fault *fault);
// `reading` is asked for earlier transactions whose ids come again; what is read of them lives in `arena`.
enum fold_result replay_fold_block(struct replay_fold *fold, struct ledger_reading *reading, struct arena *arena,
    const struct replay_block *block, struct replay_fault *fault);

// ---- what a block's transactions speak of, for a visit too

// The number before `sequence`, which is of the block, under which an id was decided; 0: none.
uint64_t replay_decided_before(struct replay_fold *fold, struct ledger_reading *reading,
    const struct replay_block *block, const uint8_t id[ID_BYTES], uint64_t sequence);
// A transaction that was decided before, or earlier in the block, with its outcome as recorded; made in `arena`.
bool replay_find_decided(struct ledger_reading *reading, struct arena *arena, const struct replay_block *block,
    uint64_t sequence, struct points_decided **decided, struct replay_fault *fault);
