// The decide thread: owns the state, decides envelopes and answers queries in the order in which they came.
#pragma once

#include "checkpoint_keys.h"
#include "clock.h"
#include "history.h"
#include "index/id_index.h"
#include "journal.h"
#include "lane.h"
#include "points/points.h"
#include "snapshot.h"

enum {
    TURN_JOBS_MAX = 1024,
    UNDER_WAY_BYTES_MAX = 2 * TURN_JOBS_MAX * REQUEST_BYTES_MAX, // what two groups may append at the most
};

// Everything here belongs to the decide thread alone while decide_run runs.
struct decide {
    struct points_state *state;
    struct id_index *ids; // of every transaction
    const struct checkpoint_keys *keys;
    struct history *history;
    struct lane *lane;
    struct journal *journal;
    struct snapshots *snapshots;
    struct clock clock;
    uint64_t blocks; // in the ledger, counting those not yet durable
    uint64_t disk_reserve_bytes;
    const char *derived_dir;
    void (*on_room)(void *context); // the lane, once full, has room again
    void *context;

    bool disk_full;
    uint64_t durable_sequence; // the newest that the index of ids was told of
    struct job *taken;         // from the lane, not decided yet
    // Recorded, held until durable: duplicates are looked up there. Linked by `later`.
    struct job *undurable, **undurable_end;
};

// Returns when the lane is closed and empty, after its last group is handed over.
void decide_run(struct decide *decide);
// After the threads ended: lets go of what was held.
void decide_end(struct decide *decide);
