#include "tools/consistency.h"
#include "ledger/tree.h"

#include <string.h>

bool consistency_holds(
    const Points__V1__ProofReply *reply, const struct note_checkpoint *older, const struct note_checkpoint *newer)
{
    uint8_t hashes[TREE_PROOF_MAX][HASH_BYTES];
    if (reply->n_hashes > TREE_PROOF_MAX)
        return false;
    for (size_t i = 0; i < reply->n_hashes; i++) {
        if (reply->hashes[i].len != HASH_BYTES)
            return false;
        memcpy(hashes[i], reply->hashes[i].data, HASH_BYTES);
    }
    return tree_check_consistency(
        older->size, newer->size, older->root, newer->root, (const uint8_t(*)[HASH_BYTES])hashes, reply->n_hashes);
}
