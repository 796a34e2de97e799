// A snapshot: the state as it was after so many blocks, in one file of the folder for derived data. It says of which
// ledger it is (the root over these blocks) and carries its own hash; it can be deleted: then the start takes longer.
//
// File `state-SEQUENCE.snapshot`: a header page (struct snapshot_header), then what points_save writes. In the
// machine's byte order and for this build: it never leaves the machine.
#pragma once

#include "ledger/ledger.h"
#include "points/points.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// ---- writing

// A copy of the state in memory, as bytes: the state need stand still only as long as that takes.
struct snapshot_image {
    uint8_t *bytes;
    size_t size, capacity;
    uint64_t sequence, blocks; // that the state had taken in
};

// False: there is not enough room, but `size` says how much it takes. Allocates nothing.
bool snapshot_image_take(struct snapshot_image *image, const struct points_state *state, uint64_t blocks);
bool snapshot_image_make_room(struct snapshot_image *image); // for its size, and some more; false: out of memory
void snapshot_image_free(struct snapshot_image *image);

// The image's blocks are durable and have this root: writes it, syncs it, gives it its name, and drops older ones. So
// many bytes of the disk stay free, and until `hurry` the disk is left to others for three quarters of the time.
// Returns 0, or an errno: then nothing of it stays.
int snapshot_write(const char *dir, const struct snapshot_image *image, const uint8_t root[HASH_BYTES],
    uint64_t reserve_bytes, const atomic_bool *hurry);

// ---- loading

struct snapshot {
    struct points_state *state; // the caller's
    uint64_t blocks;            // that it has taken in
    char name[64];              // of its file
};

// The newest one that is whole, of this build, and of this ledger. What is not is deleted, and said on standard error.
// False: there is none.
bool snapshot_load(const char *dir, struct ledger *ledger, struct snapshot *snapshot);
// Deletes it, and says why.
void snapshot_drop(const char *dir, const char *name, const char *reason);
