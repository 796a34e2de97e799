// The keys that a ledger's blocks register and revoke, by the outcomes that are recorded: found in one quick look
// through the envelopes. Whether they are right, verify tells.
#pragma once

#include "ledger/ledger.h"
#include "proto/formats.h"

struct registered_key {
    uint8_t key[KEY_BYTES];
    role_code role;
    char *holder;
    bool revoked;
};

struct registered_keys {
    char *origin; // genesis' name for the ledger
    struct registered_key *rows;
    size_t count;
};

// After the first so many blocks, with a progress bar on a terminal. What cannot be read ends the process.
struct registered_keys registered_keys_read(struct ledger_reading *reading, uint64_t blocks);
void registered_keys_free(struct registered_keys *keys);
const struct registered_key *registered_keys_get(
    const struct registered_keys *keys, const ProtobufCBinaryData *key); // NULL: never registered
