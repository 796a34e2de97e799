// A checkpoint that the auditor saw before, in a file: the ledger of today must be a continuation of that one.
#pragma once

#include "tools/audit/audit.h"

struct seen {
    const char *path; // NULL: none
    char note[NOTE_BYTES_MAX];
    struct note_checkpoint checkpoint; // once seen_extended has read it
    struct replay_fault fault;
};

// The file's text; what cannot be read ends the process. NULL: none is asked for.
struct seen seen_read(const struct command_line *line, const char *path);
// After a replay: whether the note is signed with a key of this ledger, and its root is that of the ledger's first so
// many blocks. A history that was rewritten, or cut, is found though it is consistent in itself. False: seen->fault.
bool seen_extended(struct seen *seen, struct replay *replay);
