// Reading a ledger back: every block checked and every rule applied again; nothing that is recorded is believed. The
// daemon does it when it starts, the auditor when anyone asks.
#pragma once

#include "index/id_index.h"
#include "ledger/ledger.h"
#include "ledger/tree.h"
#include "points/points.h"
#include "proto/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum replay_result { REPLAY_HOLDS, REPLAY_FAULT, REPLAY_UNREADABLE };

enum { REPLAY_FAULT_BYTES = 600 };

// What is wrong, in words.
struct replay_fault {
    char message[REPLAY_FAULT_BYTES];
};

// Writes the message. Returns false, so that a failing check can end with it.
bool replay_fail(struct replay_fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

// What the blocks so far amount to.
struct replay_fold {
    struct points_state *state; // NULL before block 0
    struct id_index *ids;       // of every transaction; borrowed
};

struct replay {
    struct ledger *ledger; // borrowed
    bool signatures;
    struct tree_edge edge; // the tree of the blocks that hold; its size is the index of the block that is looked at
    struct replay_fold fold;
    uint64_t folded_blocks;    // so many had been taken into the fold before: of them only ids are read
    struct arena arena;        // of the block that is looked at
    struct replay_fault fault; // "in block 17: …", "in the texts: …", or what could not be read
    uint64_t balanced_at;      // the sequence number at which the books were last walked
    uint64_t told_at;          // ... at which the index of ids was last told what is durable
};

// Told before each block. May be NULL.
typedef void replay_progress_fn(void *context, uint64_t blocks_done, uint64_t blocks, uint64_t transactions_done);

// From genesis to the checkpoint, with or without verifying the signatures, which is most of the work. What `ids` lacks
// is added. Afterwards, whatever the result, replay_end.
enum replay_result replay_run(struct replay *replay, struct ledger *ledger, struct id_index *ids, bool signatures,
    replay_progress_fn *progress, void *context);
// On from a state after so many blocks, for which the caller vouches: of these no more is read than the ids that `ids`
// lacks. The state is the replay's from here on. Signatures are not verified.
enum replay_result replay_go_on(struct replay *replay, struct ledger *ledger, struct id_index *ids,
    struct points_state *state, uint64_t blocks, replay_progress_fn *progress, void *context);
// Frees what the caller has not taken: who wants `fold` copies it and leaves zeros.
void replay_end(struct replay *replay);
void replay_fold_free(struct replay_fold *fold);
