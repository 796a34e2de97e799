// A run: the ids of a span of sequence numbers in one immutable file, sorted by hash. Never read as a whole but to be
// checked or merged: finding an id takes one look, and what it finds must be confirmed from the ledger.
//
// File: a header page (struct run_header), then lines of 64 bytes: seven slots and a check over them, which is looked
// at with each look, since a miss that is none would let a transaction be applied twice. A slot is the high 32 bits of
// the id's hash, then its sequence number - the first one + 1; 0 is free. Slots ascend; an entry stands in its home
// (its hash scaled to `homes` lines) or as soon after it as there is room, so the walk from its home passes it before a
// free slot. In the machine's byte order: a run is derived data, and never leaves the machine.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RUN_PATH_BYTES = 4096, RUN_SPAN_MAX = UINT32_MAX - 1 };

// Of the hash, drawn when the index was made: nobody can choose ids that collide.
struct run_seeds {
    uint64_t low, high;
};

// A state of the ledger that holds all that a run speaks of: the root over so many blocks.
struct run_checkpoint {
    uint64_t sequence; // of the last transaction in these blocks
    uint64_t blocks;
    uint8_t root[HASH_BYTES];
};

struct run_span {
    uint64_t first, last; // sequence numbers, inclusive
};

struct run_header {
    char magic[16]; // RUN_MAGIC
    struct run_seeds seeds;
    struct run_span span;
    struct run_checkpoint checkpoint;
    uint8_t smallest[ID_BYTES], largest[ID_BYTES]; // ids, by memcmp: others need not be looked for
    uint64_t entries, homes, lines;
    uint8_t lines_sha256[HASH_BYTES];
    uint8_t header_sha256[HASH_BYTES]; // of all that stands before it
};

enum { RUN_LINE_SLOTS = 7 };

struct run_line {
    uint64_t slots[RUN_LINE_SLOTS];
    uint64_t check;
};

struct run {
    struct run_header header;
    const struct run_line *lines; // mapped
    void *mapping;
    size_t mapping_size;
};

static inline uint64_t run_hash(const struct run_seeds *seeds, const uint8_t id[ID_BYTES])
{
    uint64_t low, high;
    __builtin_memcpy(&low, id, sizeof low);
    __builtin_memcpy(&high, id + sizeof low, sizeof high);
    // The folded product of wyhash (https://github.com/wangyi-fudan/wyhash).
    __uint128_t product = (__uint128_t)(low ^ seeds->low) * (high ^ seeds->high);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// `path` of RUN_PATH_BYTES: where the run of this span stands. False: the folder's name is too long.
bool run_path(const char *dir, struct run_span span, char *path);
// The span that a file's name tells; false: it is no run.
bool run_span_of(const char *name, struct run_span *span);

// NULL: it is no whole run with these seeds and this span (errno 0), or cannot be read (errno). The caller closes.
struct run *run_open(const char *dir, const struct run_seeds *seeds, struct run_span span);
void run_close(struct run *run);

// Whether an id could be in it, by order alone.
bool run_may_hold(const struct run *run, const uint8_t id[ID_BYTES]);
void run_prefetch(const struct run *run, uint64_t hash);

// What is read of a line that is not as it was written: nothing of the run can be trusted.
#define RUN_DAMAGED UINT64_MAX
// The next sequence number with this hash; 0: there is none; or RUN_DAMAGED. `*at` is where the search stands, 0 to
// begin with.
uint64_t run_find(const struct run *run, uint64_t hash, size_t *at);
// The next slot that is not free, from slot `*at` on, which moves to it; 0: there is none; or RUN_DAMAGED.
uint64_t run_next(const struct run *run, size_t *at);

// ---- writing: entries in ascending order, then the end.

struct run_writer;

// NULL with errno. Nothing stands under the run's name before run_writer_end.
struct run_writer *run_writer_new(const char *dir, const struct run_seeds *seeds, struct run_span span,
    const struct run_checkpoint *checkpoint, uint64_t entries);
// `hash` is the high half; those of one run come in ascending order.
void run_writer_add(struct run_writer *writer, uint32_t hash, uint64_t sequence);
// Syncs and names the file, and frees the writer. False with errno: there is no such run.
bool run_writer_end(struct run_writer *writer, const uint8_t smallest[ID_BYTES], const uint8_t largest[ID_BYTES]);
void run_writer_drop(struct run_writer *writer); // nothing of it stays
