// The scrub: a thread that goes through the whole ledger, again and again and slowly, and looks whether every block is
// still as it was written. A start checks only what its snapshot does not know, and much of a ledger may never be read.
#pragma once

#include "journal.h"
#include "ledger/ledger.h"

#include <pthread.h>
#include <stdbool.h>

struct scrub {
    struct ledger *ledger;
    struct journal *journal;
    uint64_t days; // in which it goes through all of it; 0: never

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

// False: no thread could be started. A block that is not as it was written ends the process.
bool scrub_start(struct scrub *scrub);
void scrub_end(struct scrub *scrub);
