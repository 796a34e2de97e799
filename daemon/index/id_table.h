// The newest ids, in memory: open addressing, at most half full, of a fixed size.
#pragma once

#include "index/run.h"

struct id_slot {
    uint8_t id[ID_BYTES];
    uint64_t sequence; // 0: the slot is free
};

struct id_table {
    struct id_slot *slots;
    size_t size; // slots, a power of two
    size_t count;
    struct run_span span;                          // of what it covers; `last` is that of the newest id
    uint8_t smallest[ID_BYTES], largest[ID_BYTES]; // ids, by memcmp, when there are any
};

// For `ids` of them, a power of two. Out of memory ends the process. id_table_free frees.
struct id_table *id_table_new(size_t ids);
void id_table_free(struct id_table *table);
void id_table_clear(struct id_table *table);

bool id_table_may_hold(const struct id_table *table, const uint8_t id[ID_BYTES]);               // by order alone
uint64_t id_table_get(const struct id_table *table, const uint8_t id[ID_BYTES], uint64_t hash); // 0: not there
void id_table_add(struct id_table *table, const uint8_t id[ID_BYTES], uint64_t hash, uint64_t sequence);
void id_table_prefetch(const struct id_table *table, uint64_t hash);

// Writes it as a run; the checkpoint covers it. False with errno.
bool id_table_write(const struct id_table *table, const char *dir, const struct run_seeds *seeds,
    const struct run_checkpoint *checkpoint);
