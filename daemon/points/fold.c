// The fold's step: transactions decided one by one.
#include "proto/entry.h"
#include "points/calendar.h"
#include "points/rules.h"
#include "points/state.h"

void points_block_begin(struct points_state *state, int64_t block_time)
{
    state->time = block_time;
    lots_pass_days(&state->lots, &state->books, state_today(state));
    donations_forget(&state->donations, state_today(state));
    notices_pass_day(&state->notices, state_today(state));
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
