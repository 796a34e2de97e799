// The Merkle tree of RFC 6962: proofs are made as section 2.1 defines them and checked as RFC 9162, section 2.1, does.
#include "ledger/tree.h"
#include "ledger/hash.h"

#include <string.h>

static bool same(const uint8_t a[HASH_BYTES], const uint8_t b[HASH_BYTES])
{
    return memcmp(a, b, HASH_BYTES) == 0;
}

size_t tree_append(struct tree_edge *edge, const uint8_t leaf[HASH_BYTES], uint8_t completed[][HASH_BYTES])
{
    size_t level = 0;
    memcpy(completed[0], leaf, HASH_BYTES);
    for (; edge->size >> level & 1; level++)
        hash_node(edge->roots[level], completed[level], completed[level + 1]);
    memcpy(edge->roots[level], completed[level], HASH_BYTES);
    edge->size++;
    return level + 1;
}

static bool edge_node(void *context, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    (void)position; // the edge holds one subtree a level
    const struct tree_edge *edge = context;
    memcpy(hash, edge->roots[level], HASH_BYTES);
    return true;
}

// Where the nodes come from, and how many hashes of a proof have been written.
struct prover {
    tree_node_fn *node;
    void *context;
    uint8_t (*proof)[HASH_BYTES];
    size_t count;
};

// The root of leaves `begin` to `end`, folded from the smallest complete subtree up. `begin` is where the recursion of
// RFC 6962 splits, so each complete subtree stands at a multiple of its own size.
static bool range_root(const struct prover *prover, uint64_t begin, uint64_t end, uint8_t root[HASH_BYTES])
{
    uint64_t size = end - begin;
    bool first = true;
    hash_bytes(NULL, 0, root);
    for (unsigned level = 0; level < TREE_LEVELS_MAX; level++) {
        if (!(size >> level & 1))
            continue;
        uint8_t subtree[HASH_BYTES];
        if (!prover->node(prover->context, level, (begin >> level) + ((size >> level) ^ 1), subtree))
            return false;
        if (first)
            memcpy(root, subtree, HASH_BYTES);
        else
            hash_node(subtree, root, root);
        first = false;
    }
    return true;
}

void tree_root(const struct tree_edge *edge, uint8_t root[HASH_BYTES])
{
    struct prover prover = {.node = edge_node, .context = (void *)edge};
    range_root(&prover, 0, edge->size, root);
}

bool tree_root_at(uint64_t size, tree_node_fn *node, void *context, uint8_t root[HASH_BYTES])
{
    struct prover prover = {.node = node, .context = context};
    return range_root(&prover, 0, size, root);
}

// The largest power of two below `size`, which is at least 2.
static uint64_t split(uint64_t size)
{
    return (uint64_t)1 << (63 - __builtin_clzll(size - 1));
}

static bool prove_range(struct prover *prover, uint64_t begin, uint64_t end)
{
    return range_root(prover, begin, end, prover->proof[prover->count++]);
}

// PATH of RFC 6962, section 2.1.1.
static bool path(struct prover *prover, uint64_t index, uint64_t begin, uint64_t end)
{
    if (end - begin == 1)
        return true;
    uint64_t middle = begin + split(end - begin);
    if (index < middle)
        return path(prover, index, begin, middle) && prove_range(prover, middle, end);
    return path(prover, index, middle, end) && prove_range(prover, begin, middle);
}

bool tree_prove_inclusion(
    uint64_t index, uint64_t size, tree_node_fn *node, void *context, uint8_t proof[][HASH_BYTES], size_t *count)
{
    struct prover prover = {.node = node, .context = context, .proof = proof};
    if (index >= size || !path(&prover, index, 0, size))
        return false;
    *count = prover.count;
    return true;
}

// SUBPROOF of RFC 6962, section 2.1.2; `from` counts from the tree's left edge. A subtree that begins there is one
// whose root the checker knows already.
static bool subproof(struct prover *prover, uint64_t from, uint64_t begin, uint64_t end)
{
    if (from == end)
        return begin == 0 || prove_range(prover, begin, end);
    uint64_t middle = begin + split(end - begin);
    if (from <= middle)
        return subproof(prover, from, begin, middle) && prove_range(prover, middle, end);
    return subproof(prover, from, middle, end) && prove_range(prover, begin, middle);
}

bool tree_prove_consistency(
    uint64_t from, uint64_t to, tree_node_fn *node, void *context, uint8_t proof[][HASH_BYTES], size_t *count)
{
    struct prover prover = {.node = node, .context = context, .proof = proof};
    if (from < 1 || from > to || !subproof(&prover, from, 0, to))
        return false;
    *count = prover.count;
    return true;
}

// The walk of a checker: `at` is the node's position on its level, `last` the position of the level's last node.
struct climb {
    uint64_t at, last;
};

static bool on_the_right(const struct climb *climb)
{
    return climb->at & 1 || climb->at == climb->last;
}

// To the parent; from a last node that has no sibling, to the first ancestor that has one.
static void climb_up(struct climb *climb)
{
    if (on_the_right(climb))
        while (climb->at && !(climb->at & 1)) {
            climb->at >>= 1;
            climb->last >>= 1;
        }
    climb->at >>= 1;
    climb->last >>= 1;
}

bool tree_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[HASH_BYTES],
    const uint8_t proof[][HASH_BYTES], size_t count, const uint8_t root[HASH_BYTES])
{
    if (index >= size)
        return false;
    struct climb climb = {.at = index, .last = size - 1};
    uint8_t hash[HASH_BYTES];
    memcpy(hash, leaf, HASH_BYTES);
    for (size_t i = 0; i < count; i++) {
        if (climb.last == 0)
            return false;
        if (on_the_right(&climb))
            hash_node(proof[i], hash, hash);
        else
            hash_node(hash, proof[i], hash);
        climb_up(&climb);
    }
    return climb.last == 0 && same(hash, root);
}

bool tree_check_consistency(uint64_t from, uint64_t to, const uint8_t from_root[HASH_BYTES],
    const uint8_t to_root[HASH_BYTES], const uint8_t proof[][HASH_BYTES], size_t count)
{
    if (from < 1 || from > to)
        return false;
    if (from == to)
        return count == 0 && same(from_root, to_root);
    struct climb climb = {.at = from - 1, .last = to - 1};
    for (; climb.at & 1; climb.last >>= 1)
        climb.at >>= 1;
    bool known = climb.at == 0; // the old tree is a complete subtree of the new one, and the proof leaves its root out
    if (!known && count == 0)
        return false;
    uint8_t old_hash[HASH_BYTES], new_hash[HASH_BYTES];
    memcpy(old_hash, known ? from_root : proof[0], HASH_BYTES);
    memcpy(new_hash, old_hash, HASH_BYTES);
    for (size_t i = known ? 0 : 1; i < count; i++) {
        if (climb.last == 0)
            return false;
        if (on_the_right(&climb)) {
            hash_node(proof[i], old_hash, old_hash);
            hash_node(proof[i], new_hash, new_hash);
        } else {
            hash_node(new_hash, proof[i], new_hash);
        }
        climb_up(&climb);
    }
    return climb.last == 0 && same(old_hash, from_root) && same(new_hash, to_root);
}
