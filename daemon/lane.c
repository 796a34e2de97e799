#include "lane.h"

#include <pthread.h>
#include <stdlib.h>

enum { LANE_JOBS = 4096, LANE_BYTES_MAX = 64 * 1024 * 1024, TURN_BYTES_MAX = 2 * 1024 * 1024 };
enum { TURN_JOBS_WORTH = 128, TURN_BYTES_WORTH = 32 * 1024 };

struct lane {
    pthread_mutex_t lock;
    pthread_cond_t work;  // for workers
    pthread_cond_t ready; // for the decide thread: a turn's worth of the oldest jobs is verified
    struct job *jobs[LANE_JOBS];
    uint64_t put, claimed, verified, taken; // counts; each job's place is its count modulo LANE_JOBS
    size_t bytes, verified_bytes;           // of frames: of all, of those that are verified up to the first that is not
    bool refused;                           // somebody was told that the lane is full
    bool closed;
    struct job *errands, **errands_end;
};

struct lane *lane_new(void)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        abort();
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->work, NULL);
    pthread_cond_init(&lane->ready, NULL);
    lane->errands_end = &lane->errands;
    return lane;
}

void lane_free(struct lane *lane)
{
    pthread_cond_destroy(&lane->ready);
    pthread_cond_destroy(&lane->work);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
}

bool lane_put(struct lane *lane, struct job *job)
{
    pthread_mutex_lock(&lane->lock);
    bool room = lane->put - lane->taken < LANE_JOBS && lane->bytes + job->frame_size <= LANE_BYTES_MAX;
    if (room) {
        lane->jobs[lane->put++ % LANE_JOBS] = job;
        lane->bytes += job->frame_size;
        pthread_cond_signal(&lane->work);
    } else {
        lane->refused = true;
    }
    pthread_mutex_unlock(&lane->lock);
    return room;
}

static struct job *pop_errand(struct lane *lane)
{
    struct job *job = lane->errands;
    lane->errands = job->next;
    if (!lane->errands)
        lane->errands_end = &lane->errands;
    return job;
}

struct job *lane_claim(struct lane *lane, bool *errand)
{
    struct job *job = NULL;
    pthread_mutex_lock(&lane->lock);
    while (!lane->errands && lane->claimed == lane->put && !lane->closed)
        pthread_cond_wait(&lane->work, &lane->lock);
    *errand = lane->errands != NULL;
    if (*errand)
        job = pop_errand(lane);
    else if (lane->claimed < lane->put)
        job = lane->jobs[lane->claimed++ % LANE_JOBS];
    pthread_mutex_unlock(&lane->lock);
    return job;
}

// Whether the decide thread should take its turn. A group costs a commit, however small it is: while others are being
// verified it waits for them, but not for many.
static bool turn_is_due(const struct lane *lane)
{
    uint64_t jobs = lane->verified - lane->taken;
    return jobs > 0 &&
           (lane->verified == lane->put || jobs >= TURN_JOBS_WORTH || lane->verified_bytes >= TURN_BYTES_WORTH);
}

void lane_verified(struct lane *lane, struct job *job)
{
    pthread_mutex_lock(&lane->lock);
    job->verified = true;
    while (lane->verified < lane->put && (job = lane->jobs[lane->verified % LANE_JOBS])->verified) {
        lane->verified++;
        lane->verified_bytes += job->frame_size;
    }
    if (turn_is_due(lane))
        pthread_cond_signal(&lane->ready);
    pthread_mutex_unlock(&lane->lock);
}

void lane_put_errand(struct lane *lane, struct job *job)
{
    pthread_mutex_lock(&lane->lock);
    job->next = NULL;
    *lane->errands_end = job;
    lane->errands_end = &job->next;
    pthread_cond_signal(&lane->work);
    pthread_mutex_unlock(&lane->lock);
}

struct job *lane_take(struct lane *lane, size_t max, bool *was_full)
{
    struct job *first = NULL, **end = &first;
    pthread_mutex_lock(&lane->lock);
    while (!turn_is_due(lane) && !(lane->closed && lane->taken == lane->put))
        pthread_cond_wait(&lane->ready, &lane->lock);
    size_t bytes = 0;
    for (size_t count = 0; count < max && bytes < TURN_BYTES_MAX && lane->taken < lane->verified; count++) {
        struct job *job = lane->jobs[lane->taken++ % LANE_JOBS];
        bytes += job->frame_size;
        *end = job;
        end = &job->next;
    }
    *end = NULL;
    lane->bytes -= bytes;
    lane->verified_bytes -= bytes;
    *was_full = lane->refused;
    lane->refused = false;
    pthread_mutex_unlock(&lane->lock);
    return first;
}

void lane_close(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->closed = true;
    pthread_cond_broadcast(&lane->work);
    pthread_cond_broadcast(&lane->ready);
    pthread_mutex_unlock(&lane->lock);
}
