// What one connection sends: transactions of its own accounts, made, signed and framed in envelopes. Nothing here
// depends on answers, and a connection's envelopes are decided in their order, so what must come of each is known
// beforehand.
#pragma once

#include "proto/formats.h"
#include "proto/keyfile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// AGAIN: the very bytes of the account's transaction before.
enum kind { OPEN, START, AWARD, DONATE, CONVERT, AGAIN, KINDS };

// Points that one of a kind moves.
extern const uint32_t kind_points[KINDS];

// What is done with the accounts: all are opened; all are given points to spend; the load itself.
enum phase { OPENING, STARTING, AWARDING, MIXING };

// What all connections of a run share.
struct plan {
    uint64_t seed;
    uint8_t ledger_id[HASH_BYTES];
    struct keyfile app;
    uint32_t *homes; // codes of the municipalities
    uint32_t home_count;
    uint32_t quest, start_quest, purpose; // their numbers in the ledger
    int64_t first_week;                   // Unix seconds: when the week of the first pass begins
    uint64_t ids_begin_ms;                // of the phase: ids as UUIDv7 count from here
    uint32_t accounts;                    // 0 to accounts - 1
    unsigned connections;
    bool random_ids;
};

void plan_account(const struct plan *plan, uint32_t account, uint8_t id[ID_BYTES]);
// The account's home, as a position in `homes`.
static inline uint32_t plan_home(const struct plan *plan, uint32_t account)
{
    return account % plan->home_count;
}

// The order in which a connection goes over its accounts, once and again; each pass has an order of its own. A copy of
// a walk goes the same way.
struct walk {
    uint64_t seed;
    uint32_t first, count; // accounts
    uint32_t at, step, left;
    uint32_t pass;
    bool straight; // in the order of their numbers
};

uint32_t walk_next(struct walk *walk);

struct envelope {
    uint32_t size;  // of its frame
    uint32_t count; // transactions
    uint32_t pass;  // the newest in it
    uint32_t gifts; // donations in it
};

struct script {
    const struct plan *plan;
    enum phase phase;
    unsigned connection;
    uint32_t batch;   // transactions an envelope
    struct walk walk; // to the accounts of what is made next
    uint64_t made;    // envelopes
    uint64_t number;  // of the next transaction
    uint64_t kept;    // envelopes that there is room for: an envelope takes the place of the one so many before it
    size_t frame_bytes_max;
    uint8_t *frames;
    struct envelope *envelopes;
    uint8_t *kinds;        // `batch` an envelope; NULL unless MIXING
    struct latest *latest; // of each account; NULL unless MIXING
    struct envelope_builder *builder;
};

// phase, connection, batch and kept are set.
void script_begin(struct script *script, const struct plan *plan);
void script_end(struct script *script);
// A walk over the accounts of its transactions, from the first.
struct walk script_walk(const struct script *script);
// The accounts of one connection.
uint32_t script_accounts(const struct plan *plan, unsigned connection);
// Makes the next envelope, of `count` transactions, at most a batch. Its request id is its number, counted from 1.
void script_make(struct script *script, uint32_t count);

// Frames a SignedEnvelope's bytes as a submit with this request id; the size of the frame.
uint32_t script_frame_submit(uint8_t *bytes, uint64_t id, const uint8_t *signed_envelope, size_t size);
// The largest frame that an envelope of so many transactions can have.
size_t script_frame_bytes_max(uint32_t batch);
// By the envelope's number, from 0; it must be kept still.
const struct envelope *script_envelope(const struct script *script, uint64_t number);
const uint8_t *script_frame(const struct script *script, uint64_t number);
// Of a transaction, by its envelope's number and its position in it.
enum kind script_kind(const struct script *script, uint64_t number, uint32_t position);
