// The tree as static files: which tiles there are, what they are called, what they hold.
#include "ledger/tiles.h"
#include "ledger/ledger_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t tile_level_width(uint64_t leaves, unsigned level)
{
    return level < TILE_LEVELS_MAX ? leaves >> (TILE_HEIGHT * level) : 0;
}

// In groups of three digits, all but the last with an x before it. Returns where the text ends.
static char *put_index(char *at, uint64_t index)
{
    enum { GROUP = 1000, GROUPS_MAX = 7 };
    unsigned groups[GROUPS_MAX], count = 0;
    do
        groups[count++] = index % GROUP;
    while (index /= GROUP);
    while (count-- > 0)
        at += sprintf(at, count ? "/x%03u" : "/%03u", groups[count]);
    return at;
}

void tile_path(const struct tile *tile, char path[TILE_PATH_BYTES])
{
    int size = tile->entries ? sprintf(path, "tile/entries") : sprintf(path, "tile/%u", tile->level);
    char *end = put_index(path + size, tile->index);
    if (tile->width < TILE_WIDTH)
        sprintf(end, ".p/%u", tile->width);
}

bool tile_hashes(const struct tile *tile, tree_node_fn *node, void *context, uint8_t *bytes)
{
    for (unsigned i = 0; i < tile->width; i++)
        if (!node(context, tile->level * TILE_HEIGHT, tile->index * TILE_WIDTH + i, bytes + (size_t)i * HASH_BYTES))
            return false;
    return true;
}

struct node_reader {
    struct ledger_reading *reading;
    struct ledger_error *error;
};

static bool read_node(void *context, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    struct node_reader *reader = context;
    return ledger_read_node(reader->reading, level, position, hash, reader->error);
}

// Each with its size before it, in two bytes, big-endian.
static bool read_entries(
    struct ledger_reading *reading, const struct tile *tile, uint8_t *bytes, size_t *size, struct ledger_error *error)
{
    struct ledger_record record;
    uint8_t *at = bytes;
    for (unsigned i = 0; i < tile->width; i++) {
        uint64_t block = tile->index * TILE_WIDTH + i;
        int found = ledger_read_block(reading, block, &record, error);
        if (found < 0)
            return false;
        if (found == 0)
            return ledger_fail(error, "there is no block %" PRIu64, block);
        if (record.header_size > HEADER_BYTES_MAX)
            return ledger_fail(error, "the ledger is damaged: the header of block %" PRIu64 " is too large", block);
        *at++ = (uint8_t)(record.header_size >> 8);
        *at++ = (uint8_t)record.header_size;
        memcpy(at, record.header, record.header_size);
        at += record.header_size;
    }
    *size = (size_t)(at - bytes);
    return true;
}

bool tile_read(
    struct ledger_reading *reading, const struct tile *tile, uint8_t *bytes, size_t *size, struct ledger_error *error)
{
    struct node_reader reader = {reading, error};
    if (tile->entries)
        return read_entries(reading, tile, bytes, size, error);
    *size = (size_t)tile->width * HASH_BYTES;
    return tile_hashes(tile, read_node, &reader, bytes);
}
