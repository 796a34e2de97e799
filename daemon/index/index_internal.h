// What the files of index/ share.
#pragma once

#include "index/id_index.h"
#include "index/id_table.h"
#include "index/run.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdnoreturn.h>

enum { TABLES_WAITING = 4, RUNS_MAX = 64, MERGE_RUNS = 4 };

// Where ids are, besides the current table: full tables not yet written and runs, each in ascending order.
struct id_view {
    struct id_table *tables[TABLES_WAITING];
    size_t table_count;
    struct run *runs[RUNS_MAX];
    size_t run_count;
};

struct id_index {
    char dir[RUN_PATH_BYTES];
    bool scratch; // the folder goes with the index
    struct run_seeds seeds;
    size_t table_ids;
    bool background;
    void (*fail)(const char *message);

    // The asking thread's.
    struct id_table *current;
    struct id_view view;

    pthread_mutex_t lock; // over what follows
    pthread_cond_t changed;
    struct id_view shared;
    struct run_checkpoint durable;
    atomic_uint_fast64_t version; // of `shared`
    uint64_t seen_version;        // that the asking thread looks into
    struct id_table *spare;       // empty; NULL: none
    atomic_bool closing;
    pthread_t thread;
};

// upkeep.c: writes one full table, or merges runs once. False: there was nothing to do.
bool upkeep_step(struct id_index *index);
void *upkeep_run(void *index); // the thread
// What a run holds cannot be trusted: tells those who own the index, who must leave.
noreturn void index_damaged(const struct id_index *index, const struct run *run);
