#include "replay/checkpoints.h"

#include <inttypes.h>

const struct note_verifier *replay_verifiers(
    const struct points_state *state, uint64_t sequence, struct arena *arena, size_t *count)
{
    *count = points_checkpoint_key_count(state, sequence);
    struct note_verifier *verifiers = arena_alloc(arena, *count * sizeof *verifiers);
    if (!verifiers)
        *count = 0;
    for (size_t i = 0; i < *count; i++)
        verifiers[i] = note_verifier_of(points_genesis(state)->origin, points_checkpoint_key_at(state, sequence, i));
    return verifiers;
}

bool replay_check_newest(const struct points_state *state, struct ledger_reading *reading, const struct tree_edge *edge,
    struct arena *arena, struct replay_fault *fault)
{
    struct ledger_error error;
    size_t count;
    const struct note_verifier *verifiers = replay_verifiers(state, points_last_sequence(state), arena, &count);
    return ledger_check_end(reading, edge, verifiers, count, &error) || replay_fail(fault, "%s", error.message);
}

// ---- kept ones

static size_t count_cosignatures(const struct points_state *state, const char *note)
{
    size_t found = 0;
    for (size_t i = 0; i < points_witness_count(state); i++) {
        struct points_witness witness = points_witness_at(state, i);
        struct note_verifier verifier = note_verifier_of(witness.name, witness.key);
        struct note_cosignature cosignature;
        struct note_fault fault;
        found += note_open_cosignature(note, &verifier, &cosignature, &fault);
    }
    return found;
}

static bool check_lines(const struct points_state *state, enum ledger_kept kept, const char *note,
    const struct note_verifier *verifiers, size_t count, struct replay_fault *fault)
{
    char own[NOTE_BYTES_MAX];
    note_strip(note, verifiers, count, own);
    size_t cosignatures = count_cosignatures(state, note);
    if (note_line_count(own) + cosignatures != note_line_count(note))
        return replay_fail(fault, "the checkpoint has a line that no key of this ledger made");
    return kept != LEDGER_COSIGNED || cosignatures > 0 ||
           replay_fail(fault, "the checkpoint is not cosigned by a witness");
}

bool replay_check_kept(const struct points_state *state, struct ledger_reading *reading, enum ledger_kept kept,
    uint64_t day, const char *note, struct arena *arena, struct replay_fault *fault)
{
    struct ledger_error error;
    struct note_checkpoint checkpoint;
    struct note_fault form;
    struct ledger_tip tip;
    size_t count;
    if (!note_read_checkpoint(note, &checkpoint, &form))
        return replay_fail(fault, "%s", form.message);
    if (!ledger_read_tip(reading, checkpoint.size, &tip, &error))
        return replay_fail(fault, "%s", error.message);
    if (tip.day != day)
        return replay_fail(fault, "the checkpoint of %" PRIu64 " blocks is not of this day", checkpoint.size);
    const struct note_verifier *verifiers = replay_verifiers(state, tip.sequence, arena, &count);
    if (!ledger_check_kept(reading, note, checkpoint.size, verifiers, count, &error))
        return replay_fail(fault, "%s", error.message);
    return check_lines(state, kept, note, verifiers, count, fault);
}
