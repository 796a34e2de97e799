// Block 0: what a programme starts with.
#include "points/calendar.h"
#include "points/memory.h"
#include "points/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OPERATOR_KEYS_MIN = 3, OPERATOR_HOLDERS_MIN = 2, CODE_MAX = 999999 };

__attribute__((format(printf, 2, 3))) static bool refused(struct points_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

static bool check_head(const Points__V1__Genesis *genesis, struct points_error *error)
{
    if (strpbrk(genesis->origin, " +"))
        return refused(error, "genesis: origin \"%s\" must have no space and no '+'", genesis->origin);
    if (genesis->time_source == TIME_SOURCE(TIME_SOURCE_NONE))
        return refused(error, "genesis: time_source must be SYSTEM or SCRIPTED");
    if (genesis->time < 0 || genesis->time > CALENDAR_TIME_MAX)
        return refused(error, "genesis: time must lie between 1970 and 9999");
    if (genesis->rules_version != POINTS_RULES_VERSION)
        return refused(error, "genesis: rules version %u is not known here, only %d; use the programs of that version",
            genesis->rules_version, POINTS_RULES_VERSION);
    return true;
}

static bool check_municipalities(const Points__V1__Genesis *genesis, struct points_error *error)
{
    uint32_t before = 0;
    for (size_t i = 0; i < genesis->n_municipalities; i++) {
        uint32_t code = genesis->municipalities[i]->code;
        if (code <= before || code > CODE_MAX)
            return refused(error, "genesis: municipalities[%zu]: codes must ascend, 1 to %d", i, CODE_MAX);
        before = code;
    }
    return true;
}

static bool take_policies(struct points_state *state, struct points_error *error)
{
    policy_defaults(state->policies);
    Points__V1__Policy before = POLICY(POLICY_NONE);
    for (size_t i = 0; i < state->genesis->n_policies; i++) {
        const Points__V1__SetPolicy *policy = state->genesis->policies[i];
        if (policy->policy <= before || !policy_in_range(policy->policy, policy->value))
            return refused(error, "genesis: policies[%zu]: must ascend and lie in their ranges", i);
        state->policies[policy->policy] = policy->value;
        before = policy->policy;
    }
    return true;
}

static bool take_key(struct points_state *state, const Points__V1__RegisterKey *key, struct points_error *error)
{
    if (key_get(state->keys, key->key.data))
        return refused(error, "genesis: a key of \"%s\" stands twice", key->holder);
    if (!key_well_formed(key))
        return refused(error, "genesis: the key of \"%s\" could not be registered (KEY_INVALID)", key->holder);
    if (key->role == ROLE(MUNICIPALITY) && !points_municipality_known(state, key->municipality))
        return refused(error, "genesis: the key of \"%s\" names a wrong municipality", key->holder);
    key_add(&state->keys, key, 0);
    return true;
}

static bool take_keys(struct points_state *state, struct points_error *error)
{
    unsigned operators = 0;
    for (size_t i = 0; i < state->genesis->n_keys; i++) {
        if (!take_key(state, state->genesis->keys[i], error))
            return false;
        operators += state->genesis->keys[i]->role == ROLE(OPERATOR);
    }
    if (operators < OPERATOR_KEYS_MIN || keys_operator_holders(state->keys, NULL) < OPERATOR_HOLDERS_MIN)
        return refused(error, "genesis: needs at least %d operator keys of at least %d holders", OPERATOR_KEYS_MIN,
            OPERATOR_HOLDERS_MIN);
    Points__V1__RegisterKey checkpoint_key = POINTS__V1__REGISTER_KEY__INIT;
    checkpoint_key.key = state->genesis->checkpoint_key;
    checkpoint_key.role = ROLE(CHECKPOINT);
    checkpoint_key.holder = state->genesis->origin;
    return take_key(state, &checkpoint_key, error);
}

static Points__V1__Genesis *copy_of(const Points__V1__Genesis *genesis)
{
    size_t size = points__v1__genesis__get_packed_size(genesis);
    uint8_t *bytes = memory_zeroed(1, size);
    points__v1__genesis__pack(genesis, bytes);
    Points__V1__Genesis *copy = points__v1__genesis__unpack(NULL, size, bytes);
    free(bytes);
    return copy;
}

struct points_state *points_from_genesis(const Points__V1__Genesis *genesis, struct points_error *error)
{
    struct points_state *state = memory_zeroed(1, sizeof *state);
    state->genesis = copy_of(genesis);
    if (!state->genesis)
        refused(error, "genesis: cannot be read");
    else if (check_head(genesis, error) && check_municipalities(genesis, error) && take_policies(state, error) &&
             take_keys(state, error)) {
        state->lots.municipalities = state_municipality_count(state);
        state->time = state->scripted_time = genesis->time;
        return state;
    }
    points_free(state);
    return NULL;
}

bool points_genesis_signers(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t count, struct points_error *error)
{
    const char *first_holder = NULL;
    bool second_holder = false;
    for (size_t i = 0; i < count; i++) {
        const struct key *key = key_get(state->keys, signatures[i]->key.data);
        if (!key || key->role != ROLE(OPERATOR))
            return refused(error, "genesis: signature %zu is not of one of its operators", i);
        if (!first_holder)
            first_holder = key->holder;
        else if (strcmp(first_holder, key->holder) != 0)
            second_holder = true;
    }
    return second_holder || refused(error, "genesis: needs signatures of operators of at least two holders");
}
