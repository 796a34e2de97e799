// The Merkle tree of RFC 6962, section 2.1: growing edge, roots and proofs. Storage is the caller's.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_LEVELS_MAX = 64, TREE_PROOF_MAX = 2 * TREE_LEVELS_MAX };

// The roots of the complete subtrees that a tree of `size` leaves splits into, at the level of each set bit of `size`.
struct tree_edge {
    uint64_t size;
    uint8_t roots[TREE_LEVELS_MAX][HASH_BYTES];
};

// Adds a leaf. Writes its hash and those of the subtrees that it completes, lowest first, to `completed` (at most
// TREE_LEVELS_MAX); returns how many: 1 + the number of trailing one bits of the leaf's index.
size_t tree_append(struct tree_edge *edge, const uint8_t leaf[HASH_BYTES], uint8_t completed[][HASH_BYTES]);
void tree_root(const struct tree_edge *edge, uint8_t root[HASH_BYTES]); // of no leaves: SHA-256("")

// Gives the hash of a complete subtree: level 0 are leaves, `position` counts from the left. False: could not be read.
typedef bool tree_node_fn(void *context, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES]);

bool tree_root_at(uint64_t size, tree_node_fn *node, void *context, uint8_t root[HASH_BYTES]);
// Proofs in RFC 6962 order into `proof` of TREE_PROOF_MAX. False when a node could not be read or the numbers do not
// fit (index < size; 1 <= from <= to). `count` is the number of hashes.
bool tree_prove_inclusion(
    uint64_t index, uint64_t size, tree_node_fn *node, void *context, uint8_t proof[][HASH_BYTES], size_t *count);
bool tree_prove_consistency(
    uint64_t from, uint64_t to, tree_node_fn *node, void *context, uint8_t proof[][HASH_BYTES], size_t *count);

bool tree_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[HASH_BYTES],
    const uint8_t proof[][HASH_BYTES], size_t count, const uint8_t root[HASH_BYTES]);
bool tree_check_consistency(uint64_t from, uint64_t to, const uint8_t from_root[HASH_BYTES],
    const uint8_t to_root[HASH_BYTES], const uint8_t proof[][HASH_BYTES], size_t count);
