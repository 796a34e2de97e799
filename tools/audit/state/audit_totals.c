// points-audit totals: donations, what was paid out of them, and conversions, by municipality and span of days.
#include "tools/audit/audit_report.h"
#include "tools/audit/state/audit_moment.h"

#include <inttypes.h>

static uint32_t municipality_asked(const struct audit *audit, struct names *names)
{
    struct tool_error error;
    uint32_t code = 0;
    const char *text = option_get(&audit->line, "municipality");
    if (text && !municipality_names_find(names_municipalities(names), text, &code, &error))
        fail(EXIT_WRONG_USE, "%s", error.message);
    return code;
}

static uint32_t purpose_asked(const struct audit *audit, struct names *names)
{
    uint32_t purpose = (uint32_t)option_number(&audit->line, "purpose", 1, UINT32_MAX, 0);
    if (purpose && !names_programme(names, PART(PURPOSES), purpose))
        fail(EXIT_WRONG_USE, "--purpose: no purpose %" PRIu32 " is defined up to this block", purpose);
    return purpose;
}

// The days are looked at before the ledger is; `view` NULL then.
static Points__V1__GetDonationTotals read_asked(const struct audit *audit, struct state_view *view)
{
    Points__V1__GetDonationTotals asked = POINTS__V1__GET_DONATION_TOTALS__INIT;
    asked.unit = option_unit(&audit->line, UNIT(WHOLE));
    asked.from_day = option_day(&audit->line, "from", 0);
    asked.to_day = option_day(&audit->line, "to", 0);
    if (asked.to_day && asked.to_day < asked.from_day)
        fail_usage(&audit->line, "--to is before --from");
    if (view) {
        asked.municipality = municipality_asked(audit, &view->names);
        asked.purpose = purpose_asked(audit, &view->names);
    }
    return asked;
}

static Points__V1__GetConversionTotals of_conversions(const Points__V1__GetDonationTotals *asked)
{
    Points__V1__GetConversionTotals query = POINTS__V1__GET_CONVERSION_TOTALS__INIT;
    query.unit = asked->unit;
    query.from_day = asked->from_day;
    query.to_day = asked->to_day;
    query.municipality = asked->municipality;
    return query;
}

static void show_totals(struct document *document, const struct audit *audit, struct audit_moment *moment)
{
    struct state_view *view = &moment->view;
    const Points__V1__GetDonationTotals asked = read_asked(audit, view); // before anything is shown
    const Points__V1__GetConversionTotals conversions = of_conversions(&asked);
    report_identity(document, &moment->replay);
    audit_show_instant(document, moment);
    if (option_get(&audit->line, "settled"))
        document_table(
            document, NULL, "Donations paid out, by the day of payment, in points", state_payments(view, &asked));
    else if (option_get(&audit->line, "conversions"))
        document_table(document, NULL, "Conversions requested, settled and refused, in points",
            state_conversions(view, &conversions));
    else
        document_table(document, NULL,
            "Donations by the day on which they were given, in points, as booked; reversed ones beside them",
            state_donations(view, &asked));
}

int audit_totals(struct audit *audit)
{
    struct audit_moment moment;
    bool settled = option_get(&audit->line, "settled"), conversions = option_get(&audit->line, "conversions");
    if (settled && conversions)
        fail_usage(&audit->line, "--settled and --conversions are two tables; give one of them");
    if (conversions && option_get(&audit->line, "purpose"))
        fail_usage(&audit->line, "conversions have no purpose");
    read_asked(audit, NULL);
    audit_moment_begin(audit, &moment);
    struct document document = document_begin(audit);
    show_totals(&document, audit, &moment);
    audit_show_moment(&document, &moment);
    document_end(&document);
    audit_moment_end(&moment);
    return EXIT_HOLDS;
}
