// Answers held against what must have come of each transaction: code, points, what expired, the entry before, and of a
// duplicate the first decision. The answer that must come is written down as bytes and compared with the one that came.
#pragma once

#include "proto/wire.h"
#include "tools/bench/script.h"

// All that is known to be decided. One thread.
struct answers {
    const struct plan *plan;
    uint64_t sequence_before; // of the ledger when the run began; the numbers below count from it
    uint32_t *newest;         // of each account: its newest entry; 0: none
    uint32_t *before_newest;  // and the one before that
    uint64_t *tallies;        // home * KINDS + kind: how many were decided
    uint64_t transactions;
    uint8_t *expected;
    size_t outcomes_room; // of `expected`; behind it there is room for originals
};

// Where the answers of one connection stand. They are checked in the order of its envelopes.
struct answers_at {
    struct walk walk;
    uint64_t next;     // envelope
    uint64_t sequence; // of the newest transaction of this connection
};

void answers_begin(struct answers *answers, const struct plan *plan, uint64_t sequence_before);
void answers_end(struct answers *answers);
struct answers_at answers_start(const struct script *script);

// `reply` are the bytes of the SubmitReply to the connection's next envelope. An answer that differs ends the process
// with a message that says how.
void answers_check(struct answers *answers, struct answers_at *at, const struct script *script, struct span reply);
uint64_t answers_count(const struct answers *answers, uint32_t home, enum kind kind);
