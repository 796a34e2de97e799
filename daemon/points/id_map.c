#include "points/id_map.h"
#include "points/archive.h"
#include "points/memory.h"
#include "proto/fetch_ahead.h"

#include <string.h>

enum { HOMES_FIRST = 64, HASH_BITS = 32, SLOTS_A_TURN = 16 };

// UUIDv7s of one millisecond share their first bytes, so both halves are multiplied through (the folded product of
// wyhash).
static uint64_t hash_of(const uint8_t id[ID_BYTES])
{
    uint64_t low, high;
    memcpy(&low, id, sizeof low);
    memcpy(&high, id + sizeof low, sizeof high);
    __uint128_t product = (__uint128_t)(low ^ UINT64_C(0xa0761d6478bd642f)) * (high ^ UINT64_C(0xe7037ed1a0b428db));
    return ((uint64_t)product ^ (uint64_t)(product >> 64)) >> (64 - HASH_BITS);
}

static uint64_t hash_in(uint64_t slot)
{
    return slot >> HASH_BITS;
}

static size_t home_of(const struct id_map *map, uint64_t hash)
{
    return hash * (hash < map->stretched ? map->homes_before : map->homes) >> HASH_BITS;
}

// The first slot with this hash, or the one at which a search for it ends.
static const uint64_t *find(const struct id_map *map, uint64_t hash)
{
    const uint64_t *slot = &map->slots[home_of(map, hash)];
    while (*slot && hash_in(*slot) < hash)
        slot++;
    return slot;
}

uint32_t id_map_get(const struct id_map *map, const uint8_t id[ID_BYTES], const void *entries, size_t entry_size)
{
    uint64_t hash = hash_of(id);
    if (!map->room)
        return 0;
    for (const uint64_t *slot = find(map, hash); *slot && hash_in(*slot) == hash; slot++)
        if (memcmp((const uint8_t *)entries + ((uint32_t)*slot - 1) * entry_size, id, ID_BYTES) == 0)
            return (uint32_t)*slot;
    return 0;
}

uint32_t id_map_guess(const struct id_map *map, const uint8_t id[ID_BYTES])
{
    uint64_t hash = hash_of(id), slot = map->room ? *find(map, hash) : 0;
    return hash_in(slot) == hash ? (uint32_t)slot : 0;
}

void id_map_prefetch(const struct id_map *map, const uint8_t id[ID_BYTES])
{
    if (map->room)
        fetch_ahead(&map->slots[home_of(map, hash_of(id))], sizeof *map->slots);
}

// ---- adding

static size_t first_free(const struct id_map *map, size_t at)
{
    while (map->slots[at])
        at++;
    return at;
}

static void make_room(struct id_map *map, size_t slots)
{
    while (map->room < slots)
        map->slots = memory_grow(map->slots, map->room, &map->room, sizeof *map->slots);
}

// Larger ones move on by one, up to the next free slot.
static void insert(struct id_map *map, uint64_t slot)
{
    size_t at = home_of(map, hash_in(slot));
    while (map->slots[at] && map->slots[at] < slot)
        at++;
    size_t end = first_free(map, at);
    make_room(map, end + 2);
    memmove(&map->slots[at + 1], &map->slots[at], (end - at) * sizeof *map->slots);
    map->slots[at] = slot;
    map->unmoved += hash_in(slot) < map->stretched && end >= map->unmoved;
}

// ---- growing

static void begin_stretch(struct id_map *map)
{
    map->homes_before = map->homes;
    map->homes = map->homes ? map->homes + map->homes / 4 : HOMES_FIRST;
    map->stretched = UINT64_MAX;
    make_room(map, map->homes + 1);
    map->unmoved = first_free(map, map->homes_before);
}

// The lowest hash whose home was there before.
static uint64_t lowest_hash(const struct id_map *map, size_t home)
{
    return (((uint64_t)home << HASH_BITS) + map->homes_before - 1) / map->homes_before;
}

// Looks at the last slot that has its turn yet. Its entry, if there is one, has the largest of the hashes that still
// have their homes where they were before.
static void stretch_slot(struct id_map *map)
{
    size_t at = --map->unmoved;
    uint64_t slot = map->slots[at];
    map->stretched = slot ? hash_in(slot) : lowest_hash(map, at);
    map->slots[at] = 0;
    if (slot)
        insert(map, slot);
}

// Whether the entry that comes next has the hash from which on homes are the new ones: it would not be found.
static bool is_split(const struct id_map *map)
{
    uint64_t next = map->slots[map->unmoved - 1];
    return next && hash_in(next) == map->stretched;
}

static void stretch(struct id_map *map, size_t slots)
{
    for (; map->unmoved > 0 && (slots > 0 || is_split(map)); slots -= slots > 0)
        stretch_slot(map);
    if (map->unmoved == 0)
        map->stretched = 0;
}

void id_map_add(struct id_map *map, const uint8_t id[ID_BYTES], uint32_t place)
{
    if (map->count + 1 > map->homes / 2) {
        stretch(map, map->unmoved); // all has been moved long ago, unless somebody chose ids that collide
        begin_stretch(map);
    }
    stretch(map, SLOTS_A_TURN);
    insert(map, hash_of(id) << HASH_BITS | place);
    map->count++;
}

void id_map_free(struct id_map *map)
{
    memory_free(map->slots, map->room, sizeof *map->slots);
    *map = (struct id_map){0};
}

// ---- saving

// Up to the end of what stands behind its home at the end.
static size_t slots_used(const struct id_map *map)
{
    return map->room ? first_free(map, map->homes) : 0;
}

// Whether each slot stands where it will be looked for. A search that begins among `slots` ends at or before the one
// after them, which is free.
static bool slots_fit(const struct id_map *map, size_t slots, uint64_t place_max)
{
    size_t used = 0, run = 0; // where the run of slots begins in which `at` stands
    uint64_t before = 0;
    bool fit = map->homes <= slots && map->homes_before <= map->homes && map->unmoved <= slots &&
               (map->unmoved > 0 || map->stretched == 0);
    for (size_t at = 0; at < slots && fit; at++) {
        uint64_t slot = map->slots[at], place = (uint32_t)slot;
        if (!slot) {
            run = at + 1;
            continue;
        }
        size_t home = home_of(map, hash_in(slot));
        fit = place > 0 && place <= place_max && slot > before && home >= run && home <= at &&
              (hash_in(slot) < map->stretched) == (at < map->unmoved);
        before = slot;
        used++;
    }
    return fit && used == map->count && used <= map->homes;
}

void id_map_archive(struct archive *archive, struct id_map *map, uint64_t place_max)
{
    bool loading = archive_is_loading(archive);
    uint64_t slots = loading ? 0 : slots_used(map);
    ARCHIVE(archive, map->count);
    ARCHIVE(archive, map->homes);
    ARCHIVE(archive, map->stretched);
    ARCHIVE(archive, map->homes_before);
    ARCHIVE(archive, map->unmoved);
    archive_count(archive, &slots, sizeof *map->slots);
    if (loading && slots > 0)
        make_room(map, slots + 1);
    archive_bytes(archive, map->slots, slots * sizeof *map->slots);
    archive_check(archive, !loading || slots_fit(map, slots, place_max), "a map of ids is no map");
}
