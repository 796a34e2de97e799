// Commands that report, for municipal staff and the programme office: what the queries say, added up as they are asked
// about it.
#include "tools/query/queries.h"
#include "tools/report/reports.h"

#define UNITS "[--by whole|day|month|fiscal-year]"
#define SPAN "[--municipality MUNICIPALITY] [--from DAY] [--to DAY]"

const struct command commands_reports[] = {
    {"report donations",
        UNITS " [--group municipality-and-purpose|by-municipality|by-purpose|together] [--dated "
              "donation|original|settlement] "
              "[--purpose PURPOSE] " SPAN " [--svg FILE]",
        "report donations by month, municipality and purpose, with the number of donors", "auditor", 0,
        run_report_donations},
    {"report campaign", "[QUEST] [--campaign CAMPAIGN] [--by municipality|period] [--svg FILE]",
        "report who took part in a quest or a campaign, and how long its budget lasts", "auditor", 0,
        run_report_campaign},
    {"report circulation",
        "[--quest QUEST] [--from DAY] [--to DAY] [--show amount|receipts|residents|points] [--svg FILE]",
        "report where residents shop, by month: home by municipality of the shop", "auditor", 0, run_circulation},
    {"report conversions", UNITS " " SPAN,
        "report conversions requested, settled, refused and pending, by month and municipality", "auditor", 0,
        run_report_conversions},
    {"report expiry", UNITS " " SPAN, "report points that expired and that will, by month and municipality", "auditor",
        0, run_report_expiry},
    {"report trial-balance", "", "report the books, as trial-balance does", "auditor", 0, run_trial_balance},
    {"report open-data", "donations|circulation|participation [QUEST] [--threshold NUMBER]",
        "make a table to publish: small numbers are withheld, and what would give them away", "auditor", 0,
        run_report_open_data},
    {0},
};
