#include "journal.h"

#include "cosign.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>

struct journal {
    struct ledger *ledger;
    uint32_t rules_version;
    journal_release_fn *release;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct group waiting;
    bool has_waiting, closed;
    struct journal_durable durable;

    struct ledger_block *blocks; // reused from group to group
    size_t block_capacity;
};

static void note_durable(struct journal *journal, uint64_t last_sequence)
{
    struct journal_durable durable = {.sequence = last_sequence, .blocks = ledger_size(journal->ledger)};
    ledger_root(journal->ledger, durable.root);
    pthread_mutex_lock(&journal->lock);
    journal->durable = durable;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
}

struct journal *journal_new(
    struct ledger *ledger, uint32_t rules_version, uint64_t last_sequence, journal_release_fn *release, void *context)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        abort();
    journal->ledger = ledger;
    journal->rules_version = rules_version;
    journal->release = release;
    journal->context = context;
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->changed, NULL);
    note_durable(journal, last_sequence);
    return journal;
}

void journal_free(struct journal *journal)
{
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->lock);
    free(journal->blocks);
    free(journal);
}

void journal_wait_for_place(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    while (journal->has_waiting)
        pthread_cond_wait(&journal->changed, &journal->lock);
    pthread_mutex_unlock(&journal->lock);
}

void journal_put(struct journal *journal, struct group group)
{
    pthread_mutex_lock(&journal->lock);
    journal->waiting = group;
    journal->has_waiting = true;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
}

void journal_close(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->closed = true;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
}

struct journal_durable journal_durable(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    struct journal_durable durable = journal->durable;
    pthread_mutex_unlock(&journal->lock);
    return durable;
}

void journal_wait_durable(struct journal *journal, uint64_t sequence)
{
    pthread_mutex_lock(&journal->lock);
    while (journal->durable.sequence < sequence)
        pthread_cond_wait(&journal->changed, &journal->lock);
    pthread_mutex_unlock(&journal->lock);
}

static bool next_group(struct journal *journal, struct group *group)
{
    pthread_mutex_lock(&journal->lock);
    while (!journal->has_waiting && !journal->closed)
        pthread_cond_wait(&journal->changed, &journal->lock);
    bool found = journal->has_waiting;
    *group = journal->waiting;
    journal->has_waiting = false;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
    return found;
}

static struct ledger_block block_of(const struct journal *journal, const struct job *job)
{
    const Points__V1__SignedEnvelope *submit = job->request->submit;
    return (struct ledger_block){
        .rules_version = journal->rules_version,
        .first_sequence = job->first_sequence,
        .count = (uint32_t)job->envelope->n_transactions,
        .time = job->time,
        .envelope = submit->envelope.data,
        .envelope_size = submit->envelope.len,
        .envelope_sha256 = job->envelope_sha256,
        .outcomes = job->outcomes_bytes,
        .outcomes_size = job->outcomes_size,
        .signatures = (const Points__V1__Signature *const *)submit->signatures,
        .signature_count = submit->n_signatures,
        .texts = job->texts,
        .text_count = job->text_count,
        .erased_texts = job->erased_texts,
        .erased_count = job->erased_count,
    };
}

// Nothing can be said about the disk any more, so nothing is said to anybody.
static noreturn void leave(const struct ledger_error *error)
{
    fprintf(stderr, "pointsd: leaving at once: the commit failed: %s\n", error->message);
    _Exit(EXIT_FAILURE);
}

static void keep_cosignatures(struct journal *journal, const struct group *group)
{
    struct ledger_error error;
    for (struct job *job = group->jobs; job; job = job->next)
        if (job->journal_answers && !cosign_keep(journal->ledger, job, &error))
            leave(&error);
}

static void make_durable(struct journal *journal, const struct group *group)
{
    if (group->blocks > journal->block_capacity) {
        journal->block_capacity = group->blocks;
        journal->blocks = reallocarray(journal->blocks, group->blocks, sizeof *journal->blocks);
        if (!journal->blocks)
            abort();
    }
    size_t count = 0;
    for (const struct job *job = group->jobs; job; job = job->next)
        if (job->block)
            journal->blocks[count++] = block_of(journal, job);
    struct ledger_error error;
    ledger_set_signers(journal->ledger, group->signers.signers, group->signers.count);
    if (count && !ledger_append(journal->ledger, journal->blocks, count, &error))
        leave(&error);
    if (count)
        note_durable(journal, group->last_sequence);
    keep_cosignatures(journal, group);
}

void journal_run(struct journal *journal)
{
    struct group group;
    while (next_group(journal, &group)) {
        make_durable(journal, &group);
        journal->release(journal->context, group.jobs);
    }
}
