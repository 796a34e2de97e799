// points-audit backup: a copy of a ledger at one moment, made while a daemon may go on writing it.
#include "tools/audit/mirror/copy_place.h"

int audit_backup(struct audit *audit)
{
    struct copy copy;
    struct ledger_error error;
    const char *dir = argument_xget(&audit->line, 0), *to = argument_xget(&audit->line, 1);
    audit_need_no_table(audit);
    struct ledger *ledger = ledger_open(dir, LEDGER_LIVE, &error);
    if (!ledger)
        fail(EXIT_FAILED, "%s", error.message);
    copy_make(audit, ledger, to, &copy);
    ledger_close(ledger);
    copy_settle(&copy);
    copy_print(audit, &copy, "backup");
    audit_replay_end(&copy.replay);
    ledger_close(copy.ledger);
    return EXIT_HOLDS;
}
