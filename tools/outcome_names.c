// Outcomes and transactions in words.
#include "tools/outcome_names.h"

#include <stddef.h>
#include <stdio.h>

static const struct {
    outcome_code code;
    const char *advice;
} outcomes[] = {
    {OUTCOME(APPLIED), "done"},
    {OUTCOME(DUPLICATE), "the same transaction was decided before; nothing was done again"},
    {OUTCOME(ID_REUSED), "another transaction has this id already; send this one under a fresh id"},
    {OUTCOME(IN_FUTURE), "occurred_at lies after the ledger's time; check the clock of whoever set it, or post it "
                         "later under a fresh id"},
    {OUTCOME(ACCOUNT_UNKNOWN),
        "no such account was opened; open it first with `points open-account`, then post this under a fresh id"},
    {OUTCOME(ACCOUNT_CLOSED), "the account is closed; nothing can be done with it any more"},
    {OUTCOME(ACCOUNT_EXISTS), "the account was opened before; look at it with `points account`"},
    {OUTCOME(MUNICIPALITY_UNKNOWN),
        "the code is none of this ledger's municipalities; see `points programme municipalities`"},
    {OUTCOME(QUEST_UNKNOWN), "no such quest is defined; see `points programme quests`"},
    {OUTCOME(QUEST_CLOSED),
        "it occurred before the quest's first day or after its last; see `points programme quests`"},
    {OUTCOME(TOO_LATE), "the week in which it occurred and the quest's grace are over; it can no longer be awarded"},
    {OUTCOME(ALREADY_AWARDED), "the account has this quest's award for that week already"},
    {OUTCOME(CAP_REACHED), "the account has had all the points that this quest gives to one resident"},
    {OUTCOME(BUDGET_EXHAUSTED), "the quest's budget is used up; two operators can raise it with `points set-budget`"},
    {OUTCOME(PURPOSE_UNKNOWN), "no such purpose is defined; see `points programme purposes`"},
    {OUTCOME(PURPOSE_CLOSED), "today the purpose takes no donations; see `points programme purposes`"},
    {OUTCOME(NOT_HOME_MUNICIPALITY),
        "residents give to their home municipality; see where the account lives with `points account`"},
    {OUTCOME(AMOUNT_INVALID),
        "the number of points is 0, too small, or no multiple of the unit; see `points programme policies`"},
    {OUTCOME(BALANCE_INSUFFICIENT), "the account has fewer points than that; see `points account`"},
    {OUTCOME(CONVERSION_CLOSED),
        "conversion has not opened yet; see CONVERSION_OPENS_AT in `points programme policies`"},
    {OUTCOME(LIMIT_REACHED), "the account would pass the day's or the month's limit; try again when the next begins"},
    {OUTCOME(CONVERSION_UNKNOWN), "no transaction has this id; see `points conversions` for those that wait"},
    {OUTCOME(CONVERSION_NOT_PENDING),
        "this conversion does not wait for an answer (any more); see `points transaction`"},
    {OUTCOME(QUEST_EXISTS), "the number is taken by another quest; choose a free one (`points programme quests`)"},
    {OUTCOME(QUEST_INVALID), "number, points, cap, days or grace are out of range; doc/rules.md has the limits"},
    {OUTCOME(PURPOSE_EXISTS),
        "the number is taken by another purpose; choose a free one (`points programme purposes`)"},
    {OUTCOME(PURPOSE_INVALID), "number or days are out of range; doc/rules.md has the limits"},
    {OUTCOME(BUDGET_BELOW_ISSUED), "the quest has issued more than that already; see `points quest`"},
    {OUTCOME(BUDGET_TOO_LARGE), "the budgets of all quests together would be too large"},
    {OUTCOME(POLICY_INVALID), "the value is out of the policy's range; doc/rules.md has the ranges"},
    {OUTCOME(KEY_EXISTS), "the key is registered, or was; make a fresh one with `points keygen`"},
    {OUTCOME(KEY_INVALID), "the role is none, or a municipality is named for a role that has none"},
    {OUTCOME(KEY_NOT_REGISTERED), "no such key was ever registered; see `points programme keys`"},
    {OUTCOME(KEY_ALREADY_REVOKED), "the key is revoked already"},
    {OUTCOME(LAST_OPERATORS),
        "without this key fewer than two holders would be operators; register another operator first"},
    {OUTCOME(TIME_NOT_SCRIPTED), "this ledger's time is the wall clock's; nobody can set it"},
    {OUTCOME(TIME_INVALID), "time moves forward only, and ends with the year 9999"},
};

static const struct {
    refusal_code code;
    const char *advice;
} refusals[] = {
    {REFUSAL(MALFORMED), "the bytes are not in canonical form; mend what made them"},
    {REFUSAL(TOO_LARGE), "send fewer transactions at a time"},
    {REFUSAL(WRONG_LEDGER), "this was signed for another ledger; check --dir or --socket, and sign again"},
    {REFUSAL(KEY_UNKNOWN), "two operators can register the key with `points register-key`"},
    {REFUSAL(KEY_REVOKED), "sign with the key that replaced it"},
    {REFUSAL(BAD_SIGNATURE), "the file was changed after it was signed; make it again"},
    {REFUSAL(NOT_PERMITTED),
        "use the right key with --key; where two operators are needed, both must sign (`points countersign`)"},
    {REFUSAL(BUSY), "try again in a second"},
    {REFUSAL(DISK_FULL), "wait until the operator has made room; send the same bytes then"},
    {REFUSAL(CLOCK_UNSURE),
        "an operator should check the daemon's clock, then run `points accept-time`; send the same bytes then"},
    {REFUSAL(NOT_FOUND), "there is no such thing in the ledger"},
    {REFUSAL(OUT_OF_RANGE), "mend the number, day or page"},
};

static const struct {
    transaction_type type;
    const char *name;
} types[] = {
    {TRANSACTION(AWARD), "award"},
    {TRANSACTION(DONATE), "donate"},
    {TRANSACTION(REQUEST_CONVERSION), "convert"},
    {TRANSACTION(SETTLE_CONVERSION), "settle"},
    {TRANSACTION(REFUSE_CONVERSION), "refuse"},
    {TRANSACTION(OPEN_ACCOUNT), "open-account"},
    {TRANSACTION(MOVE_ACCOUNT), "move-account"},
    {TRANSACTION(DEFINE_QUEST), "define-quest"},
    {TRANSACTION(DEFINE_PURPOSE), "define-purpose"},
    {TRANSACTION(SET_BUDGET), "set-budget"},
    {TRANSACTION(SET_POLICY), "set-policy"},
    {TRANSACTION(REGISTER_KEY), "register-key"},
    {TRANSACTION(REVOKE_KEY), "revoke-key"},
    {TRANSACTION(SET_TIME), "set-time"},
};

const char *outcome_name(outcome_code code)
{
    static _Thread_local char unknown[32];
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&points__v1__outcome_code__descriptor, (int)code);
    if (value)
        return value->name;
    snprintf(unknown, sizeof unknown, "unknown outcome %d", (int)code);
    return unknown;
}

const char *outcome_advice(outcome_code code)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (outcomes[i].code == code)
            return outcomes[i].advice;
    return "this tool is older than the daemon and does not know this outcome";
}

const char *refusal_advice(refusal_code code)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].code == code)
            return refusals[i].advice;
    return NULL;
}

const char *transaction_name(transaction_type type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return types[i].name;
    return "?";
}
