#include "points/id_map.h"
#include "points/archive.h"
#include "points/memory.h"
#include "proto/fetch_ahead.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_FIRST = 1024 };

// UUIDv7s of one millisecond share their first bytes, so both halves are multiplied through (the folded product of
// wyhash).
static size_t slot_of(const struct id_map *map, const uint8_t id[ID_BYTES])
{
    uint64_t low, high;
    memcpy(&low, id, sizeof low);
    memcpy(&high, id + sizeof low, sizeof high);
    __uint128_t product = (__uint128_t)(low ^ UINT64_C(0xa0761d6478bd642f)) * (high ^ UINT64_C(0xe7037ed1a0b428db));
    uint64_t hash = (uint64_t)product ^ (uint64_t)(product >> 64);
    return hash & (map->size - 1);
}

static struct id_slot *find(const struct id_map *map, const uint8_t id[ID_BYTES])
{
    size_t at = slot_of(map, id);
    while (map->slots[at].value && memcmp(map->slots[at].id, id, ID_BYTES) != 0)
        at = (at + 1) & (map->size - 1);
    return &map->slots[at];
}

static void grow(struct id_map *map)
{
    struct id_map larger = {.size = map->size ? map->size * 2 : SIZE_FIRST, .count = map->count};
    larger.slots = memory_zeroed(larger.size, sizeof *larger.slots);
    for (size_t i = 0; i < map->size; i++)
        if (map->slots[i].value)
            *find(&larger, map->slots[i].id) = map->slots[i];
    free(map->slots);
    *map = larger;
}

uint64_t id_map_get(const struct id_map *map, const uint8_t id[ID_BYTES])
{
    return map->size ? find(map, id)->value : 0;
}

void id_map_prefetch(const struct id_map *map, const uint8_t id[ID_BYTES])
{
    if (map->size)
        fetch_ahead(&map->slots[slot_of(map, id)], sizeof *map->slots);
}

void id_map_add(struct id_map *map, const uint8_t id[ID_BYTES], uint64_t value)
{
    if (map->count + 1 > map->size / 4 * 3)
        grow(map);
    struct id_slot *slot = find(map, id);
    memcpy(slot->id, id, ID_BYTES);
    slot->value = value;
    map->count++;
}

void id_map_free(struct id_map *map)
{
    free(map->slots);
    *map = (struct id_map){0};
}

// Some slot must be free, or a search would not end.
static bool slots_fit(const struct id_map *map, uint64_t value_max)
{
    size_t used = 0;
    bool fit = true;
    for (size_t i = 0; i < map->size; i++) {
        used += map->slots[i].value != 0;
        fit &= map->slots[i].value <= value_max;
    }
    return fit && used == map->count && map->count <= map->size / 4 * 3 && (map->size & (map->size - 1)) == 0;
}

void id_map_archive(struct archive *archive, struct id_map *map, uint64_t value_max)
{
    size_t capacity;
    ARCHIVE(archive, map->count);
    archive_array(archive, &map->slots, &map->size, &capacity, sizeof *map->slots);
    archive_check(archive, !archive_is_loading(archive) || slots_fit(map, value_max), "a map of ids is no map");
}
