// Headers and bodies as bytes: the protobuf wire form, written and read without memory of its own.
#include "ledger/hash.h"
#include "ledger/ledger_internal.h"
#include "proto/wire.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_SIZED = 2 };
enum { BODY_ENVELOPE = 1, BODY_OUTCOMES = 2 };

void ledger_key(uint64_t index, uint8_t key[LEDGER_KEY_BYTES])
{
    for (int i = LEDGER_KEY_BYTES - 1; i >= 0; i--, index >>= 8)
        key[i] = (uint8_t)index;
}

uint64_t ledger_key_index(const uint8_t key[LEDGER_KEY_BYTES])
{
    uint64_t index = 0;
    for (int i = 0; i < LEDGER_KEY_BYTES; i++)
        index = index << 8 | key[i];
    return index;
}

// ---- reading

static uint32_t wire_uint32(struct wire *wire)
{
    uint64_t value = wire_varint(wire);
    wire->failed |= value > UINT32_MAX;
    return wire->failed ? 0 : (uint32_t)value;
}

static const uint8_t *wire_hash(struct wire *wire)
{
    struct span hash = wire_sized(wire);
    wire->failed |= hash.size != HASH_BYTES;
    return hash.bytes;
}

static void read_header_field(struct wire *wire, struct ledger_header *header)
{
    switch (wire_varint(wire)) {
    case 1 << 3 | WIRE_VARINT:
        header->version = wire_uint32(wire);
        break;
    case 2 << 3 | WIRE_VARINT:
        header->rules_version = wire_uint32(wire);
        break;
    case 3 << 3 | WIRE_VARINT:
        header->index = wire_varint(wire);
        break;
    case 4 << 3 | WIRE_VARINT:
        header->first_sequence = wire_varint(wire);
        break;
    case 5 << 3 | WIRE_VARINT:
        header->count = wire_uint32(wire);
        break;
    case 6 << 3 | WIRE_VARINT:
        header->time = (int64_t)wire_varint(wire);
        break;
    case 7 << 3 | WIRE_SIZED:
        header->envelope_sha256 = wire_hash(wire);
        break;
    case 8 << 3 | WIRE_SIZED:
        header->outcomes_sha256 = wire_hash(wire);
        break;
    case 9 << 3 | WIRE_SIZED:
        wire_sized(wire);
        break;
    default:
        wire->failed = true;
    }
}

bool ledger_parse_header(const uint8_t *bytes, size_t size, struct ledger_header *header)
{
    struct wire wire = wire_of((struct span){bytes, size});
    *header = (struct ledger_header){0};
    while (!wire_ended(&wire))
        read_header_field(&wire, header);
    return !wire.failed && header->envelope_sha256 && header->outcomes_sha256;
}

// A field of a body; canonical form leaves an empty one out.
static void read_body_field(struct wire *wire, uint8_t field, const uint8_t **bytes, size_t *size)
{
    *bytes = wire->at;
    *size = 0;
    if (wire_ended(wire) || *wire->at != (field << 3 | WIRE_SIZED))
        return;
    wire->at++;
    struct span value = wire_sized(wire);
    wire->failed |= value.size == 0;
    *bytes = value.bytes;
    *size = value.size;
}

bool ledger_parse_body(const uint8_t *bytes, size_t size, struct ledger_record *record)
{
    struct wire wire = wire_of((struct span){bytes, size});
    read_body_field(&wire, BODY_ENVELOPE, &record->envelope, &record->envelope_size);
    read_body_field(&wire, BODY_OUTCOMES, &record->outcomes, &record->outcomes_size);
    return !wire.failed && wire.at == wire.end;
}

// ---- writing

size_t ledger_write_header(const struct ledger_block *block, uint64_t index, uint8_t *header)
{
    uint8_t envelope_sha256[HASH_BYTES], outcomes_sha256[HASH_BYTES];
    if (block->envelope_sha256)
        memcpy(envelope_sha256, block->envelope_sha256, HASH_BYTES);
    else
        hash_bytes(block->envelope, block->envelope_size, envelope_sha256);
    hash_bytes(block->outcomes, block->outcomes_size, outcomes_sha256);

    Points__V1__BlockHeader message = POINTS__V1__BLOCK_HEADER__INIT;
    message.version = LEDGER_HEADER_VERSION;
    message.rules_version = block->rules_version;
    message.index = index;
    message.first_sequence = block->first_sequence;
    message.count = block->count;
    message.time = block->time;
    message.envelope_sha256 = (ProtobufCBinaryData){HASH_BYTES, envelope_sha256};
    message.outcomes_sha256 = (ProtobufCBinaryData){HASH_BYTES, outcomes_sha256};
    message.n_signatures = block->signature_count;
    message.signatures = (Points__V1__Signature **)block->signatures; // protobuf-c does not write to what it packs
    if (points__v1__block_header__get_packed_size(&message) > HEADER_BYTES_MAX)
        return 0;
    return points__v1__block_header__pack(&message, header);
}

static size_t varint_size(uint64_t value)
{
    size_t size = 1;
    while (value >>= 7)
        size++;
    return size;
}

static size_t body_field_size(size_t size)
{
    return size ? 1 + varint_size(size) + size : 0;
}

static uint8_t *write_body_field(uint8_t *at, uint8_t field, const uint8_t *bytes, size_t size)
{
    if (!size)
        return at;
    *at++ = (uint8_t)(field << 3 | WIRE_SIZED);
    size_t left = size;
    for (; left > 0x7f; left >>= 7)
        *at++ = (uint8_t)(left | 0x80);
    *at++ = (uint8_t)left;
    memcpy(at, bytes, size);
    return at + size;
}

size_t ledger_body_size(const struct ledger_block *block)
{
    return body_field_size(block->envelope_size) + body_field_size(block->outcomes_size);
}

void ledger_write_body(const struct ledger_block *block, uint8_t *body)
{
    body = write_body_field(body, BODY_ENVELOPE, block->envelope, block->envelope_size);
    write_body_field(body, BODY_OUTCOMES, block->outcomes, block->outcomes_size);
}
