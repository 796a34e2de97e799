// Envelope and Outcomes, as far as they must be known to find one entry: their fields are all of the sized kind.
#include "proto/entry.h"

#include <string.h>

enum { WIRE_BYTES = 2, TAG_TRANSACTION = 2 << 3 | WIRE_BYTES, TAG_ID = 1 << 3 | WIRE_BYTES };
enum { COLUMN_CODE = 1, COLUMN_POINTS, COLUMN_EXPIRED, COLUMN_PREVIOUS };

bool entry_transaction(struct span envelope, uint64_t n, struct span *transaction)
{
    struct wire wire = wire_of(envelope);
    while (!wire_ended(&wire)) {
        uint64_t tag = wire_varint(&wire);
        *transaction = wire_sized(&wire);
        if (tag == TAG_TRANSACTION && n-- == 0)
            return !wire.failed;
    }
    return false;
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

// Those before it are not read, only counted: each ends with a byte below 0x80.
static bool nth_varint(struct span column, uint64_t n, uint64_t *value)
{
    struct wire wire = wire_of(column);
    for (; n > 0 && wire.at < wire.end; wire.at++)
        n -= *wire.at < 0x80;
    *value = wire_varint(&wire);
    return !wire.failed;
}

bool entry_outcome(struct span outcomes, uint64_t n, Points__V1__Outcome *outcome)
{
    uint64_t values[COLUMN_PREVIOUS + 1] = {0};
    unsigned found = 0;
    for (struct wire wire = wire_of(outcomes); !wire_ended(&wire); found++) {
        uint64_t number = wire_varint(&wire) >> 3;
        struct span column = wire_sized(&wire);
        if (number < COLUMN_CODE || number > COLUMN_PREVIOUS || !nth_varint(column, n, &values[number]))
            return false;
    }
    *outcome = (Points__V1__Outcome)POINTS__V1__OUTCOME__INIT;
    outcome->code = (outcome_code)values[COLUMN_CODE];
    outcome->points = values[COLUMN_POINTS];
    outcome->expired = values[COLUMN_EXPIRED];
    outcome->previous = values[COLUMN_PREVIOUS];
    return found == COLUMN_PREVIOUS;
}

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
