// points-audit trial-balance: the books of each municipality after a block, or as of an instant.
#include "tools/audit/state/audit_moment.h"
#include "tools/audit/audit_report.h"

int audit_trial_balance(struct audit *audit)
{
    struct audit_moment moment;
    audit_moment_begin(audit, &moment);
    struct document document = document_begin(audit);
    report_identity(&document, &moment.replay);
    audit_show_instant(&document, &moment);
    bool balanced = report_books(&document, &moment.view);
    audit_show_moment(&document, &moment);
    audit_show_overdue(&document, &moment);
    if (audit->format == TABLE_PEOPLE)
        document_remark(&document, "%s",
            balanced ? "The books balance. Of a municipality, issued + moved is the sum of the others: residents bring "
                       "points with them, or take them along."
                     : "The books DO NOT BALANCE.");
    document_end(&document);
    audit_moment_end(&moment);
    return balanced ? EXIT_HOLDS : EXIT_FAULT;
}
