#include "snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LAST_TRANSACTIONS = 100 * 1000 }; // a stop makes one when so many have come since the newest

void snapshots_init(struct snapshots *snapshots)
{
    pthread_mutex_init(&snapshots->lock, NULL);
    pthread_cond_init(&snapshots->changed, NULL);
}

static void tell(uint64_t sequence, int error)
{
    if (error)
        fprintf(stderr,
            "pointsd: no snapshot of the state after %" PRIu64 " transactions: %s; the next one is tried later\n",
            sequence, strerror(error));
    else
        fprintf(stderr, "pointsd: snapshot of the state after %" PRIu64 " transactions\n", sequence);
}

static void pass_to(struct snapshots *snapshots, enum snapshot_step step)
{
    pthread_mutex_lock(&snapshots->lock);
    snapshots->step = step;
    pthread_cond_broadcast(&snapshots->changed);
    pthread_mutex_unlock(&snapshots->lock);
}

// ---- the thread

// Hands the turn to the decide thread, and waits for it. False: the daemon stops.
static bool let_take(struct snapshots *snapshots)
{
    pass_to(snapshots, SNAPSHOT_TAKE_IMAGE);
    pthread_mutex_lock(&snapshots->lock);
    while (snapshots->step == SNAPSHOT_TAKE_IMAGE && !snapshots->stopping)
        pthread_cond_wait(&snapshots->changed, &snapshots->lock);
    bool taken = snapshots->step != SNAPSHOT_TAKE_IMAGE;
    pthread_mutex_unlock(&snapshots->lock);
    return taken;
}

static int write_image(struct snapshots *snapshots)
{
    struct ledger_error error;
    uint8_t root[HASH_BYTES];
    journal_wait_durable(snapshots->journal, snapshots->image.sequence);
    if (!ledger_root_at(snapshots->ledger, snapshots->image.blocks, root, &error))
        return EIO;
    int failed =
        snapshot_write(snapshots->dir, &snapshots->image, root, snapshots->reserve_bytes, &snapshots->stopping);
    if (!failed)
        snapshots->named_sequence = snapshots->image.sequence;
    return failed;
}

static void *make(void *context)
{
    struct snapshots *snapshots = context;
    bool room, taken = true;
    do {
        room = snapshot_image_make_room(&snapshots->image);
        taken = room && let_take(snapshots);
    } while (taken && snapshots->step == SNAPSHOT_MAKE_ROOM);
    if (taken)
        tell(snapshots->image.sequence, write_image(snapshots));
    else if (!room)
        tell(snapshots->image.sequence, ENOMEM);
    snapshot_image_free(&snapshots->image);
    pass_to(snapshots, SNAPSHOT_ENDED);
    return NULL;
}

// ---- the decide thread

static bool is_due(const struct snapshots *snapshots, const struct points_state *state)
{
    return snapshots->every_transactions &&
           points_last_sequence(state) - snapshots->begun_sequence >= snapshots->every_transactions;
}

static void begin(struct snapshots *snapshots, const struct points_state *state, uint64_t blocks)
{
    snapshots->begun_sequence = points_last_sequence(state);
    snapshot_image_take(&snapshots->image, state, blocks); // there is no room yet: to see how much it takes
    snapshots->step = SNAPSHOT_MAKE_ROOM;
    int failed = pthread_create(&snapshots->thread, NULL, make, snapshots);
    if (!failed)
        return;
    snapshots->step = SNAPSHOT_NONE;
    tell(snapshots->begun_sequence, failed);
}

static void join(struct snapshots *snapshots)
{
    pthread_join(snapshots->thread, NULL);
    snapshots->step = SNAPSHOT_NONE;
}

void snapshots_look(struct snapshots *snapshots, const struct points_state *state, uint64_t blocks)
{
    if (snapshots->step == SNAPSHOT_ENDED)
        join(snapshots);
    if (snapshots->step == SNAPSHOT_NONE && is_due(snapshots, state))
        begin(snapshots, state, blocks);
    else if (snapshots->step == SNAPSHOT_TAKE_IMAGE)
        pass_to(snapshots, snapshot_image_take(&snapshots->image, state, blocks) ? SNAPSHOT_WRITE : SNAPSHOT_MAKE_ROOM);
}

// ---- the end

static int make_last(struct snapshots *snapshots, const struct points_state *state)
{
    uint8_t root[HASH_BYTES];
    struct snapshot_image image = {0};
    uint64_t blocks = ledger_size(snapshots->ledger);
    snapshot_image_take(&image, state, blocks);
    if (!snapshot_image_make_room(&image))
        return ENOMEM;
    snapshot_image_take(&image, state, blocks);
    ledger_root(snapshots->ledger, root);
    int failed = snapshot_write(snapshots->dir, &image, root, snapshots->reserve_bytes, &snapshots->stopping);
    snapshot_image_free(&image);
    return failed;
}

void snapshots_end(struct snapshots *snapshots, const struct points_state *state)
{
    uint64_t sequence = points_last_sequence(state);
    pthread_mutex_lock(&snapshots->lock);
    snapshots->stopping = true;
    pthread_cond_broadcast(&snapshots->changed);
    pthread_mutex_unlock(&snapshots->lock);
    if (snapshots->step != SNAPSHOT_NONE)
        join(snapshots);
    if (snapshots->every_transactions && sequence - snapshots->named_sequence >= LAST_TRANSACTIONS)
        tell(sequence, make_last(snapshots, state));
    pthread_cond_destroy(&snapshots->changed);
    pthread_mutex_destroy(&snapshots->lock);
}
