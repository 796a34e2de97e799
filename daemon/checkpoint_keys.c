#include "checkpoint_keys.h"

#include "proto/keyfile.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static bool has_key(const struct checkpoint_keys *keys, const uint8_t key[KEY_BYTES])
{
    for (size_t i = 0; i < keys->count; i++)
        if (memcmp(keys->signers[i]->verifier.key, key, KEY_BYTES) == 0)
            return true;
    return false;
}

bool checkpoint_keys_add(
    struct checkpoint_keys *keys, const char *path, const char *origin, char *error, size_t error_size)
{
    struct keyfile key;
    struct keyfile_error why;
    if (!keyfile_load(path, &key, &why)) {
        snprintf(error, error_size, "%s", why.message);
        return false;
    }
    bool known = has_key(keys, key.public_key);
    struct note_signer *signer = known ? NULL : sodium_malloc(sizeof *signer);
    if (signer) {
        signer->verifier = note_verifier_of(origin, key.public_key);
        memcpy(signer->secret, key.secret, sizeof signer->secret);
        keys->paths[keys->count] = path;
        keys->signers[keys->count++] = signer;
    } else if (!known) {
        snprintf(error, error_size, "out of locked memory for a key");
    }
    keyfile_free(&key);
    return known || signer;
}

void checkpoint_keys_free(struct checkpoint_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        sodium_free(keys->signers[i]);
    *keys = (struct checkpoint_keys){0};
}

static bool may_sign(const struct points_state *state, const uint8_t key[KEY_BYTES])
{
    struct points_asker role;
    return points_asker(state, key, &role) == REFUSAL(REFUSAL_NONE) && role.role == ROLE(CHECKPOINT);
}

bool checkpoint_key_in_force(const struct points_state *state, const struct note_signer *signer)
{
    return may_sign(state, signer->verifier.key);
}

struct checkpoint_signers checkpoint_signers(const struct checkpoint_keys *keys, const struct points_state *state)
{
    struct checkpoint_signers found = {.count = 0};
    for (size_t i = 0; i < keys->count; i++)
        if (checkpoint_key_in_force(state, keys->signers[i]))
            found.signers[found.count++] = keys->signers[i];
    return found;
}

static bool revokes(const Points__V1__Envelope *envelope, const uint8_t key[KEY_BYTES])
{
    for (size_t i = 0; i < envelope->n_transactions; i++)
        if (envelope->transactions[i]->body_case == TRANSACTION(REVOKE_KEY) &&
            memcmp(envelope->transactions[i]->revoke_key->key.data, key, KEY_BYTES) == 0)
            return true;
    return false;
}

static bool registers_checkpoint_key(const Points__V1__Envelope *envelope)
{
    for (size_t i = 0; i < envelope->n_transactions; i++)
        if (envelope->transactions[i]->body_case == TRANSACTION(REGISTER_KEY) &&
            envelope->transactions[i]->register_key->role == ROLE(CHECKPOINT))
            return true;
    return false;
}

bool checkpoint_keys_stay(
    const struct checkpoint_keys *keys, const struct points_state *state, const Points__V1__Envelope *envelope)
{
    struct checkpoint_signers ours = checkpoint_signers(keys, state);
    for (size_t i = 0; i < ours.count; i++)
        if (!revokes(envelope, ours.signers[i]->verifier.key))
            return true;
    // All of ours are to be revoked. Where there are no others, the rules keep one.
    return points_checkpoint_key_count(state, points_last_sequence(state)) == ours.count &&
           !registers_checkpoint_key(envelope);
}
