// Outcomes and transactions in words.
#include "tools/outcome_names.h"
#include "tools/shown.h"

#include <stddef.h>
#include <stdio.h>
#include <strings.h>

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
    {OUTCOME(ACCOUNT_CLOSED), "the account is closed, or was merged into another; `points account` says which"},
    {OUTCOME(ACCOUNT_EXISTS), "the account was opened before; look at it with `points account`"},
    {OUTCOME(MUNICIPALITY_UNKNOWN),
        "the code is none of this ledger's municipalities; see `points programme municipalities`"},
    {OUTCOME(ACCOUNT_FROZEN),
        "the account is frozen and spends nothing; an operator can unfreeze it with `points unfreeze-account`"},
    {OUTCOME(ACCOUNT_NOT_FROZEN), "the account is not frozen; see `points account`"},
    {OUTCOME(MERGE_INVALID), "an account cannot be merged with itself; name two"},
    {OUTCOME(QUEST_UNKNOWN), "no such quest is defined; see `points programme quests`"},
    {OUTCOME(QUEST_CLOSED),
        "it occurred before the quest's first day or after its last; see `points programme quests`"},
    {OUTCOME(TOO_LATE), "the period in which it occurred and the quest's grace are over; it can no longer be awarded"},
    {OUTCOME(ALREADY_AWARDED),
        "the account has all awards of this quest that a period allows; see `points programme quests`"},
    {OUTCOME(CAP_REACHED), "with it the account would have more points than the quest, or its campaign, gives to one "
                           "resident; see `points programme quests`"},
    {OUTCOME(BUDGET_EXHAUSTED),
        "the budget of the quest, or of its campaign, is used up; two operators can raise it with `points set-budget`"},
    {OUTCOME(NOT_ELIGIBLE),
        "the quest is for residents of other municipalities than the account's home; see `points programme quests`"},
    {OUTCOME(RESIDENTS_FULL), "as many residents as the quest is for take part already; two operators can change that "
                              "with `points change-quest`"},
    {OUTCOME(RECEIPT_INVALID), "the quest needs a receipt, or takes none, or the amount is below its first step; see "
                               "`points programme quests`"},
    {OUTCOME(SHOP_UNKNOWN),
        "no shop of this number is registered, or it is in another municipality; see `points programme shops`"},
    {OUTCOME(SHOP_CLOSED), "the shop takes part no more, or not on that day; see `points programme shops`"},
    {OUTCOME(EVIDENCE_USED), "this receipt was awarded before, to this account or to another; a receipt counts once"},
    {OUTCOME(PURPOSE_UNKNOWN), "no such purpose is defined; see `points programme purposes`"},
    {OUTCOME(PURPOSE_CLOSED), "today the purpose takes no donations; see `points programme purposes`"},
    {OUTCOME(NOT_HOME_MUNICIPALITY),
        "residents give to their home municipality; see where the account lives with `points account`"},
    {OUTCOME(AMOUNT_INVALID),
        "the number of points is 0, too small, no multiple of the unit, or no more than the fee; see `points programme "
        "policies`"},
    {OUTCOME(BALANCE_INSUFFICIENT), "the account has fewer points than that; see `points account`"},
    {OUTCOME(CONVERSION_CLOSED),
        "conversion has not opened yet; see CONVERSION_OPENS_AT in `points programme policies`"},
    {OUTCOME(LIMIT_REACHED), "the account would pass the day's or the month's limit; try again when the next begins"},
    {OUTCOME(CONVERSION_UNKNOWN), "no transaction has this id; see `points conversions` for those that wait"},
    {OUTCOME(CONVERSION_NOT_PENDING),
        "this conversion does not wait for an answer (any more); see `points transaction`"},
    {OUTCOME(CONVERSION_PENDING),
        "a conversion of the account waits for its answer; settle or refuse it first (`points conversions`)"},
    {OUTCOME(QUEST_EXISTS), "the number is taken by another quest; choose a free one (`points programme quests`)"},
    {OUTCOME(QUEST_INVALID), "number, period, times, points, cap, days, grace, municipalities, expiry or receipt terms "
                             "are out of range, or a change touches what cannot change; doc/rules.md has the limits"},
    {OUTCOME(PURPOSE_EXISTS),
        "the number is taken by another purpose; choose a free one (`points programme purposes`)"},
    {OUTCOME(PURPOSE_INVALID), "number or days are out of range; doc/rules.md has the limits"},
    {OUTCOME(BUDGET_BELOW_ISSUED),
        "the quest, or the campaign, has issued more than that already; see `points quest` and `points campaign`"},
    {OUTCOME(BUDGET_TOO_LARGE), "the budgets of all quests together, or of all campaigns together, would be too large"},
    {OUTCOME(POLICY_INVALID), "the value is out of the policy's range; doc/rules.md has the ranges"},
    {OUTCOME(KEY_EXISTS), "the key is registered, or was; make a fresh one with `points keygen`"},
    {OUTCOME(KEY_INVALID),
        "the role is none, a municipality is named for a role that has none, or a witness's name has a space or '+'"},
    {OUTCOME(KEY_NOT_REGISTERED), "no such key was ever registered; see `points programme keys`"},
    {OUTCOME(KEY_ALREADY_REVOKED), "the key is revoked already"},
    {OUTCOME(LAST_OPERATORS),
        "without this key fewer than two holders would be operators; register another operator first"},
    {OUTCOME(LAST_CHECKPOINT_KEY),
        "without this key nobody could sign checkpoints; register another checkpoint key first"},
    {OUTCOME(TIME_NOT_SCRIPTED), "this ledger's time is the wall clock's; nobody can set it"},
    {OUTCOME(TIME_INVALID), "time moves forward only, and ends with the year 9999"},
    {OUTCOME(CAMPAIGN_EXISTS),
        "the number is taken by another campaign; choose a free one (`points programme campaigns`)"},
    {OUTCOME(CAMPAIGN_UNKNOWN), "no such campaign is defined; see `points programme campaigns`"},
    {OUTCOME(CAMPAIGN_INVALID), "the campaign's number is 0 or above 1,000,000,000"},
    {OUTCOME(SHOP_EXISTS), "the number is taken by another shop; choose a free one (`points programme shops`)"},
    {OUTCOME(REVERSAL_UNKNOWN),
        "no transaction before this one has the id that it should undo; see `points statement`"},
    {OUTCOME(ALREADY_REVERSED), "the transaction was reversed before; once is all"},
    {OUTCOME(NOT_REVERSIBLE), "only an applied award, a donation inside its window (REVERSAL_DONATION_DAYS) and a "
                              "conversion that waits can be reversed, of an account that is not closed; see `points "
                              "transaction`"},
    {OUTCOME(SETTLEMENT_INVALID), "the last day is not over yet, or is not after that of the settlement before; see "
                                  "`points settlements`"},
    {OUTCOME(NOTHING_TO_SETTLE), "nothing is open up to that day; see `points settlements`"},
    {OUTCOME(SHOP_INVALID), "the shop's number is 0, or its last day lies after the year 9999"},
    {OUTCOME(NOTICE_INVALID), "the last day is before the first, over already, or after the year 9999"},
    {OUTCOME(NOTICE_UNKNOWN), "this municipality has posted no notice with this id; see `points notices --all`"},
    {OUTCOME(NOTICE_WITHDRAWN), "the notice was withdrawn before; see `points notices --all`"},
    {OUTCOME(NOTICE_NOT_WITHDRAWN), "only a notice that was withdrawn is erased; run `points withdraw-notice` first"},
    {OUTCOME(NOTICE_ERASED), "the notice's text was erased before"},
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
    {REFUSAL(BUSY), "nothing was recorded; the same bytes may be sent again"},
    {REFUSAL(DISK_FULL), "wait until the operator has made room; send the same bytes then"},
    {REFUSAL(CLOCK_UNSURE),
        "an operator should check the daemon's clock, then run `points accept-time`; send the same bytes then"},
    {REFUSAL(NOT_FOUND), "there is no such thing in the ledger"},
    {REFUSAL(OUT_OF_RANGE), "mend the number, day or page"},
    {REFUSAL(CHECKPOINT_KEY_NEEDED),
        "register the daemon's next checkpoint key first, and set next_checkpoint_key; see pointsd(8)"},
    {REFUSAL(CHECKPOINT_DIFFERS),
        "this daemon's key signed a checkpoint that is not its ledger's: tell the auditors, and keep it"},
    {REFUSAL(CHECKPOINT_PASSED), "cosign the newest checkpoint (`points checkpoint`)"},
    {REFUSAL(COSIGNATURE_TIME), "set the witness's clock right, and cosign again"},
    {REFUSAL(COSIGNATURES_FULL), "cosign the newest checkpoint (`points checkpoint`)"},
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
    {TRANSACTION(CLOSE_ACCOUNT), "close-account"},
    {TRANSACTION(FREEZE_ACCOUNT), "freeze-account"},
    {TRANSACTION(UNFREEZE_ACCOUNT), "unfreeze-account"},
    {TRANSACTION(MERGE_ACCOUNTS), "merge-accounts"},
    {TRANSACTION(DEFINE_CAMPAIGN), "define-campaign"},
    {TRANSACTION(CHANGE_QUEST), "change-quest"},
    {TRANSACTION(REGISTER_SHOP), "register-shop"},
    {TRANSACTION(CLOSE_SHOP), "close-shop"},
    {TRANSACTION(REVERSE), "reverse"},
    {TRANSACTION(SETTLE_DONATIONS), "settle-donations"},
    {TRANSACTION(POST_NOTICE), "post-notice"},
    {TRANSACTION(WITHDRAW_NOTICE), "withdraw-notice"},
    {TRANSACTION(ERASE_NOTICE), "erase-notice"},
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

const char *refusal_advice(refusal_code code, bool question)
{
    if (question && code == REFUSAL(NOT_PERMITTED))
        return "this key may not ask that; use the right one with --key";
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

bool transaction_type_find(const char *name, transaction_type *type, struct tool_error *error)
{
    char list[TOOL_ERROR_BYTES - 100] = "";
    size_t at = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!strcasecmp(types[i].name, name)) {
            *type = types[i].type;
            return true;
        }
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", types[i].name);
    }
    return tool_fail(error, "\"%s\" is none of: %s", shown(name), list);
}
