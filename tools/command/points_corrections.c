// Commands that put something right, or pay out what was given: two operators each.
#include "tools/command/submit.h"

#define BYTES(array) ((ProtobufCBinaryData){sizeof(array), (array)})

static int run_reverse(struct context *context)
{
    uint8_t target[ID_BYTES];
    Points__V1__Reverse body = POINTS__V1__REVERSE__INIT;
    parse_id(&context->line, "TRANSACTION", argument_xget(&context->line, 0), target);
    body.target = BYTES(target);
    body.reason = (char *)option_xget(&context->line, "reason");
    return submit_transaction(context, TRANSACTION(REVERSE), &body);
}

static int run_settle_donations(struct context *context)
{
    Points__V1__SettleDonations body = POINTS__V1__SETTLE_DONATIONS__INIT;
    body.purpose = (uint32_t)parse_number(&context->line, "PURPOSE", argument_xget(&context->line, 1), 1, UINT32_MAX);
    body.to_day = parse_day(&context->line, "--to", option_xget(&context->line, "to"));
    body.reference = (char *)option_xget(&context->line, "reference");
    body.municipality = context_municipality(context, argument_xget(&context->line, 0));
    return submit_transaction(context, TRANSACTION(SETTLE_DONATIONS), &body);
}

const struct command commands_corrections[] = {
    {"reverse", "TRANSACTION --reason TEXT [--id ID]",
        "undo an award, a donation, or a conversion that waits, by its id (two operators)", "operator-1", 2,
        run_reverse},
    {"settle-donations", "MUNICIPALITY PURPOSE --to DAY --reference TEXT [--id ID]",
        "pay out what was given for a municipality's purpose up to a day (two operators)", "operator-1", 2,
        run_settle_donations},
    {0},
};
