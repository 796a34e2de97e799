// The index as those who ask see it: a table, tables on their way to disk, runs.
#include "index/id_index.h"
#include "index/index_internal.h"

#include <string.h>

// ---- views

// What the asking thread looks into is its own copy; what the upkeep has replaced goes when it has a newer one.
// Locked.
static void see(struct id_index *index)
{
    index->view = index->shared;
    index->seen_version = index->version;
    pthread_cond_broadcast(&index->changed);
}

static void take_view(struct id_index *index)
{
    pthread_mutex_lock(&index->lock);
    see(index);
    pthread_mutex_unlock(&index->lock);
}

static bool has_newer_view(const struct id_index *index)
{
    return atomic_load_explicit(&index->version, memory_order_acquire) != index->seen_version;
}

uint64_t id_index_covered(const struct id_index *index)
{
    return index->current->span.last;
}

// ---- asking

static uint64_t find_in_run(const struct id_index *index, const struct run *run, const uint8_t id[ID_BYTES],
    uint64_t hash, id_index_holds_fn *holds, void *context)
{
    size_t at = 0;
    for (uint64_t sequence; (sequence = run_find(run, hash, &at));) {
        if (sequence == RUN_DAMAGED)
            index_damaged(index, run);
        if (holds(context, sequence, id))
            return sequence;
    }
    return 0;
}

uint64_t id_index_get(struct id_index *index, const uint8_t id[ID_BYTES], id_index_holds_fn *holds, void *context)
{
    uint64_t hash = run_hash(&index->seeds, id), sequence = id_table_get(index->current, id, hash);
    if (!sequence && has_newer_view(index))
        take_view(index);
    for (size_t i = index->view.table_count; i > 0 && !sequence; i--)
        if (id_table_may_hold(index->view.tables[i - 1], id))
            sequence = id_table_get(index->view.tables[i - 1], id, hash);
    for (size_t i = index->view.run_count; i > 0 && !sequence; i--)
        if (run_may_hold(index->view.runs[i - 1], id))
            sequence = find_in_run(index, index->view.runs[i - 1], id, hash, holds, context);
    return sequence;
}

void id_index_prefetch(const struct id_index *index, const uint8_t id[ID_BYTES])
{
    uint64_t hash = run_hash(&index->seeds, id);
    id_table_prefetch(index->current, hash);
    for (size_t i = 0; i < index->view.table_count; i++)
        if (id_table_may_hold(index->view.tables[i], id))
            id_table_prefetch(index->view.tables[i], hash);
    for (size_t i = 0; i < index->view.run_count; i++)
        if (run_may_hold(index->view.runs[i], id))
            run_prefetch(index->view.runs[i], hash);
}

// ---- adding

void id_index_durable(struct id_index *index, uint64_t sequence, uint64_t blocks, const uint8_t root[HASH_BYTES])
{
    pthread_mutex_lock(&index->lock);
    index->durable = (struct run_checkpoint){.sequence = sequence, .blocks = blocks};
    memcpy(index->durable.root, root, HASH_BYTES);
    if (index->shared.table_count)
        pthread_cond_broadcast(&index->changed);
    pthread_mutex_unlock(&index->lock);
}

// The full table joins those that wait for the upkeep; an empty one takes its place. Waits while too many do.
static void replace_table(struct id_index *index)
{
    struct id_table *full = index->current;
    pthread_mutex_lock(&index->lock);
    while (index->shared.table_count == TABLES_WAITING) {
        see(index); // the upkeep waits for it before it goes on
        pthread_cond_wait(&index->changed, &index->lock);
    }
    index->shared.tables[index->shared.table_count++] = full;
    index->current = index->spare ? index->spare : id_table_new(index->table_ids);
    index->spare = NULL;
    index->current->span = (struct run_span){full->span.last + 1, full->span.last};
    atomic_fetch_add(&index->version, 1);
    see(index);
    pthread_mutex_unlock(&index->lock);
}

void id_index_add(struct id_index *index, const uint8_t id[ID_BYTES], uint64_t sequence)
{
    id_table_add(index->current, id, run_hash(&index->seeds, id), sequence);
    if (index->current->count < index->table_ids)
        return;
    replace_table(index);
    if (!index->background)
        while (upkeep_step(index))
            ;
}
