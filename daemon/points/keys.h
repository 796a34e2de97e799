// Keys, their roles and holders.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct key {
    uint8_t key[KEY_BYTES];
    role_code role;
    char *holder;
    uint32_t municipality; // code; of role MUNICIPALITY only
    uint64_t registered;   // sequence number of its RegisterKey; 0: in genesis
    uint64_t revoked;      // sequence number of its RevokeKey; 0: it is in force
    UT_hash_handle hh;     // by key
};

struct key *key_get(struct key *keys, const uint8_t key[KEY_BYTES]); // NULL: never registered
void key_add(struct key **keys, const Points__V1__RegisterKey *registration, uint64_t sequence);
// Whether a registration has a role and what belongs to it. Whether there is such a municipality is another question.
bool key_well_formed(const Points__V1__RegisterKey *registration);
// Distinct holders of operator keys in force, `without` (may be NULL) left out.
unsigned keys_operator_holders(struct key *keys, const struct key *without);
void keys_free(struct key *keys);
struct archive;
void keys_archive(struct archive *archive, struct key **keys);

struct turn;
bool key_new(struct turn *turn);
bool key_valid(struct turn *turn);
bool key_municipality_known(struct turn *turn);
bool key_registered(struct turn *turn);
bool key_in_force(struct turn *turn);
bool key_leaves_operators(struct turn *turn);
bool key_leaves_checkpoint_key(struct turn *turn);
uint64_t key_apply_register(struct turn *turn);
uint64_t key_apply_revoke(struct turn *turn);
