// The tree as static files (C2SP tlog-tiles.md): tiles of up to 256 hashes, which change no more once they are full,
// and bundles of as many block headers.
#pragma once

#include "ledger/ledger.h"
#include "ledger/tree.h"

enum {
    TILE_WIDTH = 256,
    TILE_HEIGHT = 8, // levels of the tree that one level of tiles spans
    TILE_LEVELS_MAX = TREE_LEVELS_MAX / TILE_HEIGHT,
    TILE_PATH_BYTES = 64,
    TILE_BYTES_MAX = TILE_WIDTH * (2 + HEADER_BYTES_MAX), // of a bundle; of hashes: TILE_WIDTH * HASH_BYTES
};

struct tile {
    bool entries;   // a bundle of headers; its level is 0
    unsigned level; // of tiles
    uint64_t index; // from the left
    unsigned width; // 1 to TILE_WIDTH hashes or headers
};

// How many hashes the level of tiles has in a tree of so many leaves; 0 from some level on.
uint64_t tile_level_width(uint64_t leaves, unsigned level);
// "tile/1/x001/x234/067", "tile/entries/000.p/17"
void tile_path(const struct tile *tile, char path[TILE_PATH_BYTES]);

// `width` hashes of a tile of hashes. False: a node could not be read.
bool tile_hashes(const struct tile *tile, tree_node_fn *node, void *context, uint8_t *bytes);
// A tile's bytes as the ledger gives them, into `bytes` of TILE_BYTES_MAX.
bool tile_read(
    struct ledger_reading *reading, const struct tile *tile, uint8_t *bytes, size_t *size, struct ledger_error *error);
