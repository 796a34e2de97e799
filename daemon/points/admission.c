// Who may sign what: an envelope's signers judged against the keys at the start of its block, a connection's key, and
// the keys of checkpoints.
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
        if (!own_municipality_signed(state, signatures, signature_count, envelope->transactions[i])) {
            snprintf(error->message, sizeof error->message,
                "transactions[%zu] (%s) names municipality %06" PRIu32 ": a key of that municipality must sign it", i,
                rule_of(envelope->transactions[i])->name, notice_municipality(envelope->transactions[i]));
            return REFUSAL(NOT_PERMITTED);
        }
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

// Whether the key may sign the checkpoint whose last transaction has this number.
static bool signed_checkpoints(const struct key *key, uint64_t sequence)
{
    return key->role == ROLE(CHECKPOINT) && key->registered <= sequence && (!key->revoked || key->revoked > sequence);
}

size_t points_checkpoint_key_count(const struct points_state *state, uint64_t sequence)
{
    size_t count = 0;
    for (const struct key *key = state->keys; key; key = key->hh.next)
        count += signed_checkpoints(key, sequence);
    return count;
}

const uint8_t *points_checkpoint_key_at(const struct points_state *state, uint64_t sequence, size_t position)
{
    const struct key *key = state->keys;
    for (; !signed_checkpoints(key, sequence) || position > 0; key = key->hh.next)
        position -= signed_checkpoints(key, sequence);
    return key->key;
}

size_t points_witness_count(const struct points_state *state)
{
    size_t count = 0;
    for (const struct key *key = state->keys; key; key = key->hh.next)
        count += key->role == ROLE(WITNESS);
    return count;
}

struct points_witness points_witness_at(const struct points_state *state, size_t position)
{
    const struct key *key = state->keys;
    for (; key->role != ROLE(WITNESS) || position > 0; key = key->hh.next)
        position -= key->role == ROLE(WITNESS);
    return (struct points_witness){key->holder, key->key, key->revoked != 0};
}

bool points_witness_named(const struct points_state *state, const uint8_t key[KEY_BYTES], const char *name)
{
    const struct key *found = key_get(state->keys, key);
    return found && strcmp(found->holder, name) == 0;
}
