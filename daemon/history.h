// Reading what was recorded: transactions by sequence number, statements, blocks, proofs. Any thread; speaks of durable
// blocks only.
#pragma once

#include "job.h"
#include "ledger/ledger.h"
#include "points/points.h"
#include "proto/entry.h"

enum { HISTORY_BLOCKS_MAX = 1000 }; // of one answer

struct history {
    struct ledger *ledger;
};

// Looks for recorded transactions, one after the other: of one block, asked for in ascending order, all are found in
// one walk through it. Sees what was durable when it first looked.
struct history_search {
    struct history *history;
    struct ledger_reading *reading; // NULL: it has not looked yet
    struct ledger_place place;      // what was found last; a count of 0: nothing
    uint64_t sequence;              // of what was found last
    struct entry_walk transactions; // of its block
    struct outcome_walk outcomes;
};
void history_search_end(struct history_search *search); // closes its reading

// Whether the ledger holds this very transaction, byte for byte, at this sequence number.
bool history_holds(struct history_search *search, uint64_t sequence, struct span transaction);

// Whether the transaction at this sequence number has this id.
bool history_holds_id(struct history_search *search, uint64_t sequence, const uint8_t id[ID_BYTES]);

// What was decided at this sequence number; the transaction lives in the arena.
void history_decided(
    struct history_search *search, uint64_t sequence, struct arena *arena, struct points_decided *decided);

// Does the job's errand: opens a reading for it, and packs the response.
void history_run(struct history *history, struct job *job);

// Errands: each fills the response from the job's request and from `sequence`.
job_errand history_submit; // looks up the originals of duplicates
job_errand history_statement;
job_errand history_transaction;
job_errand history_notices; // adds the texts to `notices`
job_errand history_blocks;
job_errand history_checkpoint;
job_errand history_inclusion;
job_errand history_consistency;
