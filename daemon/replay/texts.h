// The texts of notices: those that must be there are, whole, and no others.
#pragma once

#include "replay/replay.h"

// After the last block, in the reading that saw it. False: `fault` names the notice.
bool replay_check_texts(const struct points_state *state, struct ledger_reading *reading, struct replay_fault *fault);
