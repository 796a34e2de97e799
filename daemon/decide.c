#include "decide.h"

#include "answer.h"
#include "submit.h"

#include <stdio.h>

enum { TURN_JOBS_MAX = 1024 };

// What one turn may append at the most, twice, must fit above the reserve: two groups may be under way.
static void look_at_disk(struct decide *decide)
{
    uint64_t room;
    struct ledger_error error;
    bool known = ledger_room(decide->history->ledger, &room, &error);
    bool full = !known || room < decide->disk_reserve_bytes + 2 * (uint64_t)TURN_JOBS_MAX * REQUEST_BYTES_MAX;
    if (full != decide->disk_full)
        fprintf(stderr, "pointsd: %s\n",
            full ? "the disk is nearly full: new envelopes are refused (DISK_FULL)" : "the disk has room again");
    decide->disk_full = full;
}

static void forget_durable(struct decide *decide)
{
    uint64_t durable = journal_durable(decide->journal);
    while (decide->undurable && decide->undurable->first_sequence <= durable) {
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
        return;
    }
    if (!job->refusal.code)
        submit_decide(decide, job);
    if (!job->finish)
        respond_to_submit(job); // or the refusal
}

static struct group decide_group(struct decide *decide, struct job *jobs)
{
    struct group group = {.jobs = jobs};
    for (struct job *job = jobs; job; job = job->next) {
        decide_job(decide, job);
        group.blocks += job->block != 0;
    }
    group.last_sequence = points_last_sequence(decide->state);
    return group;
}

void decide_run(struct decide *decide)
{
    decide->undurable_end = &decide->undurable;
    for (;;) {
        bool was_full;
        journal_wait_for_place(decide->journal);
        struct job *jobs = lane_take(decide->lane, TURN_JOBS_MAX, &was_full);
        if (!jobs)
            break;
        if (was_full)
            decide->on_room(decide->context);
        forget_durable(decide);
        clock_read(&decide->clock);
        look_at_disk(decide);
        journal_put(decide->journal, decide_group(decide, jobs));
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
