#include "points/keys.h"
#include "points/archive.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <string.h>

struct key *key_get(struct key *keys, const uint8_t key[KEY_BYTES])
{
    struct key *found;
    HASH_FIND(hh, keys, key, KEY_BYTES, found);
    return found;
}

void key_add(struct key **keys, const Points__V1__RegisterKey *registration, uint64_t sequence)
{
    struct key *key = memory_zeroed(1, sizeof *key);
    memcpy(key->key, registration->key.data, KEY_BYTES);
    key->role = registration->role;
    key->holder = memory_text(registration->holder);
    key->municipality = registration->municipality;
    key->registered = sequence;
    HASH_ADD(hh, *keys, key, KEY_BYTES, key);
}

static bool counts_as_operator(const struct key *key, const struct key *without)
{
    return key != without && key->role == ROLE(OPERATOR) && !key->revoked;
}

// True when no key before `key` in the list is an operator's of the same holder.
static bool first_of_holder(struct key *keys, const struct key *key, const struct key *without)
{
    for (const struct key *other = keys; other != key; other = other->hh.next)
        if (counts_as_operator(other, without) && strcmp(other->holder, key->holder) == 0)
            return false;
    return true;
}

unsigned keys_operator_holders(struct key *keys, const struct key *without)
{
    unsigned holders = 0;
    for (const struct key *key = keys; key; key = key->hh.next)
        holders += counts_as_operator(key, without) && first_of_holder(keys, key, without);
    return holders;
}

bool key_well_formed(const Points__V1__RegisterKey *registration)
{
    if (registration->role == ROLE(ROLE_NONE))
        return false;
    if (registration->role != ROLE(MUNICIPALITY) && registration->municipality != 0)
        return false;
    return registration->role != ROLE(WITNESS) || !strpbrk(registration->holder, " +");
}

bool key_new(struct turn *turn)
{
    return !key_get(turn->state->keys, turn->transaction->register_key->key.data);
}

bool key_valid(struct turn *turn)
{
    return key_well_formed(turn->transaction->register_key);
}

bool key_municipality_known(struct turn *turn)
{
    const Points__V1__RegisterKey *key = turn->transaction->register_key;
    return key->role != ROLE(MUNICIPALITY) || points_municipality_known(turn->state, key->municipality);
}

bool key_registered(struct turn *turn)
{
    turn->key = key_get(turn->state->keys, turn->transaction->revoke_key->key.data);
    return turn->key != NULL;
}

bool key_in_force(struct turn *turn)
{
    return !turn->key->revoked;
}

bool key_leaves_operators(struct turn *turn)
{
    return turn->key->role != ROLE(OPERATOR) || keys_operator_holders(turn->state->keys, turn->key) >= 2;
}

bool key_leaves_checkpoint_key(struct turn *turn)
{
    return turn->key->role != ROLE(CHECKPOINT) || points_checkpoint_key_count(turn->state, turn->sequence) > 1;
}

uint64_t key_apply_register(struct turn *turn)
{
    key_add(&turn->state->keys, turn->transaction->register_key, turn->sequence);
    return 0;
}

uint64_t key_apply_revoke(struct turn *turn)
{
    turn->key->revoked = turn->sequence;
    return 0;
}

void keys_free(struct key *keys)
{
    struct key *key, *next;
    HASH_ITER(hh, keys, key, next)
    {
        HASH_DELETE(hh, keys, key);
        free(key->holder);
        free(key);
    }
}

static void key_archive(struct archive *archive, struct key *key)
{
    ARCHIVE(archive, key->key);
    ARCHIVE(archive, key->role);
    archive_text(archive, &key->holder);
    ARCHIVE(archive, key->municipality);
    ARCHIVE(archive, key->registered);
    ARCHIVE(archive, key->revoked);
}

void keys_archive(struct archive *archive, struct key **keys)
{
    ARCHIVE_HASH(archive, *keys, key, key_archive);
}
