// Threads take batches of blocks by turns into a ring, from which the folding thread takes them out in order.
#include "replay/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_TRANSACTIONS = 4096, // about: larger ones fall out of the caches, smaller ones wake threads too often
    BATCH_BLOCKS_MIN = 4,
    BATCH_BLOCKS_MAX = 64,
    BATCHES_A_THREAD = 3, // one is read, one waits, one is folded
    THREADS_MAX = 64,
};
static const size_t batch_arena_bytes = (size_t)1 << 30; // what hostile blocks could take; others take a hundredth

struct batch {
    bool ready;
    struct replay_block blocks[BATCH_BLOCKS_MAX];
    struct arena arena;
};

struct ahead {
    struct ledger *ledger;
    uint64_t first, end;
    bool signatures;
    uint64_t batch_blocks;
    size_t batch_count;
    struct batch *batches; // a ring: batch n of the blocks stands in n % batch_count

    // The folding thread's.
    uint64_t next; // block
    bool holding;  // a batch, whose blocks it looks at

    pthread_mutex_t lock; // over what follows, and each batch's `ready`
    pthread_cond_t filled, emptied;
    uint64_t claimed, released; // batches
    bool closing, failed;
    struct ledger_error error;

    size_t thread_count;
    pthread_t threads[THREADS_MAX];
};

static uint64_t batches_in_all(const struct ahead *ahead)
{
    return (ahead->end - ahead->first + ahead->batch_blocks - 1) / ahead->batch_blocks;
}

// ---- the reading threads

// The number of the next batch to read, when there is room for it. False: there is no more.
static bool claim(struct ahead *ahead, uint64_t *number)
{
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->closing && ahead->claimed < batches_in_all(ahead) &&
           ahead->claimed == ahead->released + ahead->batch_count)
        pthread_cond_wait(&ahead->emptied, &ahead->lock);
    bool claimed = !ahead->closing && ahead->claimed < batches_in_all(ahead);
    if (claimed)
        *number = ahead->claimed++;
    pthread_mutex_unlock(&ahead->lock);
    return claimed;
}

static void fill(struct ahead *ahead, struct ledger_reading *reading, uint64_t number)
{
    struct batch *batch = &ahead->batches[number % ahead->batch_count];
    uint64_t index = ahead->first + number * ahead->batch_blocks;
    arena_reset(&batch->arena);
    for (size_t i = 0; i < ahead->batch_blocks && index < ahead->end; i++, index++)
        replay_read_block(
            reading, ledger_id(ahead->ledger), index, ahead->signatures, &batch->arena, &batch->blocks[i]);
    pthread_mutex_lock(&ahead->lock);
    batch->ready = true;
    pthread_cond_signal(&ahead->filled);
    pthread_mutex_unlock(&ahead->lock);
}

static void *read_batches(void *data)
{
    struct ahead *ahead = data;
    struct ledger_error error;
    uint64_t number;
    struct ledger_reading *reading = ledger_read_begin(ahead->ledger, &error);
    while (reading && claim(ahead, &number))
        fill(ahead, reading, number);
    if (!reading) {
        pthread_mutex_lock(&ahead->lock);
        ahead->failed = true;
        ahead->error = error;
        pthread_cond_signal(&ahead->filled);
        pthread_mutex_unlock(&ahead->lock);
    }
    ledger_read_end(reading);
    return NULL;
}

// ---- the folding thread

static size_t threads_wanted(uint64_t batches)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
    return wanted < batches ? wanted : (size_t)batches;
}

static bool start_threads(struct ahead *ahead, struct ledger_error *error)
{
    size_t wanted = threads_wanted(batches_in_all(ahead));
    int code = 0;
    ahead->batch_count = wanted * BATCHES_A_THREAD;
    ahead->batches = calloc(ahead->batch_count + 1, sizeof *ahead->batches);
    if (!ahead->batches)
        code = ENOMEM;
    for (size_t i = 0; !code && i < ahead->batch_count; i++)
        arena_init(&ahead->batches[i].arena, batch_arena_bytes);
    while (!code && ahead->thread_count < wanted) {
        code = pthread_create(&ahead->threads[ahead->thread_count], NULL, read_batches, ahead);
        ahead->thread_count += !code;
    }
    if (code && !ahead->thread_count)
        snprintf(error->message, sizeof error->message, "no thread to read the ledger with: %s", strerror(code));
    return !code || ahead->thread_count;
}

// By the transactions that a block has on average.
static uint64_t batch_blocks(struct ledger_reading *reading, uint64_t blocks)
{
    struct ledger_tip tip;
    struct ledger_error error;
    uint64_t a_block = BATCH_TRANSACTIONS; // nothing is known of the header that tells: the number may be any
    if (blocks && ledger_read_tip(reading, blocks, &tip, &error))
        a_block = tip.sequence / blocks;
    uint64_t wanted = a_block < BATCH_TRANSACTIONS ? BATCH_TRANSACTIONS / (a_block + 1) : 0;
    return wanted < BATCH_BLOCKS_MIN ? BATCH_BLOCKS_MIN : wanted > BATCH_BLOCKS_MAX ? BATCH_BLOCKS_MAX : wanted;
}

struct ahead *ahead_begin(struct ledger *ledger, struct ledger_reading *reading, uint64_t first, uint64_t end,
    bool signatures, struct ledger_error *error)
{
    struct ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead) {
        snprintf(error->message, sizeof error->message, "out of memory");
        return NULL;
    }
    *ahead = (struct ahead){.ledger = ledger,
        .batch_blocks = batch_blocks(reading, end),
        .first = first,
        .end = end,
        .next = first,
        .signatures = signatures};
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->filled, NULL);
    pthread_cond_init(&ahead->emptied, NULL);
    if (start_threads(ahead, error))
        return ahead;
    ahead_end(ahead);
    return NULL;
}

static void release(struct ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->batches[ahead->released++ % ahead->batch_count].ready = false;
    pthread_cond_broadcast(&ahead->emptied);
    pthread_mutex_unlock(&ahead->lock);
    ahead->holding = false;
}

static bool wait_for(struct ahead *ahead, const struct batch *batch, struct ledger_error *error)
{
    pthread_mutex_lock(&ahead->lock);
    while (!batch->ready && !ahead->failed)
        pthread_cond_wait(&ahead->filled, &ahead->lock);
    bool ready = batch->ready;
    if (!ready)
        *error = ahead->error;
    pthread_mutex_unlock(&ahead->lock);
    return ready;
}

const struct replay_block *ahead_next(struct ahead *ahead, struct ledger_error *error)
{
    uint64_t number = (ahead->next - ahead->first) / ahead->batch_blocks;
    uint64_t place = (ahead->next - ahead->first) % ahead->batch_blocks;
    if (place == 0 && ahead->holding)
        release(ahead);
    struct batch *batch = &ahead->batches[number % ahead->batch_count];
    if (!ahead->holding && !wait_for(ahead, batch, error))
        return NULL;
    ahead->holding = true;
    ahead->next++;
    return &batch->blocks[place];
}

void ahead_end(struct ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->closing = true;
    pthread_cond_broadcast(&ahead->emptied);
    pthread_mutex_unlock(&ahead->lock);
    for (size_t i = 0; i < ahead->thread_count; i++)
        pthread_join(ahead->threads[i], NULL);
    for (size_t i = 0; ahead->batches && i < ahead->batch_count; i++)
        arena_free(&ahead->batches[i].arena);
    pthread_cond_destroy(&ahead->emptied);
    pthread_cond_destroy(&ahead->filled);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead->batches);
    free(ahead);
}
