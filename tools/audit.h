// The auditor's pass over a ledger: every block checked and every rule applied again; nothing that is recorded is believed.
#pragma once

#include "ledger/ledger.h"
#include "ledger/tree.h"
#include "points/id_map.h"
#include "points/points.h"
#include "proto/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum audit_result { AUDIT_HOLDS, AUDIT_FAULT, AUDIT_UNREADABLE };

enum { AUDIT_FAULT_BYTES = 600 };

// What is wrong, in words.
struct audit_fault {
    char message[AUDIT_FAULT_BYTES];
};

// Writes the message. Returns false, so that a failing check can end with it.
bool audit_fail(struct audit_fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

// What the blocks so far amount to.
struct audit_fold {
    struct points_state *state; // NULL before block 0
    struct id_map ids;          // of every transaction: the sequence number that decided it first
};

struct audit {
    struct ledger *ledger;
    struct tree_edge edge; // the tree of the blocks that hold; its size is the index of the block that is looked at
    struct audit_fold fold;
    struct arena arena;       // of the block that is looked at
    struct audit_fault fault; // "block 17: …", or what could not be read
    char origin[NOTE_NAME_MAX + 1];
    int64_t time;             // of the last block
    uint64_t balanced_at;     // the sequence number at which the books were last walked
};

// Told before each block. May be NULL.
typedef void audit_progress_fn(void *context, uint64_t blocks_done, uint64_t blocks, uint64_t transactions_done);

// Verifies the ledger in a folder from genesis to the checkpoint. Afterwards, whatever the result, audit_close.
enum audit_result audit_verify(struct audit *audit, const char *dir, audit_progress_fn *progress, void *context);
void audit_close(struct audit *audit);

// After AUDIT_HOLDS: what the ledger is, its trial balance and donations, for people.
void audit_report(struct audit *audit, FILE *file);
