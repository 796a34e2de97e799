// When snapshots of the state are made, and by whom: a forked child writes the image that it was born with while the
// daemon goes on; a thread waits for it, and for its blocks to be durable, and gives the file its name.
#pragma once

#include "journal.h"
#include "ledger/ledger.h"
#include "points/points.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

struct snapshot_writer;

struct snapshots {
    const char *dir;
    uint64_t every_transactions; // 0: never
    uint64_t reserve_bytes;      // of the disk, that stay free
    struct ledger *ledger;
    struct journal *journal;
    uint64_t begun_sequence; // of the newest one that was begun, or was there at the start
    uint64_t named_sequence; // of the newest one that is whole; the thread's while it runs

    // Of the one that is being made.
    bool started;         // its thread must be joined
    atomic_bool finished; // the thread has nothing more to do
    struct snapshot_writer *writer;
    uint64_t sequence, blocks;
    pthread_t thread;
    pthread_mutex_t lock; // over what follows
    pid_t child;          // 0: it has ended
    bool stopped;         // it was ended on purpose
};

void snapshots_init(struct snapshots *snapshots);
// For the decide thread, between groups: begins one when it is due. `blocks` the state has taken in, whether durable or
// not.
void snapshots_look(struct snapshots *snapshots, const struct points_state *state, uint64_t blocks);
// After the decide thread has ended and all is durable: ends the one that is being made, and makes a last one when the
// newest is far behind.
void snapshots_end(struct snapshots *snapshots, const struct points_state *state);
