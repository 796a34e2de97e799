// The upkeep: full tables become runs, and four runs of a size become one.
#include "index/index_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ENTRIES_A_BREATH = 64 * 1024, ROOM_LEFT_BYTES = 64 << 20 };

noreturn void index_damaged(const struct id_index *index, const struct run *run)
{
    char message[RUN_PATH_BYTES + 200], path[RUN_PATH_BYTES] = "";
    run_path(index->dir, run->header.span, path);
    snprintf(message, sizeof message, "%s was changed on disk while it was in use; it is made again at the next start",
        path);
    index->fail(message);
    abort();
}

static noreturn void fail(const struct id_index *index)
{
    char message[RUN_PATH_BYTES + 200];
    snprintf(message, sizeof message, "the index of ids in %s cannot be written: %s", index->dir,
        errno ? strerror(errno) : "what was written does not read back");
    index->fail(message);
    abort();
}

// What is mapped stays readable. A file that stays is dropped at the next opening.
static void unlink_run(const struct id_index *index, const struct run *run)
{
    char path[RUN_PATH_BYTES];
    if (run_path(index->dir, run->header.span, path))
        unlink(path);
}

static struct run *read_back(const struct id_index *index, struct run_span span)
{
    struct run *run = run_open(index->dir, &index->seeds, span);
    if (!run)
        fail(index);
    if (index->scratch)
        unlink_run(index, run);
    return run;
}

// After a change of what is shared, locked: returns, unlocked, when nobody looks into what was replaced.
static void let_all_see(struct id_index *index)
{
    uint64_t version = atomic_fetch_add(&index->version, 1) + 1;
    pthread_cond_broadcast(&index->changed);
    if (!index->background) {
        index->view = index->shared;
        index->seen_version = version;
    }
    while (index->seen_version < version && !index->closing)
        pthread_cond_wait(&index->changed, &index->lock);
    pthread_mutex_unlock(&index->lock);
}

// ---- tables

static void keep_spare(struct id_index *index, struct id_table *table)
{
    id_table_clear(table);
    pthread_mutex_lock(&index->lock);
    struct id_table *second = index->spare;
    index->spare = table;
    pthread_mutex_unlock(&index->lock);
    id_table_free(second);
}

// Locked. A full table becomes a run when all of it is durable.
static bool table_is_due(const struct id_index *index)
{
    const struct id_view *shared = &index->shared;
    return shared->table_count && shared->run_count < RUNS_MAX && !index->closing &&
           shared->tables[0]->span.last <= index->durable.sequence;
}

static struct id_table *oldest_table(struct id_index *index, struct run_checkpoint *durable)
{
    pthread_mutex_lock(&index->lock);
    struct id_table *table = table_is_due(index) ? index->shared.tables[0] : NULL;
    *durable = index->durable;
    pthread_mutex_unlock(&index->lock);
    return table;
}

static bool write_table(struct id_index *index)
{
    struct run_checkpoint durable;
    struct id_table *table = oldest_table(index, &durable);
    if (!table)
        return false;
    if (!id_table_write(table, index->dir, &index->seeds, &durable))
        fail(index);
    struct run *run = read_back(index, table->span);
    pthread_mutex_lock(&index->lock);
    struct id_view *shared = &index->shared;
    memmove(&shared->tables[0], &shared->tables[1], --shared->table_count * sizeof shared->tables[0]);
    shared->runs[shared->run_count++] = run;
    let_all_see(index);
    keep_spare(index, table);
    return true;
}

// ---- merging

struct merge {
    struct run *inputs[MERGE_RUNS];
    size_t at[MERGE_RUNS]; // of each, the slot that comes next
};

// The input with the lowest hash, and its entry; -1: all have ended.
static int lowest(const struct id_index *index, struct merge *merge, uint64_t *entry)
{
    int found = -1;
    *entry = UINT64_MAX;
    for (int i = 0; i < MERGE_RUNS; i++) {
        uint64_t next = run_next(merge->inputs[i], &merge->at[i]);
        if (next == RUN_DAMAGED)
            index_damaged(index, merge->inputs[i]);
        if (!next || next >> 32 >= *entry >> 32)
            continue;
        found = i;
        *entry = next;
    }
    return found;
}

// Until the index closes.
static void write_merged(struct id_index *index, struct merge *merge, struct run_writer *writer)
{
    size_t count = 0;
    uint64_t entry;
    for (int i; (i = lowest(index, merge, &entry)) >= 0 && !index->closing;) {
        const struct run *run = merge->inputs[i];
        merge->at[i]++;
        run_writer_add(writer, (uint32_t)(entry >> 32), run->header.span.first + (uint32_t)entry - 1);
        if (++count % ENTRIES_A_BREATH == 0) // those who add must not wait for a long merge
            while (write_table(index))
                ;
    }
}

// NULL: the index closes.
static struct run *merge_runs(struct id_index *index, struct merge *merge)
{
    struct run_span span = {merge->inputs[0]->header.span.first, merge->inputs[MERGE_RUNS - 1]->header.span.last};
    uint64_t entries = 0;
    const uint8_t *smallest = merge->inputs[0]->header.smallest, *largest = merge->inputs[0]->header.largest;
    for (int i = 0; i < MERGE_RUNS; i++) {
        const struct run_header *header = &merge->inputs[i]->header;
        entries += header->entries;
        smallest = memcmp(header->smallest, smallest, ID_BYTES) < 0 ? header->smallest : smallest;
        largest = memcmp(header->largest, largest, ID_BYTES) > 0 ? header->largest : largest;
    }
    const struct run_checkpoint *checkpoint = &merge->inputs[MERGE_RUNS - 1]->header.checkpoint;
    struct run_writer *writer = run_writer_new(index->dir, &index->seeds, span, checkpoint, entries);
    if (!writer)
        fail(index);
    write_merged(index, merge, writer);
    if (index->closing) {
        run_writer_drop(writer);
        return NULL;
    }
    if (!run_writer_end(writer, smallest, largest))
        fail(index);
    return read_back(index, span);
}

static void replace_runs(struct id_index *index, size_t first, struct run *merged)
{
    struct run *old[MERGE_RUNS];
    pthread_mutex_lock(&index->lock);
    struct id_view *shared = &index->shared;
    memcpy(old, &shared->runs[first], sizeof old);
    shared->runs[first] = merged;
    shared->run_count -= MERGE_RUNS - 1;
    memmove(&shared->runs[first + 1], &shared->runs[first + MERGE_RUNS],
        (shared->run_count - first - 1) * sizeof shared->runs[0]);
    let_all_see(index);
    for (int i = 0; i < MERGE_RUNS; i++) {
        unlink_run(index, old[i]);
        run_close(old[i]);
    }
}

// A run of level n has about 4^n tables' ids.
static unsigned level_of(const struct id_index *index, const struct run *run)
{
    unsigned level = 0;
    for (uint64_t tables = run->header.entries / index->table_ids; tables >= MERGE_RUNS; tables /= MERGE_RUNS)
        level++;
    return level;
}

static bool are_alike(const struct id_index *index, struct run *const *inputs)
{
    unsigned level = level_of(index, inputs[0]);
    for (int i = 1; i < MERGE_RUNS; i++)
        if (level_of(index, inputs[i]) != level)
            return false;
    return inputs[MERGE_RUNS - 1]->header.span.last - inputs[0]->header.span.first < RUN_SPAN_MAX;
}

// The oldest four neighbours of one level, so that levels fall from old to new; too many runs that are not alike
// (some were damaged and made again) are merged from the newest on.
static bool find_merge(const struct id_index *index, size_t *first)
{
    const struct id_view *shared = &index->shared; // only the upkeep changes its runs
    for (*first = 0; *first + MERGE_RUNS <= shared->run_count; ++*first)
        if (are_alike(index, &shared->runs[*first]))
            return true;
    *first = shared->run_count - MERGE_RUNS;
    return shared->run_count > RUNS_MAX / 2;
}

// A merge needs room for what it makes before it gives back what it read; without, the runs stay as they are, up to as
// many as there may be.
static bool room_for_merge(const struct id_index *index, size_t first)
{
    const struct id_view *shared = &index->shared;
    struct statvfs disk;
    uint64_t needed = ROOM_LEFT_BYTES;
    for (size_t i = first; i < first + MERGE_RUNS; i++)
        needed += shared->runs[i]->mapping_size;
    return shared->run_count == RUNS_MAX ||
           (statvfs(index->dir, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize >= needed);
}

static bool merge_once(struct id_index *index)
{
    size_t first;
    struct merge merge = {0};
    if (index->closing || !find_merge(index, &first) || !room_for_merge(index, first))
        return false;
    memcpy(merge.inputs, &index->shared.runs[first], sizeof merge.inputs);
    struct run *merged = merge_runs(index, &merge);
    if (merged)
        replace_runs(index, first, merged);
    return merged != NULL;
}

bool upkeep_step(struct id_index *index)
{
    return write_table(index) || merge_once(index);
}

void *upkeep_run(void *context)
{
    struct id_index *index = context;
    for (;;) {
        while (upkeep_step(index))
            ;
        pthread_mutex_lock(&index->lock);
        while (!table_is_due(index) && !index->closing)
            pthread_cond_wait(&index->changed, &index->lock);
        bool closing = index->closing;
        pthread_mutex_unlock(&index->lock);
        if (closing)
            return NULL;
    }
}
