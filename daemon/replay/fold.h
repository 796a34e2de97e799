// The rules, applied again to blocks whose form is right.
#pragma once

#include "replay/block.h"

bool replay_fold_genesis(struct replay_fold *fold, const struct replay_block *block, struct replay_fault *fault);
// A block that the fold has taken in before: ids that the index lacks are added, nothing is decided.
bool replay_take_ids(struct replay_fold *fold, struct ledger_reading *reading, const struct replay_block *block,
    struct replay_fault *fault);
// `reading` is asked for earlier transactions whose ids come again.
bool replay_fold_block(struct replay_fold *fold, struct ledger_reading *reading, struct arena *arena,
    const struct replay_block *block, struct replay_fault *fault);
