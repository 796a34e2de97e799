// The moment that a command is asked about: the state after a block, or as of an instant.
#pragma once

#include "tools/audit/audit.h"
#include "tools/audit/document.h"
#include "tools/audit/state_view.h"

struct audit_moment {
    struct ledger *ledger;
    struct replay replay; // which ends there
    struct state_view view;
    struct note_checkpoint checkpoint; // the ledger's newest; size 0: none, as where genesis stands alone
    int64_t at;                        // the instant that was asked for; 0: none
};

// Replays the ledger that the first word names, as far as the options --block and --at say, and proves that the blocks
// are the first of those that the newest checkpoint speaks of. What does not hold, or is not there, is told, and the
// process leaves. The moment must stay where it is.
void audit_moment_begin(struct audit *audit, struct audit_moment *moment);
void audit_moment_end(struct audit_moment *moment);

// The instant that was asked for, if one was.
void audit_show_instant(struct document *document, const struct audit_moment *moment);
// After which block it is, what the blocks have to do with the newest checkpoint, and the instant with the last block.
void audit_show_moment(struct document *document, const struct audit_moment *moment);
// Beside balances: how much of them is over by the instant, but for a block to count it as expired.
void audit_show_overdue(struct document *document, struct audit_moment *moment);
