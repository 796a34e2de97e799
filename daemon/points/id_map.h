// A hash map from 16-byte ids to places in an array, whose entries begin with their ids: open addressing, 8 bytes a
// slot, two fifths to half full.
//
// A slot is 32 bits of the id's hash, then the place, counted from 1; 0 is free. Slots ascend; an entry stands in its
// home (its hash scaled to the number of homes) or as soon after it as there is room. So the map grows where it stands:
// from its end on, slot by slot, it is stretched over more homes, some of it with each entry that comes, and no entry
// waits for all to be moved.
#pragma once

#include "proto/formats.h"

#include <stddef.h>
#include <stdint.h>

struct id_map {
    uint64_t *slots;
    size_t room; // slots, of which the last is free; 0 before the first entry
    size_t count, homes;
    // While it is stretched: hashes from `stretched` on have their homes among `homes` already, those below it still
    // among `homes_before`, and stand before slot `unmoved`.
    uint64_t stretched;
    size_t homes_before, unmoved;
};

// The place of the entry with this id; 0: there is none.
uint32_t id_map_get(const struct id_map *map, const uint8_t id[ID_BYTES], const void *entries, size_t entry_size);
// The place that this id has, if it has any: told without a look at the entries.
uint32_t id_map_guess(const struct id_map *map, const uint8_t id[ID_BYTES]);
void id_map_prefetch(const struct id_map *map, const uint8_t id[ID_BYTES]); // the slot that both will look at
// The id must not be there yet. Out of memory ends the process.
void id_map_add(struct id_map *map, const uint8_t id[ID_BYTES], uint32_t place);
void id_map_free(struct id_map *map);
struct archive;
void id_map_archive(struct archive *archive, struct id_map *map, uint64_t place_max);
