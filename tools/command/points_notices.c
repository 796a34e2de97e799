// Commands of a municipality: what it tells residents. Each is signed with a key of the municipality.
#include "tools/command/notice_options.h"
#include "tools/command/submit.h"

#include <sodium.h>
#include <stdlib.h>

#define BYTES(array) ((ProtobufCBinaryData){sizeof(array), (array)})
#define OWN_KEY "municipality-CODE" // as help shows it: context_own_municipality finds the code

static int run_post_notice(struct context *context)
{
    uint8_t digest[HASH_BYTES];
    Points__V1__PostNotice body = POINTS__V1__POST_NOTICE__INIT;
    body.first_day = parse_day(&context->line, "--first", option_xget(&context->line, "first"));
    body.last_day = parse_day(&context->line, "--last", option_xget(&context->line, "last"));
    body.to_all = option_get(&context->line, "to-all") != NULL;
    ProtobufCBinaryData text = notice_options_read(context);
    crypto_hash_sha256(digest, text.data, text.len);
    body.text_sha256 = BYTES(digest);
    body.municipality = context_own_municipality(context, argument_xget(&context->line, 0));
    int code = submit_notice(context, &body, &text);
    free(text.data);
    return code;
}

static int run_withdraw_notice(struct context *context)
{
    uint8_t notice[ID_BYTES];
    Points__V1__WithdrawNotice body = POINTS__V1__WITHDRAW_NOTICE__INIT;
    parse_id(&context->line, "NOTICE", argument_xget(&context->line, 1), notice);
    body.notice = BYTES(notice);
    if (option_get(&context->line, "reason"))
        body.reason = (char *)option_get(&context->line, "reason");
    body.municipality = context_own_municipality(context, argument_xget(&context->line, 0));
    return submit_transaction(context, TRANSACTION(WITHDRAW_NOTICE), &body);
}

static int run_erase_notice(struct context *context)
{
    uint8_t notice[ID_BYTES];
    Points__V1__EraseNotice body = POINTS__V1__ERASE_NOTICE__INIT;
    parse_id(&context->line, "NOTICE", argument_xget(&context->line, 1), notice);
    body.notice = BYTES(notice);
    body.municipality = context_own_municipality(context, argument_xget(&context->line, 0));
    return submit_transaction(context, TRANSACTION(ERASE_NOTICE), &body);
}

const struct command commands_notices[] = {
    {"post-notice", "MUNICIPALITY --first DAY --last DAY [--text LANGUAGE=FILE]... [--link URL] [--to-all] [--id ID]",
        "tell a municipality's residents, or all, something from one day to another", OWN_KEY, 1, run_post_notice},
    {"withdraw-notice", "MUNICIPALITY NOTICE [--reason TEXT] [--id ID]", "let a notice be in force no longer", OWN_KEY,
        1, run_withdraw_notice},
    {"erase-notice", "MUNICIPALITY NOTICE [--id ID]", "erase the text of a notice that was withdrawn", OWN_KEY, 1,
        run_erase_notice},
    {0},
};
