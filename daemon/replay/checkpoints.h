// Checkpoints against the keys that the blocks register for them.
#pragma once

#include "replay/replay.h"

// Who may sign the checkpoint whose last transaction has the number `sequence`: 1 or more, in `arena`.
const struct note_verifier *replay_verifiers(
    const struct points_state *state, uint64_t sequence, struct arena *arena, size_t *count);

// After the last block, in the reading that saw it: the newest checkpoint; and, with `all`, those that are kept of
// other days, and the cosigned ones, by the keys of their time. Cosignatures are not verified: whoever relies on a
// witness knows its key. False: `fault` names the checkpoint.
bool replay_check_checkpoints(struct replay *replay, struct ledger_reading *reading, bool all);
