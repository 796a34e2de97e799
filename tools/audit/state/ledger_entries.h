// Entries of a ledger that was replayed: the very bytes that the replay went over.
#pragma once

#include "proto/arena.h"
#include "replay/block.h"
#include "tools/entries.h"

struct ledger_entries {
    struct entries entries;
    struct replay *replay;
    struct ledger_reading *reading;
    struct arena arena; // which holds the entries
};

// After REPLAY_HOLDS; borrows the replay. The source is `read` itself, which must stay where it is. Of an account that
// was never opened there are no entries. What cannot be read ends the process.
void ledger_entries_begin(struct ledger_entries *read, struct replay *replay);
const Points__V1__LedgerEntry *ledger_entries_at(struct ledger_entries *read, uint64_t sequence);
void ledger_entries_end(struct ledger_entries *read);
