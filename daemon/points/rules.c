// The table of the rules: who may make each transaction, and what is checked, in order. doc/rules.md shows the same
// table.
#include "points/rules.h"
#include "points/award.h"
#include "points/block_time.h"
#include "points/merge.h"
#include "points/state.h"

#include <stdio.h>

static const struct rule rules[] = {
    [TRANSACTION(AWARD)] = {"Award", ROLE(APP), 1,
        {{OUTCOME(IN_FUTURE), award_not_in_future}, {OUTCOME(ACCOUNT_UNKNOWN), account_known},
            {OUTCOME(ACCOUNT_CLOSED), account_open}, {OUTCOME(QUEST_UNKNOWN), quest_known},
            {OUTCOME(QUEST_CLOSED), award_quest_open}, {OUTCOME(TOO_LATE), award_in_time},
            {OUTCOME(NOT_ELIGIBLE), award_eligible}, {OUTCOME(RECEIPT_INVALID), award_receipt_fits},
            {OUTCOME(SHOP_UNKNOWN), award_shop_known}, {OUTCOME(SHOP_CLOSED), award_shop_open},
            {OUTCOME(EVIDENCE_USED), award_evidence_new}, {OUTCOME(ALREADY_AWARDED), award_not_yet},
            {OUTCOME(RESIDENTS_FULL), award_place_left}, {OUTCOME(CAP_REACHED), award_under_caps},
            {OUTCOME(BUDGET_EXHAUSTED), award_in_budgets}},
        award_apply},
    [TRANSACTION(DONATE)] = {"Donate", ROLE(APP), 1,
        {{OUTCOME(ACCOUNT_UNKNOWN), account_known}, {OUTCOME(ACCOUNT_CLOSED), account_open},
            {OUTCOME(ACCOUNT_FROZEN), account_not_frozen}, {OUTCOME(PURPOSE_UNKNOWN), purpose_known},
            {OUTCOME(PURPOSE_CLOSED), purpose_open}, {OUTCOME(NOT_HOME_MUNICIPALITY), donation_at_home},
            {OUTCOME(AMOUNT_INVALID), donation_amount_valid}, {OUTCOME(BALANCE_INSUFFICIENT), donation_covered}},
        donation_apply},
    [TRANSACTION(REQUEST_CONVERSION)] = {"RequestConversion", ROLE(APP), 1,
        {{OUTCOME(ACCOUNT_UNKNOWN), account_known}, {OUTCOME(ACCOUNT_CLOSED), account_open},
            {OUTCOME(ACCOUNT_FROZEN), account_not_frozen}, {OUTCOME(CONVERSION_CLOSED), conversion_open},
            {OUTCOME(AMOUNT_INVALID), conversion_amount_valid}, {OUTCOME(LIMIT_REACHED), conversion_under_limits},
            {OUTCOME(BALANCE_INSUFFICIENT), conversion_covered}},
        conversion_apply_request},
    [TRANSACTION(SETTLE_CONVERSION)] = {"SettleConversion", ROLE(WAON), 1,
        {{OUTCOME(CONVERSION_UNKNOWN), conversion_known}, {OUTCOME(CONVERSION_NOT_PENDING), conversion_pending}},
        conversion_apply_settle},
    [TRANSACTION(REFUSE_CONVERSION)] = {"RefuseConversion", ROLE(WAON), 1,
        {{OUTCOME(CONVERSION_UNKNOWN), conversion_known}, {OUTCOME(CONVERSION_NOT_PENDING), conversion_pending}},
        conversion_apply_refuse},
    [TRANSACTION(OPEN_ACCOUNT)] = {"OpenAccount", ROLE(APP), 1,
        {{OUTCOME(ACCOUNT_EXISTS), account_new}, {OUTCOME(MUNICIPALITY_UNKNOWN), account_municipality_known}},
        account_apply_open},
    [TRANSACTION(MOVE_ACCOUNT)] = {"MoveAccount", ROLE(APP), 1,
        {{OUTCOME(ACCOUNT_UNKNOWN), account_known}, {OUTCOME(ACCOUNT_CLOSED), account_open},
            {OUTCOME(MUNICIPALITY_UNKNOWN), account_municipality_known}},
        account_apply_move},
    [TRANSACTION(CLOSE_ACCOUNT)] = {"CloseAccount", ROLE(APP), 1,
        {{OUTCOME(ACCOUNT_UNKNOWN), account_known}, {OUTCOME(ACCOUNT_CLOSED), account_open},
            {OUTCOME(ACCOUNT_FROZEN), account_not_frozen}, {OUTCOME(CONVERSION_PENDING), account_nothing_held}},
        account_apply_close},
    [TRANSACTION(DEFINE_QUEST)] = {"DefineQuest", ROLE(OPERATOR), 1,
        {{OUTCOME(QUEST_EXISTS), quest_new}, {OUTCOME(CAMPAIGN_UNKNOWN), quest_campaign_known},
            {OUTCOME(MUNICIPALITY_UNKNOWN), quest_municipalities_known}, {OUTCOME(QUEST_INVALID), quest_valid}},
        quest_apply_define},
    [TRANSACTION(DEFINE_PURPOSE)] = {"DefinePurpose", ROLE(OPERATOR), 1,
        {{OUTCOME(PURPOSE_EXISTS), purpose_new}, {OUTCOME(PURPOSE_INVALID), purpose_valid}}, purpose_apply_define},
    [TRANSACTION(SET_BUDGET)] = {"SetBudget", ROLE(OPERATOR), 2,
        {{OUTCOME(CAMPAIGN_UNKNOWN), budget_campaign_known}, {OUTCOME(QUEST_UNKNOWN), budget_quest_known},
            {OUTCOME(BUDGET_BELOW_ISSUED), budget_covers_issued}, {OUTCOME(BUDGET_TOO_LARGE), budget_fits}},
        budget_apply},
    [TRANSACTION(SET_POLICY)] = {"SetPolicy", ROLE(OPERATOR), 2, {{OUTCOME(POLICY_INVALID), policy_valid}},
        policy_apply},
    [TRANSACTION(REGISTER_KEY)] = {"RegisterKey", ROLE(OPERATOR), 2,
        {{OUTCOME(KEY_EXISTS), key_new}, {OUTCOME(KEY_INVALID), key_valid},
            {OUTCOME(MUNICIPALITY_UNKNOWN), key_municipality_known}},
        key_apply_register},
    [TRANSACTION(REVOKE_KEY)] = {"RevokeKey", ROLE(OPERATOR), 2,
        {{OUTCOME(KEY_NOT_REGISTERED), key_registered}, {OUTCOME(KEY_ALREADY_REVOKED), key_in_force},
            {OUTCOME(LAST_OPERATORS), key_leaves_operators}, {OUTCOME(LAST_CHECKPOINT_KEY), key_leaves_checkpoint_key}},
        key_apply_revoke},
    [TRANSACTION(SET_TIME)] = {"SetTime", ROLE(OPERATOR), 1,
        {{OUTCOME(TIME_NOT_SCRIPTED), time_scripted}, {OUTCOME(TIME_INVALID), time_valid}}, time_apply},
    [TRANSACTION(REVERSE)] = {"Reverse", ROLE(OPERATOR), 2,
        {{OUTCOME(REVERSAL_UNKNOWN), reversal_target_known}, {OUTCOME(ALREADY_REVERSED), reversal_is_first},
            {OUTCOME(NOT_REVERSIBLE), reversal_possible}},
        reversal_apply},
    [TRANSACTION(SETTLE_DONATIONS)] = {"SettleDonations", ROLE(OPERATOR), 2,
        {{OUTCOME(MUNICIPALITY_UNKNOWN), settlement_municipality_known},
            {OUTCOME(PURPOSE_UNKNOWN), settlement_purpose_known}, {OUTCOME(SETTLEMENT_INVALID), settlement_days_valid},
            {OUTCOME(NOTHING_TO_SETTLE), settlement_not_empty}},
        settlement_apply},
    [TRANSACTION(MERGE_ACCOUNTS)] = {"MergeAccounts", ROLE(OPERATOR), 1,
        {{OUTCOME(ACCOUNT_UNKNOWN), merge_both_known}, {OUTCOME(ACCOUNT_CLOSED), merge_both_open},
            {OUTCOME(ACCOUNT_FROZEN), merge_none_frozen}, {OUTCOME(MERGE_INVALID), merge_of_two}},
        merge_apply},
    [TRANSACTION(FREEZE_ACCOUNT)] = {"FreezeAccount", ROLE(OPERATOR), 1,
        {{OUTCOME(ACCOUNT_UNKNOWN), account_known}, {OUTCOME(ACCOUNT_CLOSED), account_open},
            {OUTCOME(ACCOUNT_FROZEN), account_not_frozen}},
        account_apply_freeze},
    [TRANSACTION(UNFREEZE_ACCOUNT)] = {"UnfreezeAccount", ROLE(OPERATOR), 1,
        {{OUTCOME(ACCOUNT_UNKNOWN), account_known}, {OUTCOME(ACCOUNT_CLOSED), account_open},
            {OUTCOME(ACCOUNT_NOT_FROZEN), account_frozen}},
        account_apply_unfreeze},
    [TRANSACTION(DEFINE_CAMPAIGN)] = {"DefineCampaign", ROLE(OPERATOR), 1,
        {{OUTCOME(CAMPAIGN_EXISTS), campaign_new}, {OUTCOME(CAMPAIGN_INVALID), campaign_valid}}, campaign_apply_define},
    [TRANSACTION(CHANGE_QUEST)] = {"ChangeQuest", ROLE(OPERATOR), 2,
        {{OUTCOME(QUEST_UNKNOWN), quest_known}, {OUTCOME(MUNICIPALITY_UNKNOWN), quest_municipalities_known},
            {OUTCOME(QUEST_INVALID), quest_change_valid}},
        quest_apply_change},
    [TRANSACTION(REGISTER_SHOP)] = {"RegisterShop", ROLE(OPERATOR), 1,
        {{OUTCOME(SHOP_EXISTS), shop_new}, {OUTCOME(MUNICIPALITY_UNKNOWN), shop_municipality_known},
            {OUTCOME(SHOP_INVALID), shop_valid}},
        shop_apply_register},
    [TRANSACTION(CLOSE_SHOP)] = {"CloseShop", ROLE(OPERATOR), 1,
        {{OUTCOME(SHOP_UNKNOWN), shop_known}, {OUTCOME(SHOP_CLOSED), shop_not_closed},
            {OUTCOME(SHOP_INVALID), shop_last_day_valid}},
        shop_apply_close},
    [TRANSACTION(POST_NOTICE)] = {"PostNotice", ROLE(MUNICIPALITY), 1, {{OUTCOME(NOTICE_INVALID), notice_valid}},
        notice_apply_post},
    [TRANSACTION(WITHDRAW_NOTICE)] = {"WithdrawNotice", ROLE(MUNICIPALITY), 1,
        {{OUTCOME(NOTICE_UNKNOWN), notice_known}, {OUTCOME(NOTICE_WITHDRAWN), notice_not_withdrawn}},
        notice_apply_withdraw},
    [TRANSACTION(ERASE_NOTICE)] = {"EraseNotice", ROLE(MUNICIPALITY), 1,
        {{OUTCOME(NOTICE_UNKNOWN), notice_known}, {OUTCOME(NOTICE_NOT_WITHDRAWN), notice_withdrawn},
            {OUTCOME(NOTICE_ERASED), notice_not_erased}},
        notice_apply_erase},
};

const struct rule *rule_of(const Points__V1__Transaction *transaction)
{
    return &rules[transaction->body_case];
}

static const struct dry_run_rule dry_run_rules[] = {
    [TRANSACTION(AWARD)] = {.points = award_points, .operators = 2},
    [TRANSACTION(REVERSE)] = {.points = reversal_points, .one_at_a_time = true},
};

static const struct dry_run_rule *dry_run_rule_of_type(size_t type)
{
    bool known = type < sizeof dry_run_rules / sizeof *dry_run_rules && dry_run_rules[type].points;
    return known ? &dry_run_rules[type] : NULL;
}

const struct dry_run_rule *dry_run_rule_of(const Points__V1__Transaction *transaction)
{
    return dry_run_rule_of_type(transaction->body_case);
}

static size_t write_signers(size_t type, char *out, size_t size)
{
    static const char *const roles[] = {[ROLE(OPERATOR)] = "operator",
        [ROLE(APP)] = "app",
        [ROLE(WAON)] = "waon",
        [ROLE(MUNICIPALITY)] = "municipality"};
    const struct rule *rule = &rules[type];
    const struct dry_run_rule *dry_run = dry_run_rule_of_type(type);
    size_t used = (size_t)snprintf(
        out, size, "| %s | %u %s%s", rule->name, rule->holders, roles[rule->role], rule->holders > 1 ? "s" : "");
    if (dry_run && dry_run->operators && used < size)
        used += (size_t)snprintf(out + used, size - used, ", or %u operators with a dry run", dry_run->operators);
    if (used < size)
        used += (size_t)snprintf(out + used, size - used, " | ");
    return used;
}

static size_t write_row(size_t type, char *out, size_t size)
{
    const struct rule *rule = &rules[type];
    size_t used = write_signers(type, out, size);
    for (int i = 0; i < RULE_CHECKS_MAX && rule->checks[i].check && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
            protobuf_c_enum_descriptor_get_value(&points__v1__outcome_code__descriptor, (int)rule->checks[i].refusal)
                ->name);
    if (used < size)
        used += (size_t)snprintf(out + used, size - used, " |\n");
    return used;
}

bool points_rules_table(char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "| transaction | signed by | checks, in order |\n| --- | --- | --- |\n");
    for (size_t type = 0; type < sizeof rules / sizeof *rules && used < size; type++)
        if (rules[type].name)
            used += write_row(type, out + used, size - used);
    return used < size;
}
