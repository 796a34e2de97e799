// Envelope and Outcomes, as far as they must be known to find one entry: their fields are all of the sized kind.
#include "proto/entry.h"

#include <string.h>

enum { WIRE_BYTES = 2, TAG_TRANSACTION = 2 << 3 | WIRE_BYTES, TAG_ID = 1 << 3 | WIRE_BYTES };
enum { COLUMN_CODE, COLUMN_POINTS, COLUMN_EXPIRED, COLUMN_PREVIOUS };
_Static_assert(COLUMN_PREVIOUS + 1 == OUTCOME_COLUMNS, "a wire for each column");

// ---- transactions

struct entry_walk entry_walk_of(struct span envelope)
{
    return (struct entry_walk){.envelope = envelope, .wire = wire_of(envelope)};
}

bool entry_walk_to(struct entry_walk *walk, uint64_t n, struct span *transaction)
{
    if (n < walk->at)
        *walk = entry_walk_of(walk->envelope);
    while (!wire_ended(&walk->wire)) {
        struct wire before = walk->wire;
        uint64_t tag = wire_varint(&walk->wire);
        *transaction = wire_sized(&walk->wire);
        if (tag != TAG_TRANSACTION || walk->wire.failed)
            continue;
        if (walk->at == n) {
            walk->wire = before;
            return true;
        }
        walk->at++;
    }
    return false;
}

bool entry_transaction(struct span envelope, uint64_t n, struct span *transaction)
{
    struct entry_walk walk = entry_walk_of(envelope);
    return entry_walk_to(&walk, n, transaction);
}

bool entry_has_id(struct span transaction, const uint8_t id[ID_BYTES])
{
    struct wire wire = wire_of(transaction);
    bool tagged = wire_varint(&wire) == TAG_ID;
    struct span own = wire_sized(&wire);
    return tagged && own.size == ID_BYTES && memcmp(own.bytes, id, ID_BYTES) == 0;
}

// The kinds have the numbers of their fields.
transaction_type entry_type(struct span transaction)
{
    struct wire wire = wire_of(transaction);
    wire_varint(&wire);
    wire_sized(&wire);
    return (transaction_type)(wire_varint(&wire) >> 3);
}

// ---- outcomes

// Without just these columns, nothing will be found in it.
struct outcome_walk outcome_walk_of(struct span outcomes)
{
    struct outcome_walk walk = {.outcomes = outcomes};
    struct wire wire = wire_of(outcomes);
    unsigned fields = 0;
    for (; !wire_ended(&wire); fields++) {
        uint64_t column = (wire_varint(&wire) >> 3) - 1; // fields count from 1
        struct span entries = wire_sized(&wire);
        if (column < OUTCOME_COLUMNS)
            walk.columns[column] = wire_of(entries);
    }
    if (wire.failed || fields != OUTCOME_COLUMNS)
        memset(walk.columns, 0, sizeof walk.columns);
    return walk;
}

// Those passed by are not read, only counted: each ends with a byte below 0x80.
static void skip_varints(struct wire *wire, uint64_t count)
{
    for (; count > 0 && wire->at < wire->end; wire->at++)
        count -= *wire->at < 0x80;
}

bool outcome_walk_to(struct outcome_walk *walk, uint64_t n, Points__V1__Outcome *outcome)
{
    uint64_t values[OUTCOME_COLUMNS];
    bool failed = false;
    if (n < walk->at)
        *walk = outcome_walk_of(walk->outcomes);
    for (int i = 0; i < OUTCOME_COLUMNS; i++) {
        skip_varints(&walk->columns[i], n - walk->at);
        struct wire wire = walk->columns[i];
        values[i] = wire_varint(&wire);
        failed |= wire.failed;
    }
    walk->at = n;
    *outcome = (Points__V1__Outcome)POINTS__V1__OUTCOME__INIT;
    outcome->code = (outcome_code)values[COLUMN_CODE];
    outcome->points = values[COLUMN_POINTS];
    outcome->expired = values[COLUMN_EXPIRED];
    outcome->previous = values[COLUMN_PREVIOUS];
    return !failed;
}

bool entry_outcome(struct span outcomes, uint64_t n, Points__V1__Outcome *outcome)
{
    struct outcome_walk walk = outcome_walk_of(outcomes);
    return outcome_walk_to(&walk, n, outcome);
}

// ---- accounts

const ProtobufCBinaryData *entry_account(const Points__V1__Transaction *transaction)
{
    switch (transaction->body_case) {
    case TRANSACTION(AWARD):
        return &transaction->award->account;
    case TRANSACTION(DONATE):
        return &transaction->donate->account;
    case TRANSACTION(REQUEST_CONVERSION):
        return &transaction->request_conversion->account;
    case TRANSACTION(OPEN_ACCOUNT):
        return &transaction->open_account->account;
    case TRANSACTION(MOVE_ACCOUNT):
        return &transaction->move_account->account;
    case TRANSACTION(CLOSE_ACCOUNT):
        return &transaction->close_account->account;
    case TRANSACTION(MERGE_ACCOUNTS):
        return &transaction->merge_accounts->account;
    case TRANSACTION(FREEZE_ACCOUNT):
        return &transaction->freeze_account->account;
    case TRANSACTION(UNFREEZE_ACCOUNT):
        return &transaction->unfreeze_account->account;
    default:
        return NULL;
    }
}
