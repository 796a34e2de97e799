// Commands for what residents do: accounts, awards, donations, conversions.
#include "tools/submit.h"
#include "tools/uuid7.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(array) ((ProtobufCBinaryData){sizeof(array), (array)})

static int run_open_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    if (!strcmp(argument_xget(context, 0), "new"))
        uuid7_now(account);
    else
        parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__OpenAccount body = POINTS__V1__OPEN_ACCOUNT__INIT;
    body.account = BYTES(account);
    body.municipality = context_municipality(context, argument_xget(context, 1));
    return submit_transaction(context, TRANSACTION(OPEN_ACCOUNT), &body);
}

static int run_move_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__MoveAccount body = POINTS__V1__MOVE_ACCOUNT__INIT;
    body.account = BYTES(account);
    body.municipality = context_municipality(context, argument_xget(context, 1));
    return submit_transaction(context, TRANSACTION(MOVE_ACCOUNT), &body);
}

static int run_award(struct context *context)
{
    uint8_t account[ID_BYTES];
    const char *occurred_at = option_get(context, "occurred-at");
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__Award body = POINTS__V1__AWARD__INIT;
    body.account = BYTES(account);
    body.quest = (uint32_t)parse_number(context, "QUEST", argument_xget(context, 1), 1, UINT32_MAX);
    body.occurred_at =
        occurred_at ? parse_time(context, "--occurred-at", occurred_at) : client_hello(context_client(context))->time;
    return submit_transaction(context, TRANSACTION(AWARD), &body);
}

static int run_donate(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__Donate body = POINTS__V1__DONATE__INIT;
    body.account = BYTES(account);
    body.purpose = (uint32_t)parse_number(context, "PURPOSE", argument_xget(context, 2), 1, UINT32_MAX);
    body.points = parse_number(context, "POINTS", argument_xget(context, 3), 0, UINT64_MAX);
    body.municipality = context_municipality(context, argument_xget(context, 1));
    return submit_transaction(context, TRANSACTION(DONATE), &body);
}

static int run_convert(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__RequestConversion body = POINTS__V1__REQUEST_CONVERSION__INIT;
    body.account = BYTES(account);
    body.points = parse_number(context, "POINTS", argument_xget(context, 1), 0, UINT64_MAX);
    return submit_transaction(context, TRANSACTION(REQUEST_CONVERSION), &body);
}

static int run_settle(struct context *context)
{
    uint8_t conversion[ID_BYTES];
    parse_id(context, "CONVERSION", argument_xget(context, 0), conversion);
    Points__V1__SettleConversion body = POINTS__V1__SETTLE_CONVERSION__INIT;
    body.conversion = BYTES(conversion);
    return submit_transaction(context, TRANSACTION(SETTLE_CONVERSION), &body);
}

static int run_refuse(struct context *context)
{
    uint8_t conversion[ID_BYTES];
    const char *reason = option_get(context, "reason");
    parse_id(context, "CONVERSION", argument_xget(context, 0), conversion);
    Points__V1__RefuseConversion body = POINTS__V1__REFUSE_CONVERSION__INIT;
    body.conversion = BYTES(conversion);
    if (reason)
        body.reason = (char *)reason;
    return submit_transaction(context, TRANSACTION(REFUSE_CONVERSION), &body);
}

const struct command commands_residents[] = {
    {"open-account", "ACCOUNT MUNICIPALITY [--id ID]", "open an account; ACCOUNT \"new\" makes a fresh one", "app", 1,
        run_open_account},
    {"move-account", "ACCOUNT MUNICIPALITY [--id ID]", "give an account another home municipality", "app", 1,
        run_move_account},
    {"award", "ACCOUNT QUEST [--occurred-at TIME] [--id ID]",
        "award a quest's points (TIME: now, by the ledger's clock)", "app", 1, run_award},
    {"donate", "ACCOUNT MUNICIPALITY PURPOSE POINTS [--id ID]", "donate points to the home municipality", "app", 1,
        run_donate},
    {"convert", "ACCOUNT POINTS [--id ID]", "request a conversion into WAON", "app", 1, run_convert},
    {"settle", "CONVERSION [--id ID]", "settle a conversion, by the id of its request", "waon", 1, run_settle},
    {"refuse", "CONVERSION [--reason TEXT] [--id ID]", "refuse a conversion, by the id of its request", "waon", 1,
        run_refuse},
    {0},
};
