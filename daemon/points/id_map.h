// A hash map from 16-byte ids to numbers: open addressing, 24 bytes a slot, at most three quarters full.
#pragma once

#include "proto/formats.h"

#include <stddef.h>
#include <stdint.h>

struct id_slot {
    uint8_t id[ID_BYTES];
    uint64_t value; // 0: the slot is free
};

struct id_map {
    struct id_slot *slots;
    size_t size; // slots, a power of two; 0 before the first entry
    size_t count;
};

// 0 when the id is not there.
uint64_t id_map_get(const struct id_map *map, const uint8_t id[ID_BYTES]);
void id_map_prefetch(const struct id_map *map, const uint8_t id[ID_BYTES]); // what a get will look at
// The id must not be there yet; `value` is not 0. Out of memory ends the process.
void id_map_add(struct id_map *map, const uint8_t id[ID_BYTES], uint64_t value);
void id_map_free(struct id_map *map);
struct archive;
void id_map_archive(struct archive *archive, struct id_map *map, uint64_t value_max);
