#include "scrub.h"

#include "exits.h"
#include "ledger/damage.h"
#include "ledger/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <time.h>

enum { PIECE_BYTES = 256 * 1024, BYTES_A_SECOND_MAX = 4 * 1024 * 1024 };
static const double ms_a_day = 86400e3;

// What it has gone through of the blocks that were there when it began.
struct pass {
    struct journal_durable goal;
    struct tree_edge edge; // of the blocks that it has found right
    struct ledger_heading before;
    uint64_t piece_blocks, piece_bytes; // looked at since it rested
};

// What is served would not be what was decided. Starting again would not help.
static noreturn void leave(const struct ledger_error *error)
{
    fprintf(stderr,
        "pointsd: leaving: the ledger is not as it was written: %s; keep it as it is, see points-audit verify, and "
        "take a copy that is whole\n",
        error->message);
    _Exit(EXIT_NOT_SERVED);
}

static void check_block(struct pass *pass, struct ledger_reading *reading)
{
    struct ledger_error error = {"a block is missing"};
    struct ledger_record record;
    struct ledger_heading heading;
    uint64_t index = pass->edge.size;
    if (ledger_read_block(reading, index, &record, &error) != 1 ||
        !ledger_check_header(&record, index, &heading, &error) || !ledger_check_body(&record, index, &error) ||
        !ledger_check_place(reading, &heading, index ? &pass->before : NULL, &pass->edge, &error))
        leave(&error);
    pass->before = heading;
    pass->piece_blocks++;
    pass->piece_bytes += record.header_size + record.envelope_size + record.outcomes_size;
}

static void check_piece(const struct scrub *scrub, struct pass *pass)
{
    struct ledger_error error;
    struct ledger_reading *reading = ledger_read_begin(scrub->ledger, &error);
    if (!reading)
        leave(&error);
    pass->piece_blocks = pass->piece_bytes = 0;
    while (pass->edge.size < pass->goal.blocks && pass->piece_bytes < PIECE_BYTES)
        check_block(pass, reading);
    ledger_read_end(reading);
}

// Blocks and tree may have been changed together: the daemon knows the root that it signed.
static void check_root(const struct pass *pass)
{
    struct ledger_error error;
    uint8_t root[HASH_BYTES];
    tree_root(&pass->edge, root);
    if (memcmp(root, pass->goal.root, HASH_BYTES) == 0)
        return;
    snprintf(error.message, sizeof error.message, "its tree of %" PRIu64 " blocks is not the one that was signed",
        pass->goal.blocks);
    leave(&error);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec then;
    clock_gettime(CLOCK_MONOTONIC, &then);
    int64_t ns = then.tv_nsec + ms % 1000 * 1000000;
    return (struct timespec){then.tv_sec + ms / 1000 + ns / 1000000000, ns % 1000000000};
}

// As long as the piece's share of the days, and of the bytes that a second may have. False: the daemon stops.
static bool rest(struct scrub *scrub, const struct pass *pass)
{
    double of_days_ms = (double)pass->piece_blocks / (double)pass->goal.blocks * (double)scrub->days * ms_a_day;
    double of_bytes_ms = (double)pass->piece_bytes * 1000 / BYTES_A_SECOND_MAX;
    struct timespec until = in_ms((int64_t)(of_days_ms > of_bytes_ms ? of_days_ms : of_bytes_ms));
    pthread_mutex_lock(&scrub->lock);
    for (int code = 0; !scrub->stopping && code == 0;)
        code = pthread_cond_timedwait(&scrub->changed, &scrub->lock, &until);
    bool goes_on = !scrub->stopping;
    pthread_mutex_unlock(&scrub->lock);
    return goes_on;
}

static bool go_through(struct scrub *scrub)
{
    struct pass pass = {.goal = journal_durable(scrub->journal)};
    bool goes_on = true;
    while (goes_on && pass.edge.size < pass.goal.blocks) {
        check_piece(scrub, &pass);
        if (pass.edge.size == pass.goal.blocks) {
            check_root(&pass);
            fprintf(stderr, "pointsd: all %" PRIu64 " blocks are as they were written\n", pass.goal.blocks);
        }
        goes_on = rest(scrub, &pass);
    }
    return goes_on;
}

static void *run(void *context)
{
    damage_watch_thread("pointsd", EXIT_NOT_SERVED);
    pthread_setname_np(pthread_self(), "scrub");
    while (go_through(context))
        ;
    return NULL;
}

bool scrub_start(struct scrub *scrub)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&scrub->lock, NULL);
    pthread_cond_init(&scrub->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return scrub->days == 0 || pthread_create(&scrub->thread, NULL, run, scrub) == 0;
}

void scrub_end(struct scrub *scrub)
{
    pthread_mutex_lock(&scrub->lock);
    scrub->stopping = true;
    pthread_cond_broadcast(&scrub->changed);
    pthread_mutex_unlock(&scrub->lock);
    if (scrub->days)
        pthread_join(scrub->thread, NULL);
    pthread_cond_destroy(&scrub->changed);
    pthread_mutex_destroy(&scrub->lock);
}
