#include "tools/audit/seen.h"
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

static bool open_note(struct seen *seen, const struct replay *replay)
{
    struct note_verifier verifier = {0};
    const Points__V1__Genesis *genesis = points_genesis(replay->fold.state);
    snprintf(verifier.name, sizeof verifier.name, "%s", genesis->origin);
    memcpy(verifier.key, genesis->checkpoint_key.data, KEY_BYTES);
    return note_open_checkpoint(seen->note, &verifier, &seen->checkpoint) ||
           replay_fail(&seen->fault,
               "%s is no checkpoint of this ledger: no line in it is signed by %s with a key of it", seen->path,
               verifier.name);
}

bool seen_extended(struct seen *seen, const struct replay *replay)
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
