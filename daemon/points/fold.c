// The fold's step: judge signers, then decide transactions one by one.
#include "proto/entry.h"
#include "points/rules.h"
#include "points/state.h"

#include <inttypes.h>
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

// What a municipality says needs a key of that very municipality.
static bool own_municipality_signed(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t count, const Points__V1__Transaction *transaction)
{
    uint32_t municipality = notice_municipality(transaction);
    bool found = rule_of(transaction)->role != ROLE(MUNICIPALITY);
    for (size_t i = 0; i < count && !found; i++) {
        const struct key *key = key_get(state->keys, signatures[i]->key.data);
        found = key->role == ROLE(MUNICIPALITY) && key->municipality == municipality;
    }
    return found;
}

refusal_code points_admit(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t signature_count, const Points__V1__Envelope *envelope, struct points_error *error)
{
    refusal_code refusal = points_signers_known(state, signatures, signature_count, error);
    if (refusal)
        return refusal;
    unsigned holders[ROLE(AUDITOR) + 1];
    for (int role = 0; role <= ROLE(AUDITOR); role++)
        holders[role] = holders_with_role(state, signatures, signature_count, (role_code)role);
    for (size_t i = 0; i < envelope->n_transactions; i++) {
        const struct rule *rule = rule_of(envelope->transactions[i]);
        if (!own_municipality_signed(state, signatures, signature_count, envelope->transactions[i])) {
            snprintf(error->message, sizeof error->message,
                "transactions[%zu] (%s) names municipality %06" PRIu32 ": a key of that municipality must sign it", i,
                rule->name, notice_municipality(envelope->transactions[i]));
            return REFUSAL(NOT_PERMITTED);
        }
        if (holders[rule->role] >= rule->holders)
            continue;
        const char *role = protobuf_c_enum_descriptor_get_value(&points__v1__role__descriptor, (int)rule->role)->name;
        snprintf(error->message, sizeof error->message,
            "transactions[%zu] (%s) needs signatures of %u different holder%s with role %s; it has %u%s", i, rule->name,
            rule->holders, rule->holders > 1 ? "s" : "", role, holders[rule->role],
            rule->holders > 1 ? ". Add one with: points countersign FILE" : "");
        return REFUSAL(NOT_PERMITTED);
    }
    return REFUSAL(REFUSAL_NONE);
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

void turn_touch(struct turn *turn, struct account *account)
{
    turn->account = account;
    if (account)
        turn->expired += lots_drop_expired(&turn->state->lots, account, state_today(turn->state));
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
    struct turn turn = {
        .state = state, .transaction = transaction, .inputs = inputs, .sequence = ++state->last_sequence};
    if (inputs->prior != POINTS_NEW)
        return points_known(inputs);
    const ProtobufCBinaryData *account = entry_account(transaction);
    if (account)
        turn_touch(&turn, account_get(&state->accounts, account->data));
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
