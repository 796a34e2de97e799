// Offline proofs (C2SP tlog-proof.md): that a block stands in the tree of a signed checkpoint, as one small text file.
//
//     c2sp.org/tlog-proof@v1
//     extra BASE64          the block's header, which is the leaf
//     index N               of the block
//     BASE64                the audit path, from the leaf's sibling upward
//     …
//     (empty line)
//     the checkpoint
#pragma once

#include "ledger/ledger.h"
#include "ledger/tree.h"

enum { PROOF_FILE_BYTES_MAX = 16 * 1024 };

struct proof_file {
    uint64_t index;
    uint8_t header[HEADER_BYTES_MAX];
    size_t header_size;
    uint8_t path[TREE_PROOF_MAX][HASH_BYTES];
    size_t path_count;
    char note[NOTE_BYTES_MAX];
};

// The proof of a block in the newest checkpoint; it has been checked. 1: made; 0: no such block; -1: `error`.
int proof_file_make(
    struct ledger_reading *reading, uint64_t index, struct proof_file *proof, struct ledger_error *error);

// The file's text, NUL-terminated, into `text` of PROOF_FILE_BYTES_MAX; its size.
size_t proof_file_write(const struct proof_file *proof, char *text);
// Takes the text apart; only the form is looked at. False: `error` says what is wrong and in which line.
bool proof_file_read(const char *text, size_t size, struct proof_file *proof, struct ledger_error *error);

// All but the checkpoint's signature: the header is the canonical form of a BlockHeader of this index, and the path
// leads from it to the root. `checkpoint` is what the note says.
bool proof_file_check(const struct proof_file *proof, struct note_checkpoint *checkpoint, struct ledger_error *error);
