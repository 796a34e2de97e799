// The journal: makes groups of blocks durable, one after the other, and then lets their answers go. A thread of its
// own.
#pragma once

#include "checkpoint_keys.h"
#include "job.h"
#include "ledger/ledger.h"

struct journal;

// Jobs that were decided together, in order; those that were recorded become blocks. A group without blocks only waits
// its turn, so that no answer overtakes what it speaks of.
struct group {
    struct job *jobs;
    size_t blocks;
    uint64_t last_sequence;
    struct checkpoint_signers signers; // of the checkpoint after it
};

// Called on the journal's thread with the jobs of a group that is durable, as a list.
typedef void journal_release_fn(void *context, struct job *jobs);

// The ledger's last transaction has the number `last_sequence`.
struct journal *journal_new(
    struct ledger *ledger, uint32_t rules_version, uint64_t last_sequence, journal_release_fn *release, void *context);
void journal_free(struct journal *journal);
void journal_run(struct journal *journal); // the thread: returns after journal_close, when all is durable

// For the decide thread: waits until no group is waiting (one may be under way), then hands over this one.
void journal_wait_for_place(struct journal *journal);
void journal_put(struct journal *journal, struct group group);
void journal_close(struct journal *journal);

// What is on disk: so many blocks, with this root over them, to the transaction with this sequence number.
struct journal_durable {
    uint64_t sequence, blocks;
    uint8_t root[HASH_BYTES];
};
struct journal_durable journal_durable(struct journal *journal);
// Waits until the transaction with this sequence number, whose group was handed over, is on disk. Any thread.
void journal_wait_durable(struct journal *journal, uint64_t sequence);
