// The keys that a ledger's blocks register and revoke.
#include "tools/audit/registered_keys.h"
#include "proto/entry.h"
#include "tools/audit/progress.h"
#include "tools/error.h"

#include <stdlib.h>
#include <string.h>

static void add(struct registered_keys *keys, const ProtobufCBinaryData *key, role_code role, const char *holder)
{
    keys->rows = xrealloc(keys->rows, (keys->count + 1) * sizeof *keys->rows);
    struct registered_key *row = &keys->rows[keys->count++];
    *row = (struct registered_key){.role = role, .holder = xstrdup(holder)};
    if (key->len == KEY_BYTES)
        memcpy(row->key, key->data, KEY_BYTES);
}

// Genesis' own checkpoint key has the origin as its holder.
static void take_genesis(struct registered_keys *keys, const struct ledger_record *record)
{
    Points__V1__Genesis *genesis = points__v1__genesis__unpack(NULL, record->envelope_size, record->envelope);
    if (!genesis)
        fail(EXIT_FAILED, "the genesis cannot be read");
    keys->origin = xstrdup(genesis->origin);
    for (size_t i = 0; i < genesis->n_keys; i++)
        add(keys, &genesis->keys[i]->key, genesis->keys[i]->role, genesis->keys[i]->holder);
    add(keys, &genesis->checkpoint_key, ROLE(CHECKPOINT), genesis->origin);
    points__v1__genesis__free_unpacked(genesis, NULL);
}

static void take_transaction(struct registered_keys *keys, struct span bytes)
{
    Points__V1__Transaction *transaction = points__v1__transaction__unpack(NULL, bytes.size, bytes.bytes);
    if (!transaction)
        fail(EXIT_FAILED, "a transaction cannot be read");
    if (transaction->body_case == TRANSACTION(REGISTER_KEY)) {
        const Points__V1__RegisterKey *registered = transaction->register_key;
        add(keys, &registered->key, registered->role, registered->holder);
    } else {
        const struct registered_key *row = registered_keys_get(keys, &transaction->revoke_key->key);
        if (row)
            keys->rows[row - keys->rows].revoked = true;
    }
    points__v1__transaction__free_unpacked(transaction, NULL);
}

static void take_block(struct registered_keys *keys, const struct ledger_record *record)
{
    struct span bytes;
    struct span outcomes = {record->outcomes, record->outcomes_size};
    struct entry_walk walk = entry_walk_of((struct span){record->envelope, record->envelope_size});
    for (uint64_t n = 0; entry_walk_to(&walk, n, &bytes); n++) {
        transaction_type type = entry_type(bytes);
        Points__V1__Outcome outcome;
        if ((type == TRANSACTION(REGISTER_KEY) || type == TRANSACTION(REVOKE_KEY)) &&
            entry_outcome(outcomes, n, &outcome) && outcome.code == OUTCOME(APPLIED))
            take_transaction(keys, bytes);
    }
}

struct registered_keys registered_keys_read(struct ledger_reading *reading, uint64_t blocks)
{
    struct registered_keys keys = {0};
    struct progress progress = progress_begin();
    struct ledger_record record;
    struct ledger_error error;
    for (uint64_t block = 0; block < blocks; block++) {
        progress_show(&progress, block, blocks, 0);
        if (ledger_read_block(reading, block, &record, &error) != 1)
            fail(EXIT_FAILED, "%s", error.message);
        if (block == 0)
            take_genesis(&keys, &record);
        else
            take_block(&keys, &record);
    }
    progress_end(&progress);
    return keys;
}

void registered_keys_free(struct registered_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->rows[i].holder);
    free(keys->rows);
    free(keys->origin);
}

const struct registered_key *registered_keys_get(const struct registered_keys *keys, const ProtobufCBinaryData *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (key->len == KEY_BYTES && memcmp(keys->rows[i].key, key->data, KEY_BYTES) == 0)
            return &keys->rows[i];
    return NULL;
}
