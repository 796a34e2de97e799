// Every transaction decided again, and what comes out compared with what is recorded.
#include "replay/fold.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

// ---- what differs

// The state holds what the rules decided, so whatever refers to it must see that, not what is recorded.
struct differing {
    uint64_t sequence;
    struct points_outcome outcome;
    UT_hash_handle hh;
};

static bool note_differing(
    struct replay_fold *fold, uint64_t sequence, const struct points_outcome *decided, struct replay_fault *fault)
{
    struct differing *differing = malloc(sizeof *differing);
    if (!differing)
        return replay_fail(fault, "out of memory");
    *differing = (struct differing){.sequence = sequence, .outcome = *decided};
    HASH_ADD(hh, fold->differing, sequence, sizeof differing->sequence, differing);
    return true;
}

static void take_differing(const struct replay_fold *fold, uint64_t sequence, struct points_outcome *outcome)
{
    struct differing *differing;
    HASH_FIND(hh, fold->differing, &sequence, sizeof sequence, differing);
    if (differing)
        *outcome = differing->outcome;
}

void replay_fold_free(struct replay_fold *fold)
{
    struct differing *differing, *next;
    HASH_ITER(hh, fold->differing, differing, next)
    {
        HASH_DEL(fold->differing, differing);
        free(differing);
    }
    if (fold->state)
        points_free(fold->state);
    *fold = (struct replay_fold){0};
}

// ---- genesis

enum fold_result replay_fold_genesis(
    struct replay_fold *fold, const struct replay_block *block, struct replay_fault *fault)
{
    struct points_error error;
    const Points__V1__Signature *const *signatures = (const Points__V1__Signature *const *)block->header->signatures;
    fold->state = points_from_genesis(block->genesis, &error);
    if (fold->state && points_genesis_signers(fold->state, signatures, block->header->n_signatures, &error))
        return FOLD_HOLDS;
    replay_fail(fault, "%s", error.message);
    return fold->state ? FOLD_DIFFERS : FOLD_BROKEN;
}

// ---- deciding

// Whether the block can come here at all.
static bool check_place(const struct replay_fold *fold, const struct replay_block *block, struct replay_fault *fault)
{
    const Points__V1__BlockHeader *header = block->header;
    if (header->first_sequence != points_last_sequence(fold->state) + 1)
        return replay_fail(fault, "its first sequence number is %" PRIu64 ", it should be %" PRIu64,
            header->first_sequence, points_last_sequence(fold->state) + 1);
    if (!points_time_valid(fold->state, header->time))
        return replay_fail(fault, "its time %" PRId64 " cannot follow the time of the block before it, %" PRId64,
            header->time, points_time(fold->state));
    return true;
}

static bool check_admission(
    const struct replay_fold *fold, const struct replay_block *block, struct replay_fault *fault)
{
    struct points_error error;
    const Points__V1__BlockHeader *header = block->header;
    refusal_code refusal = points_admit(fold->state, (const Points__V1__Signature *const *)header->signatures,
        header->n_signatures, block->envelope, &error);
    if (refusal == REFUSAL(REFUSAL_NONE))
        return true;
    return replay_fail(fault, "its envelope should have been refused whole with %s: %s",
        protobuf_c_enum_descriptor_get_value(&points__v1__refusal__descriptor, (int)refusal)->name, error.message);
}

// Whether the transaction at `position` of the block is the one decided at `earlier`, byte for byte.
static bool compare_with_earlier(struct ledger_reading *reading, const struct replay_block *block, size_t position,
    uint64_t earlier, bool *same, struct replay_fault *fault)
{
    struct span now;
    struct replay_entry before;
    if (!replay_find_entry(reading, block->header->index + 1, earlier, &before, fault))
        return false;
    if (!entry_transaction((struct span){block->record.envelope, block->record.envelope_size}, position, &now))
        return replay_fail(fault, "transaction %zu cannot be read", position);
    *same = before.transaction.size == now.size && memcmp(before.transaction.bytes, now.bytes, now.size) == 0;
    return true;
}

// Its outcome was compared in its turn, so what is recorded serves, unless it differed.
bool replay_find_decided(struct ledger_reading *reading, struct arena *arena, const struct replay_block *block,
    uint64_t sequence, struct points_decided **decided, struct replay_fault *fault)
{
    Points__V1__Outcome outcome;
    struct replay_entry entry;
    if (!replay_find_entry(reading, block->header->index + 1, sequence, &entry, fault))
        return false;
    *decided = arena_alloc(arena, sizeof **decided);
    const Points__V1__Transaction *transaction =
        points__v1__transaction__unpack(&arena->allocator, entry.transaction.size, entry.transaction.bytes);
    if (!*decided || !transaction || !entry_outcome(entry.outcomes, entry.position, &outcome))
        return replay_fail(fault, "the earlier transaction with sequence number %" PRIu64 " cannot be read", sequence);
    **decided = (struct points_decided){
        transaction, {outcome.code, outcome.points, outcome.expired, outcome.previous}, entry.time};
    return true;
}

// A block that is looked at, for the index of ids to ask.
struct looking {
    struct ledger_reading *reading;
    const struct replay_block *block;
};

static bool holds(void *context, uint64_t sequence, const uint8_t id[ID_BYTES])
{
    const struct looking *looking = context;
    const Points__V1__BlockHeader *header = looking->block->header;
    struct replay_fault fault;
    struct replay_entry entry;
    if (sequence >= header->first_sequence)
        return sequence - header->first_sequence < looking->block->envelope->n_transactions &&
               memcmp(looking->block->envelope->transactions[sequence - header->first_sequence]->id.data, id,
                   ID_BYTES) == 0;
    return replay_find_entry(looking->reading, header->index, sequence, &entry, &fault) &&
           entry_has_id(entry.transaction, id);
}

// The number before `sequence` under which an id was decided; 0: none. The index may reach further than the fold.
static uint64_t decided_before(
    struct replay_fold *fold, struct looking *looking, const uint8_t id[ID_BYTES], uint64_t sequence)
{
    uint64_t found = id_index_get(fold->ids, id, holds, looking);
    return found < sequence ? found : 0;
}

uint64_t replay_decided_before(struct replay_fold *fold, struct ledger_reading *reading,
    const struct replay_block *block, const uint8_t id[ID_BYTES], uint64_t sequence)
{
    struct looking looking = {reading, block};
    return decided_before(fold, &looking, id, sequence);
}

// Takes the id of a transaction that is the first to have it, unless the index has it from an earlier run.
static bool take_id(struct replay_fold *fold, struct looking *looking, const uint8_t id[ID_BYTES], uint64_t sequence,
    struct replay_fault *fault)
{
    if (sequence > id_index_covered(fold->ids))
        id_index_add(fold->ids, id, sequence);
    else if (id_index_get(fold->ids, id, holds, looking) != sequence)
        return replay_fail(fault,
            "the index of ids lacks transaction %" PRIu64 ": it is derived data; remove its folder and start again",
            sequence);
    return true;
}

enum fold_result replay_take_ids(struct replay_fold *fold, struct ledger_reading *reading,
    const struct replay_block *block, struct replay_fault *fault)
{
    struct looking looking = {reading, block};
    for (size_t i = 0; i < block->envelope->n_transactions; i++) {
        const uint8_t *id = block->envelope->transactions[i]->id.data;
        uint64_t sequence = block->header->first_sequence + i;
        if (sequence > id_index_covered(fold->ids) && !decided_before(fold, &looking, id, sequence) &&
            !take_id(fold, &looking, id, sequence, fault))
            return FOLD_BROKEN;
    }
    return FOLD_HOLDS;
}

// What the rules must be told about ids.
static bool find_inputs(struct replay_fold *fold, struct ledger_reading *reading, struct arena *arena,
    const struct replay_block *block, size_t position, struct points_inputs *inputs, struct replay_fault *fault)
{
    struct points_decided *decided = NULL;
    bool same = false;
    const Points__V1__Transaction *transaction = block->envelope->transactions[position];
    const uint8_t *target = points_target(transaction);
    struct looking looking = {reading, block};
    uint64_t sequence = block->header->first_sequence + position;
    *inputs = (struct points_inputs){.prior = POINTS_NEW,
        .target_sequence = target ? decided_before(fold, &looking, target, sequence) : 0,
        .prior_sequence = decided_before(fold, &looking, transaction->id.data, sequence)};
    if (!inputs->prior_sequence) {
        if (!take_id(fold, &looking, transaction->id.data, sequence, fault))
            return false;
        if (inputs->target_sequence && points_needs_target(transaction)) {
            if (!replay_find_decided(reading, arena, block, inputs->target_sequence, &decided, fault))
                return false;
            take_differing(fold, inputs->target_sequence, &decided->outcome);
        }
        inputs->target = decided;
        return true;
    }
    if (!compare_with_earlier(reading, block, position, inputs->prior_sequence, &same, fault))
        return false;
    inputs->prior = same ? POINTS_SAME_BYTES : POINTS_OTHER_BYTES;
    return true;
}

static void prefetch_id(const struct id_index *ids, const Points__V1__Envelope *envelope, size_t position)
{
    if (position < envelope->n_transactions)
        id_index_prefetch(ids, envelope->transactions[position]->id.data);
}

// ---- comparing

static const char *outcome_name(outcome_code code)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&points__v1__outcome_code__descriptor, (int)code);
    return value ? value->name : "UNKNOWN_OUTCOME";
}

static bool fail_number(
    struct replay_fault *fault, size_t i, uint64_t sequence, const char *what, uint64_t recorded, uint64_t decided)
{
    return replay_fail(fault,
        "outcome of transaction %zu (sequence %" PRIu64 ") is recorded with %s %" PRIu64 ", the rules say %" PRIu64, i,
        sequence, what, recorded, decided);
}

static bool compare(
    const struct replay_block *block, size_t i, const struct points_outcome *decided, struct replay_fault *fault)
{
    const struct points_outcome *recorded = &block->outcomes[i];
    uint64_t sequence = block->header->first_sequence + i;
    if (recorded->code != decided->code)
        return replay_fail(fault,
            "outcome of transaction %zu (sequence %" PRIu64 ") is recorded as %s, the rules say %s", i, sequence,
            outcome_name(recorded->code), outcome_name(decided->code));
    if (recorded->points != decided->points)
        return fail_number(fault, i, sequence, "points", recorded->points, decided->points);
    if (recorded->expired != decided->expired)
        return fail_number(fault, i, sequence, "expired", recorded->expired, decided->expired);
    if (recorded->previous != decided->previous)
        return fail_number(fault, i, sequence, "previous", recorded->previous, decided->previous);
    return true;
}

// Decides all of the block, whatever is recorded.
static enum fold_result decide(struct replay_fold *fold, struct ledger_reading *reading, struct arena *arena,
    const struct replay_block *block, struct replay_fault *fault)
{
    struct replay_fault later; // than the first
    bool anything_new = false, same = true;
    points_block_begin(fold->state, block->header->time);
    for (size_t i = 0; i < block->envelope->n_transactions; i++) {
        struct points_inputs inputs;
        points_prefetch(fold->state, block->envelope, i);
        prefetch_id(fold->ids, block->envelope, i + ID_INDEX_AHEAD);
        if (!find_inputs(fold, reading, arena, block, i, &inputs, fault))
            return FOLD_BROKEN;
        struct points_outcome outcome = points_apply(fold->state, block->envelope->transactions[i], &inputs);
        if (!compare(block, i, &outcome, same ? fault : &later)) {
            same = false;
            if (!note_differing(fold, block->header->first_sequence + i, &outcome, fault))
                return FOLD_BROKEN;
        }
        anything_new |= inputs.prior == POINTS_NEW;
    }
    if (same && !anything_new)
        same = replay_fail(fault, "all its ids were decided before: there should be no such block");
    return same ? FOLD_HOLDS : FOLD_DIFFERS;
}

enum fold_result replay_fold_block(struct replay_fold *fold, struct ledger_reading *reading, struct arena *arena,
    const struct replay_block *block, struct replay_fault *fault)
{
    struct replay_fault outcome_fault;
    if (!check_place(fold, block, fault))
        return FOLD_BROKEN;
    bool admitted = check_admission(fold, block, fault);
    enum fold_result result = decide(fold, reading, arena, block, admitted ? fault : &outcome_fault);
    if (result == FOLD_BROKEN && !admitted)
        *fault = outcome_fault;
    return result == FOLD_HOLDS && !admitted ? FOLD_DIFFERS : result;
}
