#include "proto/envelope.h"
#include "proto/wire.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_SIZED = 2 };
#define TAG(number, type) ((number) << 3 | (type))
enum {
    TAG_LEDGER_ID = TAG(1, WIRE_SIZED),
    TAG_TRANSACTION = TAG(2, WIRE_SIZED),
    TAG_DRY_RUN = TAG(3, WIRE_SIZED),
    TAG_ID = TAG(1, WIRE_SIZED), // of a transaction, and the account in what follows
    TAG_AWARD = TAG(2, WIRE_SIZED),
    TAG_DONATE = TAG(3, WIRE_SIZED),
    TAG_REQUEST_CONVERSION = TAG(4, WIRE_SIZED),
};

// A transaction with room for the bodies that are read here.
struct slot {
    Points__V1__Transaction transaction;
    union {
        Points__V1__Award award;
        Points__V1__Donate donate;
        Points__V1__RequestConversion request_conversion;
    };
};

// ---- fields that must be next, or need not

static bool next_is(const struct wire *wire, uint8_t tag)
{
    return wire->at < wire->end && *wire->at == tag;
}

static ProtobufCBinaryData bytes_field(struct wire *wire, uint8_t tag, size_t size)
{
    if (wire->failed || (size_t)(wire->end - wire->at) < 2 + size || wire->at[0] != tag || wire->at[1] != size) {
        wire->failed = true;
        return (ProtobufCBinaryData){0};
    }
    ProtobufCBinaryData bytes = {size, (uint8_t *)wire->at + 2};
    wire->at += 2 + size;
    return bytes;
}

// 0 when it is not there; a zero that is there is not canonical.
static uint64_t number_field(struct wire *wire, uint8_t number)
{
    if (!next_is(wire, TAG(number, WIRE_VARINT)))
        return 0;
    wire->at++;
    uint64_t value = wire_varint(wire);
    wire->failed |= value == 0;
    return value;
}

static uint32_t small_field(struct wire *wire, uint8_t number)
{
    uint64_t value = number_field(wire, number);
    wire->failed |= value > UINT32_MAX;
    return (uint32_t)value;
}

// ---- bodies

static void read_award(struct wire *wire, Points__V1__Award *award)
{
    *award = (Points__V1__Award)POINTS__V1__AWARD__INIT;
    award->account = bytes_field(wire, TAG_ID, ID_BYTES);
    award->quest = small_field(wire, 2);
    award->occurred_at = (int64_t)number_field(wire, 3);
}

static void read_donate(struct wire *wire, Points__V1__Donate *donate)
{
    *donate = (Points__V1__Donate)POINTS__V1__DONATE__INIT;
    donate->account = bytes_field(wire, TAG_ID, ID_BYTES);
    donate->municipality = small_field(wire, 2);
    donate->purpose = small_field(wire, 3);
    donate->points = number_field(wire, 4);
}

static void read_request(struct wire *wire, Points__V1__RequestConversion *request)
{
    *request = (Points__V1__RequestConversion)POINTS__V1__REQUEST_CONVERSION__INIT;
    request->account = bytes_field(wire, TAG_ID, ID_BYTES);
    request->points = number_field(wire, 2);
}

// False: it is of another kind, or has a field more, or a fault; the general way will tell.
static bool read_usual(struct span bytes, struct slot *slot)
{
    struct wire wire = wire_of(bytes);
    slot->transaction = (Points__V1__Transaction)POINTS__V1__TRANSACTION__INIT;
    slot->transaction.id = bytes_field(&wire, TAG_ID, ID_BYTES);
    if (wire.failed || wire.at == wire.end)
        return false;
    uint8_t tag = *wire.at++;
    struct span body = wire_sized(&wire);
    struct wire inner = wire_of(body);
    if (wire.failed || wire.at != wire.end)
        return false;
    switch (tag) {
    case TAG_AWARD:
        slot->transaction.body_case = TRANSACTION(AWARD);
        slot->transaction.award = &slot->award;
        read_award(&inner, &slot->award);
        break;
    case TAG_DONATE:
        slot->transaction.body_case = TRANSACTION(DONATE);
        slot->transaction.donate = &slot->donate;
        read_donate(&inner, &slot->donate);
        break;
    case TAG_REQUEST_CONVERSION:
        slot->transaction.body_case = TRANSACTION(REQUEST_CONVERSION);
        slot->transaction.request_conversion = &slot->request_conversion;
        read_request(&inner, &slot->request_conversion);
        break;
    default:
        return false;
    }
    return !inner.failed && inner.at == inner.end;
}

// ---- the envelope

// How many fields of the transactions' tag stand one after the other.
static size_t count_transactions(struct wire wire)
{
    size_t count = 0;
    while (next_is(&wire, TAG_TRANSACTION)) {
        wire.at++;
        wire_sized(&wire);
        count++;
    }
    return count;
}

static Points__V1__Transaction *read_transaction(struct span bytes, struct slot *slot, ProtobufCAllocator *allocator)
{
    struct canonical_fault fault;
    if (read_usual(bytes, slot))
        return &slot->transaction;
    if (canonical_check(&points__v1__transaction__descriptor, bytes.bytes, bytes.size, &fault))
        return NULL;
    return points__v1__transaction__unpack(allocator, bytes.size, bytes.bytes);
}

// False: something is not as it should be, or there is no room.
static bool read_envelope(struct wire wire, ProtobufCAllocator *allocator, Points__V1__Envelope *envelope)
{
    envelope->ledger_id = bytes_field(&wire, TAG_LEDGER_ID, HASH_BYTES);
    size_t count = wire.failed ? 0 : count_transactions(wire);
    if (count < 1 || count > ENVELOPE_TRANSACTIONS_MAX)
        return false;
    struct slot *slots = allocator->alloc(allocator->allocator_data, count * sizeof *slots);
    envelope->transactions = allocator->alloc(allocator->allocator_data, count * sizeof *envelope->transactions);
    if (!slots || !envelope->transactions)
        return false;
    for (size_t i = 0; i < count; i++) {
        wire.at++;
        struct span bytes = wire_sized(&wire);
        envelope->transactions[i] = wire.failed ? NULL : read_transaction(bytes, &slots[i], allocator);
        if (!envelope->transactions[i])
            return false;
    }
    envelope->n_transactions = count;
    if (wire.at < wire.end)
        envelope->dry_run_sha256 = bytes_field(&wire, TAG_DRY_RUN, HASH_BYTES);
    return !wire.failed && wire.at == wire.end;
}

enum canonical_result envelope_read(const uint8_t *bytes, size_t size, ProtobufCAllocator *allocator,
    Points__V1__Envelope **envelope, struct canonical_fault *fault)
{
    *envelope = allocator->alloc(allocator->allocator_data, sizeof **envelope);
    if (!*envelope)
        return CANONICAL_OK;
    **envelope = (Points__V1__Envelope)POINTS__V1__ENVELOPE__INIT;
    if (read_envelope(wire_of((struct span){bytes, size}), allocator, *envelope))
        return CANONICAL_OK;
    enum canonical_result result = canonical_check(&points__v1__envelope__descriptor, bytes, size, fault);
    *envelope = result ? NULL : points__v1__envelope__unpack(allocator, size, bytes);
    return result;
}
