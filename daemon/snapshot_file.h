// A snapshot: the state as it was after so many blocks, in one file of the folder for derived data. It says of which
// ledger it is (the root over these blocks) and carries its own hash; it can be deleted: then the start takes longer.
//
// File `state-SEQUENCE.snapshot`: a header page (struct snapshot_header), then what points_save writes. In the
// machine's byte order and for this build: it never leaves the machine.
#pragma once

#include "ledger/ledger.h"
#include "points/points.h"

#include <stdbool.h>
#include <stdint.h>

enum { SNAPSHOT_ERROR_BYTES = 300 };

struct snapshot_error {
    char message[SNAPSHOT_ERROR_BYTES]; // for people
};

// ---- writing. Nothing stands under the snapshot's name before its end.

struct snapshot_writer;

// Of the state after so many blocks. NULL: `error` says why. One at a time.
struct snapshot_writer *snapshot_writer_new(
    const char *dir, const struct points_state *state, uint64_t blocks, struct snapshot_error *error);
// The long part, for a forked child perhaps: allocates nothing, takes no lock. `reserve_bytes` of the disk stay free.
// Returns 0, or an errno.
int snapshot_writer_fill(struct snapshot_writer *writer, const struct points_state *state, uint64_t reserve_bytes);
int snapshot_writer_fd(const struct snapshot_writer *writer);
void snapshot_writer_use_fd(struct snapshot_writer *writer, int fd); // the same file, in a child
// The blocks are durable and have this root: the file is synced and gets its name, and older snapshots are dropped.
// Returns 0 or an errno, and frees the writer.
int snapshot_writer_end(struct snapshot_writer *writer, const uint8_t root[HASH_BYTES]);
void snapshot_writer_drop(struct snapshot_writer *writer); // nothing of it stays

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
