// Reading what was recorded: transactions by sequence number, statements, blocks, proofs. Any thread; speaks of durable
// blocks only.
#pragma once

#include "job.h"
#include "ledger/ledger.h"
#include "proto/entry.h"

struct history {
    struct ledger *ledger;
};

// Whether the ledger holds this very transaction, byte for byte, at this sequence number.
bool history_holds(struct history *history, uint64_t sequence, struct span transaction);

// Errands: each fills the job's response from its request and from `sequence`.
void history_finish_submit(struct job *job, struct history *history); // looks up the originals of duplicates
void history_finish_statement(struct job *job, struct history *history);
void history_finish_transaction(struct job *job, struct history *history);
void history_finish_blocks(struct job *job, struct history *history);
void history_finish_checkpoint(struct job *job, struct history *history);
void history_finish_inclusion(struct job *job, struct history *history);
void history_finish_consistency(struct job *job, struct history *history);
