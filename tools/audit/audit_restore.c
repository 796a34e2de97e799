// points-audit restore: a backup made into a ledger again, and what that means, in words.
#include "tools/audit/copy_place.h"
#include "tools/file.h"
#include "tools/jst.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_checkpoint(const char *path, const Points__V1__Genesis *genesis, struct note_checkpoint *checkpoint)
{
    size_t size;
    struct tool_error error;
    struct note_verifier verifier = {0};
    char *note = (char *)file_read(path, NOTE_BYTES_MAX - 1, &size, &error);
    if (!note)
        fail(EXIT_FAILED, "%s", error.message);
    snprintf(verifier.name, sizeof verifier.name, "%s", genesis->origin);
    memcpy(verifier.key, genesis->checkpoint_key.data, KEY_BYTES);
    if (!note_open_checkpoint(note, &verifier, checkpoint))
        fail(EXIT_FAILED, "%s is no checkpoint of this ledger, %s, signed with its key", path, genesis->origin);
    free(note);
}

// What somebody holds signed must be in the backup.
static void check_extends(const struct audit *audit, const struct copy *copy, const char *path)
{
    struct replay_fault fault = {.block = REPLAY_NO_BLOCK};
    struct note_checkpoint checkpoint;
    uint64_t blocks = copy->replay.edge.size;
    read_checkpoint(path, points_genesis(copy->replay.fold.state), &checkpoint);
    if (checkpoint.size > blocks)
        replay_fail(&fault,
            "in the checkpoint of %s: it speaks of %" PRIu64 " blocks, the backup has %" PRIu64
            ": what came after it would be lost, and a daemon started on it would sign a fork; find a newer backup, or "
            "a "
            "mirror. To restore it nevertheless, leave out --from-checkpoint",
            path, checkpoint.size, blocks);
    else if (!ledger_has_root(copy->ledger, checkpoint.size, checkpoint.root))
        replay_fail(&fault,
            "in the checkpoint of %s: the first %" PRIu64
            " blocks of the backup are not those that it speaks of: one of the two is of a fork",
            path, checkpoint.size);
    else
        return;
    exit(audit_fault(audit, REPLAY_FAULT, &fault));
}

static void warn(const struct copy *copy, const char *checkpoint)
{
    char time[JST_TIME_BYTES];
    jst_print_time(points_time(copy->replay.fold.state), time);
    fprintf(stderr,
        "\nWARNING: what was acknowledged after this backup, whose last block is of %s JST, is not in it.\n"
        "If anything was, a daemon started on it would sign a fork: a second history under the same name, which "
        "everyone\n"
        "who holds a newer checkpoint will see.\n",
        time);
    if (checkpoint)
        fprintf(stderr, "It holds all that %s speaks of. See that nobody has a newer checkpoint.\n", checkpoint);
    else
        fputs("Before you start one, compare with the newest checkpoint that anybody has: restore again to another "
              "folder\n"
              "with --from-checkpoint FILE, which refuses a backup that does not reach so far.\n",
            stderr);
}

int audit_restore(struct audit *audit)
{
    struct copy copy;
    const char *from = argument_xget(&audit->line, 0), *dir = argument_xget(&audit->line, 1);
    const char *checkpoint = option_get(&audit->line, "from-checkpoint");
    struct ledger *backup = audit_ledger(from);
    copy_make(audit, backup, dir, &copy);
    ledger_close(backup);
    if (checkpoint)
        check_extends(audit, &copy, checkpoint);
    copy_settle(&copy);
    copy_print(audit, &copy, "restored");
    if (audit->format == TABLE_PEOPLE)
        printf("\nDone: the ledger in %s is what the backup holds, was checked from its first block to its checkpoint, "
               "and is "
               "on disk.\n",
            dir);
    fflush(stdout);
    warn(&copy, checkpoint);
    audit_replay_end(&copy.replay);
    ledger_close(copy.ledger);
    return EXIT_HOLDS;
}
