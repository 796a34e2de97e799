// Protobuf's wire format, as far as Envelope and Outcomes use it: a tag of one byte, a length, then so many bytes.
#include "proto/entry.h"

enum { WIRE_BYTES = 2, TAG_TRANSACTION = 2 << 3 | WIRE_BYTES };
enum { COLUMN_CODE = 1, COLUMN_POINTS, COLUMN_EXPIRED, COLUMN_PREVIOUS };

static bool next_varint(struct span *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && rest->size > 0; shift += 7) {
        uint8_t byte = *rest->bytes++;
        rest->size--;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

// Moves on past the field. False at the end, and where there is no such field.
static bool next_field(struct span *rest, uint8_t *tag, struct span *field)
{
    uint64_t size;
    if (rest->size == 0)
        return false;
    *tag = *rest->bytes++;
    rest->size--;
    if (!next_varint(rest, &size) || size > rest->size)
        return false;
    *field = (struct span){rest->bytes, size};
    rest->bytes += size;
    rest->size -= size;
    return true;
}

bool entry_transaction(struct span envelope, uint64_t n, struct span *transaction)
{
    uint8_t tag;
    while (next_field(&envelope, &tag, transaction))
        if (tag == TAG_TRANSACTION && n-- == 0)
            return true;
    return false;
}

static bool nth_varint(struct span column, uint64_t n, uint64_t *value)
{
    do
        if (!next_varint(&column, value))
            return false;
    while (n-- > 0);
    return true;
}

bool entry_outcome(struct span outcomes, uint64_t n, Points__V1__Outcome *outcome)
{
    uint64_t values[COLUMN_PREVIOUS + 1] = {0};
    uint8_t tag;
    struct span column;
    unsigned found = 0;
    while (next_field(&outcomes, &tag, &column)) {
        unsigned number = tag >> 3;
        if (number < COLUMN_CODE || number > COLUMN_PREVIOUS || !nth_varint(column, n, &values[number]))
            return false;
        found++;
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
    default:
        return NULL;
    }
}
