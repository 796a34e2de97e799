// The programme's rules as a pure fold: state + block -> state + outcomes. No I/O, no clock, no threads; the daemon,
// the auditor and the tests run the same functions. doc/rules.md is the contract.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct points_state;

enum { POINTS_RULES_VERSION = 1, POINTS_ERROR_BYTES = 200 };

struct points_error {
    char message[POINTS_ERROR_BYTES]; // for people
};

// The state after block 0; NULL when the genesis breaks a rule that its form does not show (`error` says which).
// `genesis` is canonical and is copied. Out of memory ends the process, here and below. The caller frees.
struct points_state *points_from_genesis(const Points__V1__Genesis *genesis, struct points_error *error);
void points_free(struct points_state *state);

// The keys that signed genesis must be operators of it, of at least two holders.
bool points_genesis_signers(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t count, struct points_error *error);

// ---- deciding a block: judge its signers, begin, apply each transaction in order.

// Why the signers may not post this envelope, REFUSAL_NONE when they may. Judged against the state before the block.
// `message` of POINTS_ERROR_BYTES says which key or transaction.
refusal_code points_admit(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t signature_count, const Points__V1__Envelope *envelope, struct points_error *error);
// KEY_UNKNOWN, KEY_REVOKED or REFUSAL_NONE: the part of points_admit that comes before BAD_SIGNATURE.
refusal_code points_signers_known(const struct points_state *state, const Points__V1__Signature *const *signatures,
    size_t signature_count, struct points_error *error);

// Block time for a block now, Unix seconds. `wall_clock` counts on SYSTEM ledgers only.
int64_t points_block_time(const struct points_state *state, int64_t wall_clock);
bool points_time_valid(
    const struct points_state *state, int64_t block_time); // as an auditor judges a recorded block's time

// `first_sequence` is points_last_sequence() + 1.
void points_block_begin(struct points_state *state, int64_t block_time);

// What the rules are told about ids of the whole ledger; they are no part of the state.
enum points_prior { POINTS_NEW, POINTS_SAME_BYTES, POINTS_OTHER_BYTES };
struct points_inputs {
    enum points_prior prior;
    uint64_t prior_sequence;             // unless POINTS_NEW
    uint64_t target_sequence;            // of the transaction that points_target() names; 0: no such id
    const struct points_decided *target; // that transaction, when points_needs_target(); NULL: no such id
};

struct points_outcome {
    outcome_code code;
    uint64_t points; // moved
    uint64_t expired;
    uint64_t previous; // see doc/rules.md
};

// A transaction that was decided before.
struct points_decided {
    const Points__V1__Transaction *transaction;
    struct points_outcome outcome;
    int64_t time; // of its block
};

// The id of another transaction that this one speaks of (ID_BYTES, into the transaction), or NULL.
const uint8_t *points_target(const Points__V1__Transaction *transaction);

// Whether the rules must see the target itself.
bool points_needs_target(const Points__V1__Transaction *transaction);

// The outcome of a transaction whose id was decided before: it needs no state and moves none.
struct points_outcome points_known(const struct points_inputs *inputs);

// Decides one transaction and moves the state. It takes the next sequence number, whatever its outcome.
struct points_outcome points_apply(
    struct points_state *state, const Points__V1__Transaction *transaction, const struct points_inputs *inputs);

// ---- postings: who wants to see every point move

// Where points can be. BOOK_ISSUED is the source: it counts what came out of it.
enum book {
    BOOK_ISSUED,
    BOOK_BALANCES,
    BOOK_HELD,
    BOOK_DONATED,
    BOOK_CONVERTED,
    BOOK_EXPIRED,
    BOOK_FORFEITED,
    BOOK_REVERSED,
    BOOK_FEES,
    BOOK_COUNT
};

// Points that left one cell of the trial balance, a book in a municipality's column, and came into another. A
// transaction makes none, one or, as with the fee of a conversion, several.
struct points_posting {
    uint64_t sequence; // of the transaction; 0: the points expired, as their last day was over when a block began
    uint32_t last_day; // of points that expired; else 0
    enum book from, to;
    uint32_t municipality_from, municipality_to; // codes
    uint64_t points;                             // above 0
};

// All postings of the state from here on, in their order, from points_block_begin and points_apply; the state is in the
// midst of a change and must not be asked. NULL: nobody is told any more. It is no part of what points_save writes.
typedef void points_watch_fn(void *context, const struct points_posting *posting);
void points_watch(struct points_state *state, points_watch_fn *tell, void *context);

// ---- what would become of a transaction

// Whether points_try knows: of awards and reversals.
bool points_can_try(const Points__V1__Transaction *transaction);
// What points_apply would decide about one of these if it came now, alone in a block of this time; nothing moves. Code
// and points; of an id that was decided before, `previous` too.
struct points_outcome points_try(const struct points_state *state, const Points__V1__Transaction *transaction,
    const struct points_inputs *inputs, int64_t block_time);

// Begins to fetch what deciding the envelope's transactions after `position` will look at. Changes nothing; for speed.
void points_prefetch(const struct points_state *state, const Points__V1__Envelope *envelope, size_t position);

// issued = balances + held + donated + converted + expired + forfeited + reversed + fees, over all and by a walk of
// every account. Costs a pass over the accounts; for auditors and tests.
bool points_books_balance(const struct points_state *state);
// Over all alone, without a walk: costs nothing, for after every block.
bool points_totals_balance(const struct points_state *state);

// ---- asking. Replies are allocated in `allocator` (an arena) and stay valid as long as it does; names in them point
// into the state until the next points_apply. NULL: no such thing. Rows that the asker may not see are left out.

enum { POINTS_PENDING_MAX = 1000, POINTS_NOTICES_MAX = 12 }; // the most that a query's limit may be

struct points_asker {
    role_code role;        // ROLE_NONE: no proven key
    uint32_t municipality; // of a municipality's key
};

// The role of a key now: ROLE_NONE with refusal KEY_UNKNOWN or KEY_REVOKED when it has none.
refusal_code points_asker(const struct points_state *state, const uint8_t key[KEY_BYTES], struct points_asker *asker);

// The keys that may sign the checkpoint whose last transaction has the number `sequence` (points_last_sequence: the
// next checkpoint): registered until then and not revoked until then, in the order of their registration. KEY_BYTES,
// into the state.
size_t points_checkpoint_key_count(const struct points_state *state, uint64_t sequence);
const uint8_t *points_checkpoint_key_at(const struct points_state *state, uint64_t sequence, size_t position);

// The witnesses' keys, revoked ones too, in the order of their registration.
struct points_witness {
    const char *name; // into the state
    const uint8_t *key;
    bool revoked;
};
size_t points_witness_count(const struct points_state *state);
struct points_witness points_witness_at(const struct points_state *state, size_t position);
// Whether a registered key's holder has this name.
bool points_witness_named(const struct points_state *state, const uint8_t key[KEY_BYTES], const char *name);

uint64_t points_last_sequence(const struct points_state *state);
uint64_t points_account_count(const struct points_state *state);
int64_t points_time(const struct points_state *state); // of the newest block
const Points__V1__Genesis *points_genesis(const struct points_state *state);
bool points_may_see(
    const struct points_state *state, const struct points_asker *asker, uint32_t municipality); // 0: all of them
bool points_municipality_known(const struct points_state *state, uint32_t municipality);

Points__V1__AccountReply *points_account(
    const struct points_state *state, const uint8_t account[ID_BYTES], ProtobufCAllocator *allocator);
Points__V1__QuestReply *points_quest(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetQuest *query, ProtobufCAllocator *allocator);
Points__V1__DonationTotalsReply *points_donation_totals(const struct points_state *state,
    const struct points_asker *asker, const Points__V1__GetDonationTotals *query, ProtobufCAllocator *allocator);
Points__V1__ConversionTotalsReply *points_conversion_totals(const struct points_state *state,
    const struct points_asker *asker, const Points__V1__GetConversionTotals *query, ProtobufCAllocator *allocator);
Points__V1__PendingConversionsReply *points_pending_conversions(
    const struct points_state *state, const Points__V1__GetPendingConversions *query, ProtobufCAllocator *allocator);
Points__V1__TrialBalanceReply *points_trial_balance(const struct points_state *state, ProtobufCAllocator *allocator);
Points__V1__CampaignReply *points_campaign(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetCampaign *query, ProtobufCAllocator *allocator);
Points__V1__CirculationReply *points_circulation(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetCirculation *query, ProtobufCAllocator *allocator);
Points__V1__ExpiryReply *points_expiry(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetExpiry *query, ProtobufCAllocator *allocator);
Points__V1__SettlementsReply *points_settlements(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetSettlements *query, ProtobufCAllocator *allocator);
Points__V1__ProgrammeReply *points_programme(
    const struct points_state *state, const Points__V1__GetProgramme *query, ProtobufCAllocator *allocator);
// Without the texts, which are no part of the state. `block_time` is that of a block now. Nothing in the reply points
// into the state.
Points__V1__NoticesReply *points_notices(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetNotices *query, int64_t block_time, ProtobufCAllocator *allocator);

// ---- notices one by one, for whoever checks the texts that are stored beside the blocks

struct points_notice {
    uint64_t sequence;               // of its PostNotice
    const uint8_t *id, *text_sha256; // ID_BYTES, HASH_BYTES; into the state until the next points_apply
    bool erased;                     // else its text must be there
};

size_t points_notice_count(const struct points_state *state);
struct points_notice points_notice_at(const struct points_state *state, size_t position); // ascending by sequence

// ---- the state as bytes, for whoever keeps it until the next start

// Not a format: in the machine's byte order, of this build alone. Another build, or damage, is refused as far as it
// shows; the caller makes sure of the bytes by a hash of its own.
typedef bool points_write_fn(void *context, const void *bytes, size_t size);
typedef bool points_read_fn(void *context, void *bytes, size_t size);

// Allocates nothing. False: a write failed.
bool points_save(const struct points_state *state, points_write_fn *write, void *context);
// From `size` bytes; NULL: `error` says what is wrong with them. The caller frees.
struct points_state *points_load(points_read_fn *read, void *context, uint64_t size, struct points_error *error);

// ---- the rules as a table, for the documents' test

// Writes the table of doc/rules.md ("| transaction | signed by | checks, in order |" and its rows) to `out` of `size`;
// false: too small.
bool points_rules_table(char *out, size_t size);
bool points_policy_table(char *out, size_t size);
