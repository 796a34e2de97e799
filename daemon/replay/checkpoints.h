// Checkpoints against the keys that the blocks register for them.
#pragma once

#include "replay/replay.h"

// Who may sign the checkpoint whose last transaction has the number `sequence`: 1 or more, in `arena`; none when it has
// no room for so many.
const struct note_verifier *replay_verifiers(
    const struct points_state *state, uint64_t sequence, struct arena *arena, size_t *count);

// After the last block, in the reading that saw it: the newest checkpoint. False: `fault` says what is wrong.
bool replay_check_newest(const struct points_state *state, struct ledger_reading *reading, const struct tree_edge *edge,
    struct arena *arena, struct replay_fault *fault);
// The checkpoint that is kept of a day, or the cosigned one, by the keys of its time: every line of it must be of one
// of them or of a registered witness.
bool replay_check_kept(const struct points_state *state, struct ledger_reading *reading, enum ledger_kept kept,
    uint64_t day, const char *note, struct arena *arena, struct replay_fault *fault);
