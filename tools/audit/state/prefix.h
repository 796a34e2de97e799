// A replay that stopped short of the end met no checkpoint: whether its blocks are the first of those that the newest
// one speaks of.
#pragma once

#include "tools/audit/audit.h"

// Proves it (RFC 6962), from the root that the replay came to. The newest checkpoint must be signed with a key that was
// in force after the replay's last block; where it is not, for keys may have been registered since, the ledger is
// replayed to its end, which tells. What does not hold is told, and the process leaves. Returns the checkpoint; its
// size is 0 when there is none yet, as where genesis stands alone.
struct note_checkpoint prefix_prove(struct audit *audit, struct replay *replay);
