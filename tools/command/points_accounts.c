// Commands for accounts: open, move, close; and what operators do when something is wrong with one.
#include "tools/command/submit.h"
#include "tools/uuid7.h"

#include <string.h>

#define BYTES(array) ((ProtobufCBinaryData){sizeof(array), (array)})

static int run_open_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    if (!strcmp(argument_xget(&context->line, 0), "new"))
        uuid7_now(account);
    else
        parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__OpenAccount body = POINTS__V1__OPEN_ACCOUNT__INIT;
    body.account = BYTES(account);
    body.municipality = context_municipality(context, argument_xget(&context->line, 1));
    return submit_transaction(context, TRANSACTION(OPEN_ACCOUNT), &body);
}

static int run_move_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__MoveAccount body = POINTS__V1__MOVE_ACCOUNT__INIT;
    body.account = BYTES(account);
    body.municipality = context_municipality(context, argument_xget(&context->line, 1));
    return submit_transaction(context, TRANSACTION(MOVE_ACCOUNT), &body);
}

static int run_close_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__CloseAccount body = POINTS__V1__CLOSE_ACCOUNT__INIT;
    body.account = BYTES(account);
    return submit_transaction(context, TRANSACTION(CLOSE_ACCOUNT), &body);
}

static int run_freeze_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__FreezeAccount body = POINTS__V1__FREEZE_ACCOUNT__INIT;
    body.account = BYTES(account);
    if (option_get(&context->line, "reason"))
        body.reason = (char *)option_get(&context->line, "reason");
    return submit_transaction(context, TRANSACTION(FREEZE_ACCOUNT), &body);
}

static int run_unfreeze_account(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__UnfreezeAccount body = POINTS__V1__UNFREEZE_ACCOUNT__INIT;
    body.account = BYTES(account);
    if (option_get(&context->line, "reason"))
        body.reason = (char *)option_get(&context->line, "reason");
    return submit_transaction(context, TRANSACTION(UNFREEZE_ACCOUNT), &body);
}

static int run_merge_accounts(struct context *context)
{
    uint8_t account[ID_BYTES], merged[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    parse_id(&context->line, "MERGED", argument_xget(&context->line, 1), merged);
    Points__V1__MergeAccounts body = POINTS__V1__MERGE_ACCOUNTS__INIT;
    body.account = BYTES(account);
    body.merged = BYTES(merged);
    return submit_transaction(context, TRANSACTION(MERGE_ACCOUNTS), &body);
}

const struct command commands_accounts[] = {
    {"open-account", "ACCOUNT MUNICIPALITY [--id ID]", "open an account; ACCOUNT \"new\" makes a fresh one", "app", 1,
        run_open_account},
    {"move-account", "ACCOUNT MUNICIPALITY [--id ID]", "give an account another home municipality", "app", 1,
        run_move_account},
    {"close-account", "ACCOUNT [--id ID]", "close an account for ever; its balance is forfeited", "app", 1,
        run_close_account},
    {"freeze-account", "ACCOUNT [--reason TEXT] [--id ID]", "let an account spend nothing; it goes on earning",
        "operator-1", 1, run_freeze_account},
    {"unfreeze-account", "ACCOUNT [--reason TEXT] [--id ID]", "let a frozen account spend again", "operator-1", 1,
        run_unfreeze_account},
    {"merge-accounts", "ACCOUNT MERGED [--id ID]", "make two accounts of one resident one: MERGED ends, for ever",
        "operator-1", 1, run_merge_accounts},
    {0},
};
