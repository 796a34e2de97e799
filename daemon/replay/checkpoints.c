#include "replay/checkpoints.h"
#include "points/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct note_verifier *replay_verifiers(
    const struct points_state *state, uint64_t sequence, struct arena *arena, size_t *count)
{
    *count = points_checkpoint_key_count(state, sequence);
    struct note_verifier *verifiers = arena_alloc(arena, *count * sizeof *verifiers);
    for (size_t i = 0; i < *count; i++) {
        snprintf(verifiers[i].name, sizeof verifiers[i].name, "%s", points_genesis(state)->origin);
        memcpy(verifiers[i].key, points_checkpoint_key_at(state, sequence, i), KEY_BYTES);
    }
    return verifiers;
}

// ---- kept ones

// Lines that the keys of its time and the registered witnesses made, and no others.
static bool check_lines(
    struct replay *replay, enum ledger_kept kept, const char *note, const struct note_verifier *verifiers, size_t count)
{
    const struct points_state *state = replay->fold.state;
    char own[NOTE_BYTES_MAX];
    note_strip(note, verifiers, count, own);
    size_t lines = note_line_count(own), witnesses = 0;
    for (size_t i = 0; i < points_witness_count(state); i++) {
        struct points_witness witness = points_witness_at(state, i);
        struct note_verifier verifier;
        struct note_cosignature cosignature;
        struct note_fault fault;
        snprintf(verifier.name, sizeof verifier.name, "%s", witness.name);
        memcpy(verifier.key, witness.key, KEY_BYTES);
        witnesses += note_open_cosignature(note, &verifier, &cosignature, &fault);
    }
    if (lines + witnesses != note_line_count(note))
        return replay_fail(&replay->fault, "the checkpoint has a line that no key of this ledger made");
    return kept != LEDGER_COSIGNED || witnesses > 0 ||
           replay_fail(&replay->fault, "the checkpoint is not cosigned by any witness");
}

static bool check_kept(
    struct replay *replay, struct ledger_reading *reading, enum ledger_kept kept, uint64_t day, const char *note)
{
    struct ledger_error error;
    struct note_checkpoint checkpoint;
    struct note_fault form;
    struct ledger_tip tip;
    size_t count;
    if (!note_read_checkpoint(note, &checkpoint, &form))
        return replay_fail(&replay->fault, "%s", form.message);
    if (!ledger_read_tip(reading, checkpoint.size, &tip, &error))
        return replay_fail(&replay->fault, "%s", error.message);
    if (tip.day != day)
        return replay_fail(&replay->fault, "the checkpoint of %" PRIu64 " blocks is not of this day", checkpoint.size);
    arena_reset(&replay->arena);
    const struct note_verifier *verifiers = replay_verifiers(replay->fold.state, tip.sequence, &replay->arena, &count);
    if (!ledger_check_kept(reading, note, checkpoint.size, verifiers, count, &error))
        return replay_fail(&replay->fault, "%s", error.message);
    return check_lines(replay, kept, note, verifiers, count);
}

static bool name_day(struct replay *replay, enum ledger_kept kept, uint64_t day)
{
    struct replay_fault bare = replay->fault;
    struct calendar_date date = calendar_date((int64_t)day);
    return replay_fail(&replay->fault, "in the %s of %04lld-%02d-%02d: %.500s",
        kept == LEDGER_COSIGNED ? "cosigned checkpoint" : "checkpoint", (long long)date.year, date.month, date.day,
        bare.message);
}

static bool check_all_kept(struct replay *replay, struct ledger_reading *reading, enum ledger_kept kept)
{
    struct ledger_error error;
    char note[NOTE_BYTES_MAX];
    uint64_t day = 0;
    int found;
    while ((found = ledger_read_kept_day(reading, kept, &day, note, &error)) == 1) {
        if (!check_kept(replay, reading, kept, day, note))
            return name_day(replay, kept, day);
        day++;
    }
    return found == 0 || replay_fail(&replay->fault, "in the kept checkpoints: %s", error.message);
}

bool replay_check_checkpoints(struct replay *replay, struct ledger_reading *reading, bool all)
{
    struct ledger_error error;
    size_t count;
    arena_reset(&replay->arena);
    const struct points_state *state = replay->fold.state;
    const struct note_verifier *verifiers =
        replay_verifiers(state, points_last_sequence(state), &replay->arena, &count);
    if (!ledger_check_end(reading, &replay->edge, verifiers, count, &error))
        return replay_fail(&replay->fault, "in the checkpoint: %s", error.message);
    return !all ||
           (check_all_kept(replay, reading, LEDGER_CHECKPOINTS) && check_all_kept(replay, reading, LEDGER_COSIGNED));
}
