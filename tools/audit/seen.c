#include "tools/audit/seen.h"
#include "replay/checkpoints.h"
#include "tools/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct seen seen_read(const struct command_line *line, const char *path)
{
    struct seen seen = {.path = path, .fault.block = REPLAY_NO_BLOCK};
    struct tool_error error;
    size_t size;
    if (!path)
        return seen;
    uint8_t *text = file_read(path, sizeof seen.note - 1, &size, &error);
    if (!text)
        fail(EXIT_FAILED, "%s", error.message);
    if (strlen((const char *)text) != size)
        fail_usage(line, "%s is no checkpoint: it has NUL bytes", path);
    memcpy(seen.note, text, size + 1);
    free(text);
    return seen;
}

// The number of the last transaction that the note speaks of, or that the ledger has: it tells which keys could sign.
static bool find_tip(const struct seen *seen, const struct replay *replay, struct ledger_tip *tip)
{
    struct ledger_error error;
    uint64_t size = seen->checkpoint.size < replay->edge.size ? seen->checkpoint.size : replay->edge.size;
    struct ledger_reading *reading = ledger_read_begin(replay->settings.ledger, &error);
    bool found = reading && ledger_read_tip(reading, size, tip, &error);
    ledger_read_end(reading);
    return found;
}

static bool open_note(struct seen *seen, struct replay *replay)
{
    struct note_fault fault;
    struct ledger_tip tip;
    size_t count;
    if (!note_read_checkpoint(seen->note, &seen->checkpoint, &fault))
        return replay_fail(&seen->fault, "in %s: %s", seen->path, fault.message);
    if (seen->checkpoint.size == 0 || !find_tip(seen, replay, &tip))
        return replay_fail(&seen->fault, "%s is no checkpoint of blocks", seen->path);
    const struct note_verifier *verifiers = replay_verifiers(replay->fold.state, tip.sequence, &replay->arena, &count);
    return note_open_checkpoint(seen->note, verifiers, count, &seen->checkpoint, &fault) ||
           replay_fail(&seen->fault, "%s is no checkpoint of this ledger, or the ledger does not extend it: %s",
               seen->path, fault.message);
}

bool seen_extended(struct seen *seen, struct replay *replay)
{
    uint8_t root[HASH_BYTES];
    struct ledger_error error;
    if (!open_note(seen, replay))
        return false;
    uint64_t size = seen->checkpoint.size;
    if (size > replay->edge.size)
        return replay_fail(&seen->fault,
            "the ledger does not extend the checkpoint in %s: that speaks of %" PRIu64
            " blocks, the ledger has %" PRIu64 ": it was cut short",
            seen->path, size, replay->edge.size);
    if (!ledger_root_at(replay->settings.ledger, size, root, &error))
        return replay_fail(&seen->fault, "%s", error.message);
    return memcmp(root, seen->checkpoint.root, HASH_BYTES) == 0 ||
           replay_fail(&seen->fault,
               "the ledger does not extend the checkpoint in %s: its first %" PRIu64
               " blocks have another root: they were rewritten",
               seen->path, size);
}
