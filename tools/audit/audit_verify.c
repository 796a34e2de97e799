// points-audit verify: everything checked, from genesis to the checkpoint.
#include "tools/audit/audit.h"
#include "tools/audit/audit_report.h"

#include <stdio.h>

int audit_verify(struct audit *audit)
{
    struct replay replay;
    struct ledger *ledger = audit_ledger(argument_xget(&audit->line, 0));
    enum replay_result result = audit_replay(ledger, &(struct audit_pass){.signatures = true}, &replay);
    int code = EXIT_HOLDS;
    if (result == REPLAY_HOLDS)
        audit_report(&replay, stdout);
    else
        code = audit_fault(audit, result, &replay.fault);
    audit_replay_end(&replay);
    ledger_close(ledger);
    return code;
}
