// The fold's step: judge signers, then decide transactions one by one.
#include "proto/entry.h"
#include "points/calendar.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdio.h>
#include <string.h>

refusal_code points_signers_known(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t signature_count, struct points_error *error)
{
    refusal_code refusal = REFUSAL(REFUSAL_NONE);
    for (size_t i = 0; i < signature_count && refusal != REFUSAL(KEY_UNKNOWN); i++) {
        const struct key *key = key_get(state->keys, signatures[i]->key.data);
        if (!key) {
            snprintf(error->message, sizeof error->message,
                "the key of signature %zu is not registered; two operators can register it", i);
            refusal = REFUSAL(KEY_UNKNOWN);
        } else if (key->revoked && !refusal) {
            snprintf(error->message, sizeof error->message,
                "the key of signature %zu (%s) was revoked; sign with the new one", i, key->holder);
            refusal = REFUSAL(KEY_REVOKED);
        }
    }
    return refusal;
}

// How many distinct holders among the signers have the role.
static unsigned holders_with_role(
    const struct points_state *state, const Points__V1__Signature *const *signatures, size_t count, role_code role)
{
    const char *holders[SIGNATURES_MAX];
    unsigned found = 0;
    for (size_t i = 0; i < count && i < SIGNATURES_MAX; i++) {
        const struct key *key = key_get(state->keys, signatures[i]->key.data);
        if (key->role != role)
            continue;
        unsigned same = 0;
        while (same < found && strcmp(holders[same], key->holder) != 0)
            same++;
        if (same == found)
            holders[found++] = key->holder;
    }
    return found;
}

// What the signers of an envelope bring with them.
struct admission {
    unsigned holders[ROLE(AUDITOR) + 1]; // distinct ones, by role
    bool dry_run;                        // the envelope names one
};

static bool permitted(const struct admission *admission, const Points__V1__Transaction *transaction)
{
    const struct rule *rule = rule_of(transaction);
    const struct dry_run_rule *dry_run = dry_run_rule_of(transaction);
    if (admission->dry_run && dry_run && dry_run->operators && admission->holders[ROLE(OPERATOR)] >= dry_run->operators)
        return true;
    return admission->holders[rule->role] >= rule->holders;
}

static void say_not_permitted(const struct admission *admission, const Points__V1__Transaction *transaction,
    size_t position, struct points_error *error)
{
    const struct rule *rule = rule_of(transaction);
    const struct dry_run_rule *dry_run = dry_run_rule_of(transaction);
    const char *role = protobuf_c_enum_descriptor_get_value(&points__v1__role__descriptor, (int)rule->role)->name;
    unsigned operators = admission->holders[ROLE(OPERATOR)];
    int used = snprintf(error->message, sizeof error->message,
        "transactions[%zu] (%s) needs signatures of %u different holder%s with role %s; it has %u", position,
        rule->name, rule->holders, rule->holders > 1 ? "s" : "", role, admission->holders[rule->role]);
    char *rest = error->message + used;
    size_t room = sizeof error->message - (size_t)used;
    if (dry_run && dry_run->operators && admission->dry_run)
        snprintf(rest, room, ". Or of %u operators; it has %u: points approve DIR", dry_run->operators, operators);
    else if (dry_run && dry_run->operators && operators)
        snprintf(rest, room, ". Operators sign it with a dry run: points batch FILE --dry-run DIR");
    else if (rule->holders > 1)
        snprintf(rest, room, ". Add one with: points countersign FILE");
}

static bool too_many_at_once(
    const struct admission *admission, const Points__V1__Envelope *envelope, struct points_error *error)
{
    size_t count = 0;
    if (admission->dry_run)
        return false;
    for (size_t i = 0; i < envelope->n_transactions; i++) {
        const struct dry_run_rule *dry_run = dry_run_rule_of(envelope->transactions[i]);
        count += dry_run && dry_run->one_at_a_time;
    }
    if (count <= 1)
        return false;
    snprintf(error->message, sizeof error->message,
        "it holds %zu reversals and no dry_run_sha256. More than one at once needs a dry run, approved by two "
        "operators: points batch FILE --dry-run DIR",
        count);
    return true;
}

refusal_code points_admit(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t signature_count, const Points__V1__Envelope *envelope, struct points_error *error)
{
    refusal_code refusal = points_signers_known(state, signatures, signature_count, error);
    if (refusal)
        return refusal;
    struct admission admission = {.dry_run = envelope->dry_run_sha256.len > 0};
    for (int role = 0; role <= ROLE(AUDITOR); role++)
        admission.holders[role] = holders_with_role(state, signatures, signature_count, (role_code)role);
    for (size_t i = 0; i < envelope->n_transactions; i++) {
        if (permitted(&admission, envelope->transactions[i]))
            continue;
        say_not_permitted(&admission, envelope->transactions[i], i, error);
        return REFUSAL(NOT_PERMITTED);
    }
    return too_many_at_once(&admission, envelope, error) ? REFUSAL(NOT_PERMITTED) : REFUSAL(REFUSAL_NONE);
}

refusal_code points_asker(
    const struct points_state *state, const uint8_t key_bytes[KEY_BYTES], struct points_asker *asker)
{
    *asker = (struct points_asker){.role = ROLE(ROLE_NONE)};
    const struct key *key = key_get(state->keys, key_bytes);
    if (!key)
        return REFUSAL(KEY_UNKNOWN);
    if (key->revoked)
        return REFUSAL(KEY_REVOKED);
    *asker = (struct points_asker){key->role, key->municipality};
    return REFUSAL(REFUSAL_NONE);
}

void points_block_begin(struct points_state *state, int64_t block_time)
{
    state->time = block_time;
    lots_pass_days(&state->lots, &state->books, state_today(state));
    donations_forget(&state->donations, state_today(state));
}

const uint8_t *points_target(const Points__V1__Transaction *transaction)
{
    switch (transaction->body_case) {
    case TRANSACTION(SETTLE_CONVERSION):
        return transaction->settle_conversion->conversion.data;
    case TRANSACTION(REFUSE_CONVERSION):
        return transaction->refuse_conversion->conversion.data;
    case TRANSACTION(REVERSE):
        return transaction->reverse->target.data;
    default:
        return NULL;
    }
}

bool points_needs_target(const Points__V1__Transaction *transaction)
{
    return transaction->body_case == TRANSACTION(REVERSE);
}

uint32_t turn_today(const struct turn *turn)
{
    return (uint32_t)calendar_day(turn->time);
}

void turn_touch(struct turn *turn, struct account *account)
{
    turn->account = account;
    if (account)
        turn->expired += lots_drop_expired(&turn->state->lots, account, turn_today(turn));
}

static struct account *account_named(const struct points_state *state, const Points__V1__Transaction *transaction)
{
    const ProtobufCBinaryData *account = entry_account(transaction);
    return account ? account_get(&state->accounts, account->data) : NULL;
}

static outcome_code check(const struct rule *rule, struct turn *turn)
{
    for (int i = 0; i < RULE_CHECKS_MAX && rule->checks[i].check; i++)
        if (!rule->checks[i].check(turn))
            return rule->checks[i].refusal;
    return OUTCOME(APPLIED);
}

struct points_outcome points_known(const struct points_inputs *inputs)
{
    return (struct points_outcome){.code = inputs->prior == POINTS_SAME_BYTES ? OUTCOME(DUPLICATE) : OUTCOME(ID_REUSED),
        .previous = inputs->prior_sequence};
}

struct points_outcome points_apply(
    struct points_state *state, const Points__V1__Transaction *transaction, const struct points_inputs *inputs)
{
    struct turn turn = {.state = state,
        .transaction = transaction,
        .inputs = inputs,
        .time = state->time,
        .sequence = ++state->last_sequence};
    if (inputs->prior != POINTS_NEW)
        return points_known(inputs);
    turn_touch(&turn, account_named(state, transaction));
    const struct rule *rule = rule_of(transaction);
    struct points_outcome outcome = {.code = check(rule, &turn)};
    if (outcome.code == OUTCOME(APPLIED))
        outcome.points = rule->effect(&turn);
    if (turn.account) {
        outcome.expired = turn.expired;
        outcome.previous = turn.account->last_sequence;
        turn.account->last_sequence = turn.sequence;
    }
    return outcome;
}

bool points_can_try(const Points__V1__Transaction *transaction)
{
    return dry_run_rule_of(transaction) != NULL;
}

// The turn is the one of points_apply, so its state can be moved; but only effects do that, and none runs here.
struct points_outcome points_try(const struct points_state *state, const Points__V1__Transaction *transaction,
    const struct points_inputs *inputs, int64_t block_time)
{
    struct turn turn = {.state = (struct points_state *)state,
        .transaction = transaction,
        .inputs = inputs,
        .time = block_time,
        .account = account_named(state, transaction)};
    if (inputs->prior != POINTS_NEW)
        return points_known(inputs);
    struct points_outcome outcome = {.code = check(rule_of(transaction), &turn)};
    if (outcome.code == OUTCOME(APPLIED))
        outcome.points = dry_run_rule_of(transaction)->points(&turn);
    return outcome;
}
