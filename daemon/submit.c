#include "submit.h"

#include <stdio.h>
#include <string.h>

// ---- what was decided before

// Looks for what was decided before, for the transactions of an envelope in their order: each envelope and each block
// in which something is found is walked through once.
struct looking {
    struct decide *decide;
    struct job *job; // whose envelope; NULL: nobody's
    struct entry_walk own;
    const struct job *holder; // in whose envelope something was found last
    struct entry_walk held;
    struct history_search recorded;
};

static struct looking looking_for(struct decide *decide, struct job *job)
{
    struct looking looking = {.decide = decide, .job = job, .recorded.history = decide->history};
    if (job)
        looking.own = entry_walk_of(job->envelope_bytes);
    return looking;
}

static struct span transaction_in(struct entry_walk *walk, uint64_t position)
{
    struct span transaction = {0};
    entry_walk_to(walk, position, &transaction);
    return transaction;
}

static bool holds(const struct job *job, uint64_t sequence)
{
    return sequence >= job->first_sequence && sequence - job->first_sequence < job->envelope->n_transactions;
}

static const struct job *find_holder(const struct looking *looking, uint64_t sequence)
{
    const struct job *job = looking->job, *undurable = looking->decide->undurable;
    if (job && job->first_sequence && sequence >= job->first_sequence)
        return job;
    if (looking->holder && holds(looking->holder, sequence))
        return looking->holder;
    if (!undurable || sequence < undurable->first_sequence)
        return NULL;
    while (undurable && !holds(undurable, sequence))
        undurable = undurable->later;
    return undurable;
}

// The envelope that holds a transaction: this one, or one not yet durable; NULL: it is in the ledger.
static const struct job *holder_of(struct looking *looking, uint64_t sequence)
{
    const struct job *holder = find_holder(looking, sequence);
    if (holder && holder != looking->holder) {
        looking->holder = holder;
        looking->held = entry_walk_of(holder->envelope_bytes);
    }
    return holder;
}

// Whether the bytes decided at `sequence` are these: in this envelope, in one not yet durable, or in the ledger.
static bool decided_before(struct looking *looking, uint64_t sequence, struct span transaction)
{
    const struct job *holder = holder_of(looking, sequence);
    if (!holder)
        return history_holds(&looking->recorded, sequence, transaction);
    struct span prior = transaction_in(&looking->held, sequence - holder->first_sequence);
    return prior.size == transaction.size && memcmp(prior.bytes, transaction.bytes, prior.size) == 0;
}

// The target itself, for a transaction that needs to see it.
static const struct points_decided *target_of(struct looking *looking, uint64_t sequence)
{
    struct points_decided *decided = job_alloc(looking->job, sizeof *decided);
    const struct job *holder = holder_of(looking, sequence);
    if (!holder) {
        history_decided(&looking->recorded, sequence, &looking->job->arena, decided);
        return decided;
    }
    size_t position = sequence - holder->first_sequence;
    const Points__V1__Outcomes *outcomes = holder->outcomes;
    decided->transaction = holder->envelope->transactions[position];
    decided->outcome = (struct points_outcome){outcomes->code[position], outcomes->points[position],
        outcomes->expired[position], outcomes->previous[position]};
    decided->time = holder->time;
    return decided;
}

static bool holds_id(void *context, uint64_t sequence, const uint8_t id[ID_BYTES])
{
    struct looking *looking = context;
    const struct job *holder = holder_of(looking, sequence);
    if (!holder)
        return history_holds_id(&looking->recorded, sequence, id);
    uint64_t position = sequence - holder->first_sequence;
    return position < holder->envelope->n_transactions &&
           memcmp(holder->envelope->transactions[position]->id.data, id, ID_BYTES) == 0;
}

// The sequence number under which an id was decided first; 0: none.
static uint64_t sequence_of(struct looking *looking, const uint8_t id[ID_BYTES])
{
    return id_index_get(looking->decide->ids, id, holds_id, looking);
}

uint64_t submit_sequence_of(struct decide *decide, const uint8_t id[ID_BYTES])
{
    struct looking looking = looking_for(decide, NULL);
    uint64_t sequence = sequence_of(&looking, id);
    history_search_end(&looking.recorded);
    return sequence;
}

static struct points_inputs inputs_of(struct looking *looking, size_t position)
{
    const Points__V1__Transaction *transaction = looking->job->envelope->transactions[position];
    const uint8_t *target = points_target(transaction);
    struct points_inputs inputs = {
        .prior_sequence = sequence_of(looking, transaction->id.data),
        .target_sequence = target ? sequence_of(looking, target) : 0,
    };
    if (inputs.prior_sequence)
        inputs.prior = decided_before(looking, inputs.prior_sequence, transaction_in(&looking->own, position))
                           ? POINTS_SAME_BYTES
                           : POINTS_OTHER_BYTES;
    else if (inputs.target_sequence && points_needs_target(transaction))
        inputs.target = target_of(looking, inputs.target_sequence);
    return inputs;
}

static bool nothing_is_new(struct looking *looking)
{
    const Points__V1__Envelope *envelope = looking->job->envelope;
    for (size_t i = 0; i < envelope->n_transactions; i++)
        if (!sequence_of(looking, envelope->transactions[i]->id.data))
            return false;
    return true;
}

// ---- outcomes

static void make_columns(struct job *job)
{
    size_t count = job->envelope->n_transactions;
    Points__V1__Outcomes *outcomes = job_alloc(job, sizeof *outcomes);
    *outcomes = (Points__V1__Outcomes)POINTS__V1__OUTCOMES__INIT;
    outcomes->n_code = outcomes->n_points = outcomes->n_expired = outcomes->n_previous = count;
    outcomes->code = job_alloc(job, count * sizeof *outcomes->code);
    outcomes->points = job_alloc(job, count * sizeof *outcomes->points);
    outcomes->expired = job_alloc(job, count * sizeof *outcomes->expired);
    outcomes->previous = job_alloc(job, count * sizeof *outcomes->previous);
    job->outcomes = outcomes;
}

static void set_outcome(struct job *job, size_t position, const struct points_outcome *outcome)
{
    job->outcomes->code[position] = outcome->code;
    job->outcomes->points[position] = outcome->points;
    job->outcomes->expired[position] = outcome->expired;
    job->outcomes->previous[position] = outcome->previous;
}

static void set_decided(struct job *job, size_t position, const struct points_outcome *outcome)
{
    set_outcome(job, position, outcome);
    if (outcome->code == OUTCOME(DUPLICATE))
        job->errand = history_submit;
}

static void answer_known(struct looking *looking)
{
    for (size_t i = 0; i < looking->job->envelope->n_transactions; i++) {
        struct points_inputs inputs = inputs_of(looking, i);
        struct points_outcome outcome = points_known(&inputs);
        set_decided(looking->job, i, &outcome);
    }
}

// ---- texts

static bool is_applied(const struct job *job, size_t position, transaction_type type)
{
    return job->envelope->transactions[position]->body_case == type &&
           job->outcomes->code[position] == OUTCOME(APPLIED);
}

static void keep_text(struct job *job, size_t position, const ProtobufCBinaryData *text)
{
    if (!job->texts)
        job->texts = job_alloc(job, job->request->submit->n_texts * sizeof *job->texts);
    job->texts[job->text_count++] = (struct ledger_text){job->first_sequence + position, text->data, text->len};
}

// An applied EraseNotice names an applied PostNotice, whose sequence number is the id's.
static void erase_text(struct looking *looking, size_t position)
{
    struct job *job = looking->job;
    const Points__V1__EraseNotice *erase = job->envelope->transactions[position]->erase_notice;
    if (!job->erased_texts)
        job->erased_texts = job_alloc(job, job->envelope->n_transactions * sizeof *job->erased_texts);
    job->erased_texts[job->erased_count++] = sequence_of(looking, erase->notice.data);
}

// Only what is applied here and now touches a text: an envelope sent again does not bring an erased one back.
static void settle_texts(struct looking *looking)
{
    struct job *job = looking->job;
    const ProtobufCBinaryData *text = job->request->submit->texts;
    for (size_t i = 0; i < job->envelope->n_transactions; i++) {
        if (is_applied(job, i, TRANSACTION(POST_NOTICE)))
            keep_text(job, i, text);
        if (is_applied(job, i, TRANSACTION(ERASE_NOTICE)))
            erase_text(looking, i);
        text += job->envelope->transactions[i]->body_case == TRANSACTION(POST_NOTICE);
    }
}

static void prefetch(const struct decide *decide, const struct job *job, size_t position)
{
    size_t ahead = position + ID_INDEX_AHEAD;
    if (ahead < job->envelope->n_transactions)
        id_index_prefetch(decide->ids, job->envelope->transactions[ahead]->id.data);
    points_prefetch(decide->state, job->envelope, position);
}

static void apply_all(struct looking *looking)
{
    struct decide *decide = looking->decide;
    struct job *job = looking->job;
    points_block_begin(decide->state, job->time);
    for (size_t i = 0; i < job->envelope->n_transactions; i++) {
        const Points__V1__Transaction *transaction = job->envelope->transactions[i];
        prefetch(decide, job, i);
        struct points_inputs inputs = inputs_of(looking, i);
        struct points_outcome outcome = points_apply(decide->state, transaction, &inputs);
        if (inputs.prior == POINTS_NEW)
            id_index_add(decide->ids, transaction->id.data, job->first_sequence + i);
        set_decided(job, i, &outcome);
    }
}

static void record(struct looking *looking)
{
    struct decide *decide = looking->decide;
    struct job *job = looking->job;
    job->block = decide->blocks++;
    job->first_sequence = points_last_sequence(decide->state) + 1;
    job->time = points_block_time(decide->state, decide->clock.wall_s);
    apply_all(looking);
    settle_texts(looking);
    job->outcomes_size = points__v1__outcomes__get_packed_size(job->outcomes);
    job->outcomes_bytes = job_alloc(job, job->outcomes_size);
    points__v1__outcomes__pack(job->outcomes, job->outcomes_bytes);
    job_hold(job);
    job->later = NULL;
    *decide->undurable_end = job;
    decide->undurable_end = &job->later;
}

// ---- admission

// The refusals that depend on who signed, in the order of doc/rules.md.
static bool admit(const struct decide *decide, struct job *job)
{
    struct points_error error;
    const Points__V1__SignedEnvelope *submit = job->request->submit;
    const Points__V1__Signature *const *signatures = (const Points__V1__Signature *const *)submit->signatures;
    refusal_code code = points_signers_known(decide->state, signatures, submit->n_signatures, &error);
    if (!code && !job->signatures_valid) {
        job_refuse(job, REFUSAL(BAD_SIGNATURE), "submit.signatures",
            "a signature does not verify; sign \"points.v1 envelope\\n\" and the exact bytes of the envelope");
        return false;
    }
    if (!code)
        code = points_admit(decide->state, signatures, submit->n_signatures, job->envelope, &error);
    if (code)
        job_refuse(job, code, "submit.signatures", "%s", error.message);
    return !code;
}

static bool clock_sure(const struct decide *decide, struct job *job)
{
    if (decide->clock.unsure)
        job_refuse(job, REFUSAL(CLOCK_UNSURE), "",
            "the wall clock jumped or does not fit the last block; an operator accepts it with: points accept-time");
    return !decide->clock.unsure;
}

// The refusals that depend on this machine; nothing that was decided before is refused for them.
static bool can_record(const struct decide *decide, struct job *job)
{
    if (clock_sure(decide, job) && decide->disk_full)
        job_refuse(job, REFUSAL(DISK_FULL), "",
            "the ledger's disk is nearly full; nothing was recorded, send it again when there is room");
    else if (!checkpoint_keys_stay(decide->keys, decide->state, job->envelope))
        job_refuse(job, REFUSAL(CHECKPOINT_KEY_NEEDED), "",
            "it revokes all keys with which the daemon signs checkpoints; give it another one that is registered first "
            "(next_checkpoint_key in pointsd.conf)");
    return !job->refusal.code;
}

void submit_decide(struct decide *decide, struct job *job)
{
    if (!admit(decide, job))
        return;
    struct looking looking = looking_for(decide, job);
    if (nothing_is_new(&looking)) {
        make_columns(job);
        answer_known(&looking);
    } else if (can_record(decide, job)) {
        make_columns(job);
        record(&looking);
    }
    history_search_end(&looking.recorded);
}

// ---- what an envelope would come to

static bool can_try(struct job *job)
{
    char field[40];
    for (size_t i = 0; i < job->envelope->n_transactions; i++) {
        if (points_can_try(job->envelope->transactions[i]))
            continue;
        snprintf(field, sizeof field, "transactions[%zu]", i);
        job_refuse(job, REFUSAL(OUT_OF_RANGE), field, "a dry run tells of awards and reversals only; leave this out");
        return false;
    }
    return true;
}

void submit_try(struct decide *decide, struct job *job)
{
    if (!can_try(job) || !clock_sure(decide, job))
        return;
    make_columns(job);
    job->time = points_block_time(decide->state, decide->clock.wall_s);
    struct looking looking = looking_for(decide, job);
    for (size_t i = 0; i < job->envelope->n_transactions; i++) {
        struct points_inputs inputs = inputs_of(&looking, i);
        struct points_outcome outcome = points_try(decide->state, job->envelope->transactions[i], &inputs, job->time);
        set_outcome(job, i, &outcome);
    }
    history_search_end(&looking.recorded);
}
