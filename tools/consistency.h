// Whether a ledger went on: what a daemon proves of two of its checkpoints, for those who remember the older one.
#pragma once

#include "ledger/note.h"

// The proof that the daemon gave (RFC 6962), whatever it gave. `older` has no more blocks than `newer`.
bool consistency_holds(
    const Points__V1__ProofReply *reply, const struct note_checkpoint *older, const struct note_checkpoint *newer);
