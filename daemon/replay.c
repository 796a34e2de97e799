#include "replay.h"

#include "ledger/tree.h"
#include "proto/arena.h"
#include "proto/canonical.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ARENA_BYTES_MAX = 8 * 1024 * 1024, BLOCKS_PER_READING = 4096, PROGRESS_S = 5 };

struct replaying {
    struct ledger *ledger;
    struct points_state *state;
    struct id_map *ids;
    struct tree_edge edge;
    struct arena arena;
    struct ledger_error *error;
};

__attribute__((format(printf, 3, 4))) static bool fault(
    struct replaying *replaying, uint64_t index, const char *format, ...)
{
    char *message = replaying->error->message;
    size_t used = (size_t)snprintf(message, LEDGER_ERROR_BYTES, "block %llu: ", (unsigned long long)index);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message + used, LEDGER_ERROR_BYTES - used, format, arguments);
    va_end(arguments);
    return false;
}

static bool fold_genesis(struct replaying *replaying, const struct ledger_record *record)
{
    struct canonical_fault form;
    struct points_error error;
    if (canonical_check(&points__v1__genesis__descriptor, record->envelope, record->envelope_size, &form))
        return fault(replaying, 0, "genesis: %s %s", form.field, form.problem);
    Points__V1__Genesis *genesis =
        points__v1__genesis__unpack(&replaying->arena.allocator, record->envelope_size, record->envelope);
    if (!genesis)
        return fault(replaying, 0, "genesis cannot be read");
    replaying->state = points_from_genesis(genesis, &error);
    return replaying->state || fault(replaying, 0, "%s", error.message);
}

// The recorded outcome says whether an id was known; that it says so rightly is the auditor's to check.
static struct points_inputs recorded_inputs(const struct replaying *replaying,
    const Points__V1__Transaction *transaction, const Points__V1__Outcomes *recorded, size_t position)
{
    const uint8_t *target = points_target(transaction);
    struct points_inputs inputs = {.target_sequence = target ? id_map_get(replaying->ids, target) : 0};
    if (recorded->code[position] == OUTCOME(DUPLICATE))
        inputs.prior = POINTS_SAME_BYTES;
    else if (recorded->code[position] == OUTCOME(ID_REUSED))
        inputs.prior = POINTS_OTHER_BYTES;
    if (inputs.prior != POINTS_NEW)
        inputs.prior_sequence = recorded->previous[position];
    return inputs;
}

static bool same_outcome(const Points__V1__Outcomes *recorded, size_t position, const struct points_outcome *outcome)
{
    return recorded->code[position] == outcome->code && recorded->points[position] == outcome->points &&
           recorded->expired[position] == outcome->expired && recorded->previous[position] == outcome->previous;
}

static bool fold_transactions(struct replaying *replaying, uint64_t index, const Points__V1__BlockHeader *header,
    const Points__V1__Envelope *envelope, const Points__V1__Outcomes *recorded)
{
    points_block_begin(replaying->state, header->time);
    for (size_t i = 0; i < envelope->n_transactions; i++) {
        const Points__V1__Transaction *transaction = envelope->transactions[i];
        struct points_inputs inputs = recorded_inputs(replaying, transaction, recorded, i);
        bool known = id_map_get(replaying->ids, transaction->id.data) != 0;
        if (known != (inputs.prior != POINTS_NEW))
            return fault(replaying, index, "transaction %zu: its id was %s before, the record says otherwise", i,
                known ? "decided" : "not decided");
        struct points_outcome outcome = points_apply(replaying->state, transaction, &inputs);
        if (!same_outcome(recorded, i, &outcome))
            return fault(replaying, index, "transaction %zu: recorded outcome %d, the rules say %d", i,
                (int)recorded->code[i], (int)outcome.code);
        if (!known)
            id_map_add(replaying->ids, transaction->id.data, header->first_sequence + i);
    }
    return true;
}

static bool fold_block(struct replaying *replaying, uint64_t index, const struct ledger_record *record)
{
    ProtobufCAllocator *allocator = &replaying->arena.allocator;
    struct canonical_fault form;
    if (canonical_check(&points__v1__envelope__descriptor, record->envelope, record->envelope_size, &form))
        return fault(replaying, index, "%s %s", form.field, form.problem);
    Points__V1__BlockHeader *header =
        points__v1__block_header__unpack(allocator, record->header_size, record->header);
    Points__V1__Envelope *envelope =
        points__v1__envelope__unpack(allocator, record->envelope_size, record->envelope);
    Points__V1__Outcomes *outcomes =
        points__v1__outcomes__unpack(allocator, record->outcomes_size, record->outcomes);
    if (!header || !envelope || !outcomes)
        return fault(replaying, index, "cannot be read");
    size_t count = envelope->n_transactions;
    if (header->rules_version != POINTS_RULES_VERSION)
        return fault(replaying, index, "was decided by rules version %u, unknown here", header->rules_version);
    if (header->count != count || outcomes->n_code != count || outcomes->n_points != count ||
        outcomes->n_expired != count || outcomes->n_previous != count)
        return fault(replaying, index, "its counts of transactions and outcomes differ");
    if (header->first_sequence != points_last_sequence(replaying->state) + 1)
        return fault(replaying, index, "its first sequence number does not follow");
    if (!points_time_valid(replaying->state, header->time))
        return fault(replaying, index, "its time does not follow");
    return fold_transactions(replaying, index, header, envelope, outcomes);
}

static bool take_block(struct replaying *replaying, struct ledger_reading *reading, uint64_t index)
{
    struct ledger_record record;
    if (!ledger_check_block(reading, index, &replaying->edge, replaying->error))
        return false;
    int found = ledger_read_block(reading, index, &record, replaying->error);
    if (found == 0)
        return fault(replaying, index, "is missing");
    arena_reset(&replaying->arena);
    return found > 0 &&
           (index == 0 ? fold_genesis(replaying, &record) : fold_block(replaying, index, &record));
}

static void show_progress(uint64_t index, uint64_t size, time_t *next)
{
    if (time(NULL) < *next)
        return;
    *next = time(NULL) + PROGRESS_S;
    fprintf(stderr, "pointsd: checked %llu of %llu blocks\n", (unsigned long long)index, (unsigned long long)size);
}

// A reading pins old pages, so it is renewed now and then.
static bool take_some(struct replaying *replaying, uint64_t from, uint64_t to)
{
    struct ledger_reading *reading = ledger_read_begin(replaying->ledger, replaying->error);
    bool holds = reading != NULL;
    for (uint64_t index = from; holds && index < to; index++)
        holds = take_block(replaying, reading, index);
    if (reading)
        ledger_read_end(reading);
    return holds;
}

static bool check_end(struct replaying *replaying)
{
    const Points__V1__Genesis *genesis = points_genesis(replaying->state);
    struct note_verifier verifier;
    snprintf(verifier.name, sizeof verifier.name, "%s", genesis->origin);
    memcpy(verifier.key, genesis->checkpoint_key.data, KEY_BYTES);
    struct ledger_reading *reading = ledger_read_begin(replaying->ledger, replaying->error);
    bool holds = reading && ledger_check_end(reading, &replaying->edge, &verifier, replaying->error);
    if (reading)
        ledger_read_end(reading);
    return holds;
}

struct points_state *replay(struct ledger *ledger, struct id_map *ids, struct ledger_error *error)
{
    struct replaying replaying = {.ledger = ledger, .ids = ids, .error = error};
    arena_init(&replaying.arena, ARENA_BYTES_MAX);
    uint64_t size = ledger_size(ledger);
    time_t next_progress = time(NULL) + PROGRESS_S;
    bool holds = true;
    for (uint64_t from = 0; holds && from < size; from += BLOCKS_PER_READING) {
        uint64_t to = from + BLOCKS_PER_READING < size ? from + BLOCKS_PER_READING : size;
        holds = take_some(&replaying, from, to);
        show_progress(to, size, &next_progress);
    }
    holds = holds && check_end(&replaying);
    arena_free(&replaying.arena);
    if (holds)
        return replaying.state;
    points_free(replaying.state);
    return NULL;
}
