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
