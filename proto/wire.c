#include "proto/wire.h"

enum { VARINT_BYTES_MAX = 10 };

struct wire wire_of(struct span bytes)
{
    return (struct wire){.at = bytes.bytes, .end = bytes.bytes + bytes.size};
}

bool wire_ended(const struct wire *wire)
{
    return wire->failed || wire->at == wire->end;
}

uint64_t wire_varint_long(struct wire *wire)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX && !wire_ended(wire); i++) {
        uint8_t byte = *wire->at++;
        if ((byte == 0 && i > 0) || (i == VARINT_BYTES_MAX - 1 && byte > 1))
            break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80))
            return value;
    }
    wire->failed = true;
    return 0;
}

struct span wire_sized(struct wire *wire)
{
    uint64_t size = wire_varint(wire);
    if (wire->failed || size > (uint64_t)(wire->end - wire->at)) {
        wire->failed = true;
        return (struct span){0};
    }
    struct span bytes = {wire->at, (size_t)size};
    wire->at += size;
    return bytes;
}
