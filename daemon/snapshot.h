// When snapshots of the state are made, and by whom: a thread of their own finds memory, the decide thread copies its
// state there between two groups, and the thread writes the copy once its blocks are durable.
#pragma once

#include "journal.h"
#include "ledger/ledger.h"
#include "points/points.h"
#include "snapshot_file.h"

#include <pthread.h>
#include <stdatomic.h>

// Whose turn it is.
enum snapshot_step {
    SNAPSHOT_NONE,       // the decide thread's: to see whether one is due
    SNAPSHOT_MAKE_ROOM,  // the thread's, for image.size
    SNAPSHOT_TAKE_IMAGE, // the decide thread's
    SNAPSHOT_WRITE,      // the thread's
    SNAPSHOT_ENDED,      // the thread is to be joined
};

struct snapshots {
    const char *dir;
    uint64_t every_transactions; // 0: never
    uint64_t reserve_bytes;      // of the disk, that stay free
    struct ledger *ledger;
    struct journal *journal;
    uint64_t begun_sequence; // of the newest one that was begun, or was there at the start
    uint64_t named_sequence; // of the newest one that is whole; the thread's while there is one

    _Atomic enum snapshot_step step;
    struct snapshot_image image; // belongs to whose turn it is
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; // step, or stopping
    atomic_bool stopping;
};

void snapshots_init(struct snapshots *snapshots);
// For the decide thread, between groups: begins one when it is due, and goes on with it. `blocks` the state has taken
// in, whether durable or not.
void snapshots_look(struct snapshots *snapshots, const struct points_state *state, uint64_t blocks);
// After the decide thread has ended and all is durable: waits for the one that is being made, and makes a last one when
// the newest is far behind.
void snapshots_end(struct snapshots *snapshots, const struct points_state *state);
