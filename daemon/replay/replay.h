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
#define REPLAY_NO_BLOCK UINT64_MAX

// What is wrong, in words: "in block 17: …", "in the checkpoint: …", "in the checkpoint of 2021-11-12: …", "in the
// cosigned checkpoint of 2021-11-12: …", "in the kept checkpoints: …", "in the texts: …", "in the tables: …", or what
// could not be read.
struct replay_fault {
    uint64_t block; // REPLAY_NO_BLOCK: in none
    char message[REPLAY_FAULT_BYTES];
};

// Writes the message. Returns false, so that a failing check can end with it.
bool replay_fail(struct replay_fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

// What the blocks so far amount to.
struct replay_fold {
    struct points_state *state;  // NULL before block 0
    struct id_index *ids;        // of every transaction; borrowed
    struct differing *differing; // uthash, by sequence number: what the rules decided otherwise than recorded
};

// Told before each block.
typedef void replay_progress_fn(void *context, uint64_t blocks_done, uint64_t blocks, uint64_t transactions_done);

struct replay_block;

// A block that holds, after it was folded.
struct replay_visit {
    const struct replay_block *block; // replay/block.h
    const struct points_state *state; // after it
    struct ledger_reading *reading;   // for what lies beside it
};
// False ends the replay there; what it came to is REPLAY_HOLDS.
typedef bool replay_visit_fn(void *context, const struct replay_visit *visit);

typedef void replay_tell_fn(void *context, const struct replay_fault *fault);

struct replay_settings {
    struct ledger *ledger;        // borrowed, as all here
    struct id_index *ids;         // of every transaction; what it lacks is added
    bool signatures;              // verify them, which is most of the work
    uint64_t blocks;              // go no further than the first so many; 0: to the end
    int64_t before;               // ... and not as far as a block of this time, Unix seconds, or later; 0: any time
    replay_progress_fn *progress; // may be NULL
    replay_visit_fn *visit;       // may be NULL
    // Told of each fault, one of each kind in a block at most; the replay goes on where it can: once a block cannot be
    // folded, nothing after it is decided again. NULL: the first fault ends the replay.
    replay_tell_fn *tell;
    void *context; // of these
};

struct replay {
    struct replay_settings settings;
    struct tree_edge edge; // the tree of the blocks that were looked at; its size is the index of the next
    struct replay_fold fold;
    struct replay_fault fault; // the last
    uint64_t faults;
    bool stopped;    // short of the end, as the settings or a visit said
    bool fold_ended; // at a block that cannot be folded
    bool tree_ended; // at a block without a header

    // The rest is the replay's own.
    struct ledger_heading before; // of the block before
    bool before_known;
    uint64_t folded_blocks;         // so many had been taken into the fold before: of them only ids are read
    struct arena arena;             // what a block asks for of earlier ones
    uint64_t balanced_at;           // the sequence number at which the books were last walked
    uint64_t told_at;               // ... at which the index of ids was last told what is durable
    uint64_t kept_day[LEDGER_KEPT]; // JST day of the newest kept checkpoint that was looked at
};

// From genesis to the checkpoint, or as far as the settings say. Afterwards, whatever the result, replay_end.
enum replay_result replay_run(struct replay *replay, const struct replay_settings *settings);
// On from a state after so many blocks, for which the caller vouches: of these no more is read than the ids that the
// index lacks. The state is the replay's from here on.
enum replay_result replay_go_on(
    struct replay *replay, const struct replay_settings *settings, struct points_state *state, uint64_t blocks);
// On over the blocks that the ledger has got since this replay ended, with REPLAY_HOLDS.
enum replay_result replay_more(struct replay *replay);
// Frees what the caller has not taken: who wants `fold` copies it and leaves zeros.
void replay_end(struct replay *replay);
void replay_fold_free(struct replay_fold *fold);
