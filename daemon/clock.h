// The wall clock, and whether to believe it. On SCRIPTED ledgers it does not count, and is never doubted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The wall clock is doubted when it and the boot-time clock have drifted apart by more than 5 s since it was last
// accepted, or when at start it stands behind the last block or more than 24 h past it: one jump must not poison an
// append-only ledger.
struct clock {
    bool counts;       // SYSTEM ledger
    int64_t wall_s;    // the newest reading, Unix seconds
    int64_t offset_ms; // wall clock - boot-time clock, when accepted
    bool unsure;       // said in the log when it becomes so
};

void clock_start(struct clock *clock, bool counts, int64_t last_block_time);
void clock_read(struct clock *clock);   // one reading serves a turn
void clock_accept(struct clock *clock); // an operator says that it is right
