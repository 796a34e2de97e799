// A load: what is sent over all connections, made beforehand, then run against the clock until all is answered and
// checked.
#pragma once

#include "tools/bench/answers.h"
#include "tools/bench/histogram.h"
#include "tools/bench/script.h"
#include "tools/bench/timeline.h"

#include <stdbool.h>
#include <stdint.h>

// How far time is: awards of a pass over the accounts are for its week, which must have begun.
struct weeks {
    bool scripted;   // an operator can move time
    uint32_t passes; // whose weeks have begun
    uint64_t moves;  // SetTimes decided
};

struct load_order {
    enum phase phase;
    uint32_t batch, window;
    uint64_t transactions; // OPENING, STARTING: an account has one
    double duration_s;     // so long at the most; 0: until all transactions are answered
    uint64_t rate;         // transactions a second; 0: an answer lets the next request go
    bool live;             // made while the clock runs
    unsigned asking;       // connections that ask queries meanwhile
    bool keeps_timeline;
};

struct load {
    struct load_order order;
    const char *address;
    const struct keyfile *operator_key; // moves time, asks queries
    const struct plan *plan;
    struct answers *answers;
    struct weeks *weeks;
    int poll;
    struct poster *posters;
    struct asker *askers;
    struct mover *mover;

    uint64_t begin_ns, deadline_ns; // deadline 0: none
    uint64_t answered_ns;           // when the last answer came
    unsigned under_way;             // requests of any kind
    uint64_t gifts_sent;            // donations

    struct histogram *latency, *query_latency;
    struct timeline *timeline, *query_timeline; // NULL unless kept
    uint64_t requests, transactions;            // answered
};

enum { PASSES_MAX = 59 }; // weeks that lie back within the grace: without moving time an account has no more awards

// Connects and makes what is to be sent. Ends the process when it cannot.
void load_make(struct load *load);
// Runs it; any answer that differs from what must come ends the process.
void load_run(struct load *load);
void load_end(struct load *load);
double load_seconds(const struct load *load); // from the start to the last answer
