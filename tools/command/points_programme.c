// Commands of the programme office: purposes, policies, keys, time. Quests are points_quests.c's.
#include "tools/command/submit.h"
#include "tools/jst.h"
#include "tools/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_define_purpose(struct context *context)
{
    Points__V1__DefinePurpose body = POINTS__V1__DEFINE_PURPOSE__INIT;
    body.purpose = (uint32_t)parse_number(&context->line, "PURPOSE", argument_xget(&context->line, 0), 1, UINT32_MAX);
    body.name = (char *)argument_xget(&context->line, 1);
    body.first_day = parse_day(&context->line, "--first", option_xget(&context->line, "first"));
    body.last_day = parse_day(&context->line, "--last", option_xget(&context->line, "last"));
    return submit_transaction(context, TRANSACTION(DEFINE_PURPOSE), &body);
}

// A time may be written as one, or as the number that it is.
static uint64_t parse_policy_value(const struct context *context, int policy, const char *text)
{
    int64_t unix_s;
    if (policy == POLICY(CONVERSION_OPENS_AT) && jst_parse_time(text, &unix_s) && unix_s >= 0)
        return (uint64_t)unix_s;
    if (policy == POLICY(CONVERSION_OPENS_AT) && strspn(text, "0123456789") != strlen(text))
        fail_usage(&context->line, "VALUE: \"%s\" is no time; write it as '2021-11-12 09:30' (JST), or as Unix seconds",
            shown(text));
    return parse_number(&context->line, "VALUE", text, 0, UINT64_MAX);
}

static int run_set_policy(struct context *context)
{
    Points__V1__SetPolicy body = POINTS__V1__SET_POLICY__INIT;
    int policy =
        parse_enum(&context->line, "POLICY", &points__v1__policy__descriptor, argument_xget(&context->line, 0), false);
    body.policy = (Points__V1__Policy)policy;
    body.value = parse_policy_value(context, policy, argument_xget(&context->line, 1));
    return submit_transaction(context, TRANSACTION(SET_POLICY), &body);
}

static int run_register_key(struct context *context)
{
    uint8_t key[KEY_BYTES];
    const char *municipality = option_get(&context->line, "municipality");
    context_public_key(context, argument_xget(&context->line, 0), key);
    Points__V1__RegisterKey body = POINTS__V1__REGISTER_KEY__INIT;
    body.key = (ProtobufCBinaryData){KEY_BYTES, key};
    body.role = (Points__V1__Role)parse_enum(
        &context->line, "ROLE", &points__v1__role__descriptor, argument_xget(&context->line, 1), false);
    body.holder = (char *)argument_xget(&context->line, 2);
    if ((body.role == ROLE(MUNICIPALITY)) != (municipality != NULL))
        fail_usage(&context->line, "--municipality goes with role municipality, and only with it");
    if (municipality)
        body.municipality = context_municipality(context, municipality);
    return submit_transaction(context, TRANSACTION(REGISTER_KEY), &body);
}

static int run_revoke_key(struct context *context)
{
    uint8_t key[KEY_BYTES];
    context_public_key(context, argument_xget(&context->line, 0), key);
    Points__V1__RevokeKey body = POINTS__V1__REVOKE_KEY__INIT;
    body.key = (ProtobufCBinaryData){KEY_BYTES, key};
    return submit_transaction(context, TRANSACTION(REVOKE_KEY), &body);
}

static int run_set_time(struct context *context)
{
    Points__V1__SetTime body = POINTS__V1__SET_TIME__INIT;
    body.time = parse_time(&context->line, "TIME", argument_xget(&context->line, 0));
    return submit_transaction(context, TRANSACTION(SET_TIME), &body);
}

static int run_accept_time(struct context *context)
{
    char text[JST_TIME_BYTES];
    Points__V1__AcceptTime body = POINTS__V1__ACCEPT_TIME__INIT;
    context_session(context);
    Points__V1__Response *response = context_call(context, REQUEST(ACCEPT_TIME), &body);
    jst_print_time(response->accept_time->time, text);
    say("the daemon's clock is accepted: %s JST", text);
    client_free_response(response);
    return EXIT_SUCCESS;
}

const struct command commands_programme[] = {
    {"define-purpose", "PURPOSE NAME --first DAY --last DAY [--id ID]", "define a purpose of donations under a number",
        "operator-1", 1, run_define_purpose},
    {"set-policy", "POLICY VALUE [--id ID]", "set a limit of the programme (two operators)", "operator-1", 2,
        run_set_policy},
    {"register-key", "KEY ROLE HOLDER [--municipality MUNICIPALITY] [--id ID]",
        "register a public key, a NAME.pub or hex (two operators)", "operator-1", 2, run_register_key},
    {"revoke-key", "KEY [--id ID]", "revoke a key (two operators)", "operator-1", 2, run_revoke_key},
    {"set-time", "TIME [--id ID]", "move the time of a SCRIPTED ledger", "operator-1", 1, run_set_time},
    {"accept-time", "", "say that the daemon's clock is right after CLOCK_UNSURE", "operator-1", 0, run_accept_time},
    {0},
};
