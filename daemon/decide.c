#include "decide.h"

#include "answer.h"
#include "submit.h"

#include <stdio.h>
#include <sys/statvfs.h>

// A turn ends after so much, so that no crowd of queries holds up the others for long.
enum { TURN_RESPONSE_BYTES_MAX = 1024 * 1024 };

// Of derived data: a folder that is gone stops nothing before it is written to.
static uint64_t room_of(const char *dir)
{
    struct statvfs disk;
    return statvfs(dir, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

// What is under way must fit above the reserve.
static void look_at_disk(struct decide *decide)
{
    uint64_t room, derived_room = room_of(decide->derived_dir);
    struct ledger_error error;
    bool known = ledger_room(decide->history->ledger, &room, &error);
    if (!known)
        fprintf(stderr, "pointsd: the room on the disk cannot be told: %s\n", error.message);
    uint64_t needed = decide->disk_reserve_bytes + UNDER_WAY_BYTES_MAX;
    bool full = !known || room < needed || derived_room < needed;
    if (full != decide->disk_full)
        fprintf(stderr, "pointsd: %s\n",
            full ? "the disk is nearly full: new envelopes are refused (DISK_FULL)" : "the disk has room again");
    decide->disk_full = full;
}

static void note_durable(struct decide *decide)
{
    struct journal_durable durable = journal_durable(decide->journal);
    if (durable.sequence != decide->durable_sequence)
        id_index_durable(decide->ids, durable.sequence, durable.blocks, durable.root);
    decide->durable_sequence = durable.sequence;
    while (decide->undurable && decide->undurable->first_sequence <= durable.sequence) {
        struct job *job = decide->undurable;
        decide->undurable = job->later;
        job_release(job);
    }
    if (!decide->undurable)
        decide->undurable_end = &decide->undurable;
}

static void respond_to_submit(struct job *job)
{
    Points__V1__Response response = POINTS__V1__RESPONSE__INIT;
    Points__V1__SubmitReply reply = POINTS__V1__SUBMIT_REPLY__INIT;
    reply.block = job->block;
    reply.first_sequence = job->first_sequence;
    reply.time = job->time;
    reply.outcomes = job->outcomes;
    response.body_case = RESPONSE(SUBMIT);
    response.submit = &reply;
    job_respond(job, &response);
}

static void decide_job(struct decide *decide, struct job *job)
{
    if (!job->refusal.code && job->request->body_case != REQUEST(SUBMIT)) {
        answer_query(decide, job);
        if (!job->errand && !job->journal_answers)
            job_strip(job);
        return;
    }
    if (!job->refusal.code)
        submit_decide(decide, job);
    if (!job->errand)
        respond_to_submit(job); // or the refusal
}

// It may read the ledger a thousand times.
static bool is_long(const struct job *job)
{
    return job->request && job->request->body_case == REQUEST(DRY_RUN);
}

// Decides what was taken, or as much of it as a turn may answer; the rest waits for the next turn.
static struct group decide_group(struct decide *decide)
{
    struct group group = {.jobs = decide->taken};
    size_t response_bytes = 0;
    struct job *job;
    bool was_long;
    do {
        job = decide->taken;
        decide->taken = job->next;
        was_long = is_long(job);
        decide_job(decide, job);
        group.blocks += job->block != 0;
        response_bytes += job->response_size;
    } while (decide->taken && response_bytes < TURN_RESPONSE_BYTES_MAX && !was_long);
    job->next = NULL;
    group.last_sequence = points_last_sequence(decide->state);
    group.signers = checkpoint_signers(decide->keys, decide->state);
    return group;
}

// False: no more will come.
static bool take_jobs(struct decide *decide)
{
    bool was_full;
    if (decide->taken)
        return true;
    decide->taken = lane_take(decide->lane, TURN_JOBS_MAX, &was_full);
    if (was_full)
        decide->on_room(decide->context);
    return decide->taken != NULL;
}

void decide_run(struct decide *decide)
{
    decide->undurable_end = &decide->undurable;
    for (;;) {
        journal_wait_for_place(decide->journal);
        if (!take_jobs(decide))
            break;
        note_durable(decide);
        clock_read(&decide->clock);
        look_at_disk(decide);
        journal_put(decide->journal, decide_group(decide));
        snapshots_look(decide->snapshots, decide->state, decide->blocks);
    }
    journal_close(decide->journal);
}

void decide_end(struct decide *decide)
{
    for (struct job *job = decide->undurable, *next; job; job = next) {
        next = job->later;
        job_release(job);
    }
}
