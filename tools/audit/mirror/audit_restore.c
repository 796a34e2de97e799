// points-audit restore: a backup made into a ledger again, and what that means, in words.
#include "tools/audit/mirror/copy_place.h"
#include "tools/audit/seen.h"
#include "tools/jst.h"

#include <stdio.h>
#include <stdlib.h>

// What somebody holds signed must be in the backup.
static void check_extends(const struct audit *audit, struct copy *copy, struct seen *seen)
{
    if (!seen->path || seen_extended(seen, &copy->replay))
        return;
    int code = audit_fault(audit, REPLAY_FAULT, &seen->fault);
    say("not restored: a daemon started on it would sign a fork. Find a newer backup, or an auditor's mirror; to "
        "restore "
        "it nevertheless, leave out --from-checkpoint");
    exit(code);
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
    audit_need_no_table(audit);
    struct seen seen = seen_read(&audit->line, option_get(&audit->line, "from-checkpoint"));
    struct ledger *backup = audit_ledger(from);
    copy_make(audit, backup, dir, &copy);
    ledger_close(backup);
    check_extends(audit, &copy, &seen);
    copy_settle(&copy);
    copy_print(audit, &copy, "restored ledger");
    fflush(stdout);
    warn(&copy, seen.path);
    audit_replay_end(&copy.replay);
    ledger_close(copy.ledger);
    return EXIT_HOLDS;
}
