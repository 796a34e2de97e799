// points-audit backup: a copy of a ledger at one moment, made while a daemon may go on writing it.
#include "tools/audit/copy_place.h"

#include <stdio.h>

int audit_backup(struct audit *audit)
{
    struct copy copy;
    struct ledger_error error;
    const char *dir = argument_xget(&audit->line, 0), *to = argument_xget(&audit->line, 1);
    struct ledger *ledger = ledger_open(dir, LEDGER_LIVE, &error);
    if (!ledger)
        fail(EXIT_FAILED, "%s", error.message);
    copy_make(audit, ledger, to, &copy);
    ledger_close(ledger);
    copy_settle(&copy);
    copy_print(audit, &copy, "backup");
    if (audit->format == TABLE_PEOPLE)
        printf(
            "\nDone: the copy in %s is complete, was checked from its first block to its checkpoint, and is on disk.\n",
            to);
    audit_replay_end(&copy.replay);
    ledger_close(copy.ledger);
    return EXIT_HOLDS;
}
