// Commands that correct and pay out: reversals, and settlements of donations.
#include "tools/submit.h"

static int run_reverse(struct context *context)
{
    uint8_t target[ID_BYTES];
    parse_id(context, "TRANSACTION", argument_xget(context, 0), target);
    Points__V1__Reverse body = POINTS__V1__REVERSE__INIT;
    body.target = (ProtobufCBinaryData){ID_BYTES, target};
    body.reason = (char *)option_xget(context, "reason");
    return submit_transaction(context, TRANSACTION(REVERSE), &body);
}

static int run_settle_donations(struct context *context)
{
    Points__V1__SettleDonations body = POINTS__V1__SETTLE_DONATIONS__INIT;
    body.municipality = context_municipality(context, argument_xget(context, 0));
    body.purpose = (uint32_t)parse_number(context, "PURPOSE", argument_xget(context, 1), 1, UINT32_MAX);
    body.to_day = parse_day(context, "--to", option_xget(context, "to"));
    body.reference = (char *)option_xget(context, "reference");
    return submit_transaction(context, TRANSACTION(SETTLE_DONATIONS), &body);
}

const struct command commands_corrections[] = {
    {"reverse", "TRANSACTION --reason TEXT [--id ID]",
        "undo an award, a recent donation, or a conversion that waits, by its id (two operators)", "operator-1", 2,
        run_reverse},
    {"settle-donations", "MUNICIPALITY PURPOSE --to DAY --reference TEXT [--id ID]",
        "record that what was given up to a day is paid out (two operators)", "operator-1", 2, run_settle_donations},
    {0},
};
