// The one door through which the ledger is written; nobody outside the ledger includes this.
#pragma once

#include "ledger/ledger_internal.h"

// A write transaction. Once it has failed, puts do nothing and the commit aborts. Edge, sequence number and time run
// ahead of the ledger's own until the commit.
struct put {
    struct ledger *ledger;
    MDB_txn *txn;
    MDB_cursor *cursors[BLOCK_TABLES];
    bool failed;
    bool mirrors; // blocks of another ledger
    struct ledger_error *error;
    struct tree_edge edge;
    uint64_t next_sequence;
    int64_t time;
};

void put_begin(struct put *put, struct ledger *ledger, struct ledger_error *error);
void put_open_cursors(struct put *put); // before any block
void put_meta(struct put *put, const char *key, const void *bytes, size_t size);
// What the caller must have got right; the ledger would not pass its own check otherwise. False: the error says what.
bool put_follows(struct put *put, const struct ledger_block *block);
void put_block(struct put *put, const struct ledger_block *block, const uint8_t *header, size_t header_size);
void put_new_block(struct put *put, const struct ledger_block *block); // of our own: its header is made here
void put_note_of_day(struct put *put, enum ledger_table table, uint64_t day, const char *note);
// After it the ledger stands where the transaction stood; or, when it failed, where it was.
bool put_commit(struct put *put);
