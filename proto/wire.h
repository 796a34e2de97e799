// Protobuf's wire form, read strictly: varints in the fewest bytes, at most 64 bits. A reader that has failed reads
// zeros and goes no further, so callers look once, at the end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Borrowed bytes.
struct span {
    const uint8_t *bytes;
    size_t size;
};

struct wire {
    const uint8_t *at, *end;
    bool failed;
};

struct wire wire_of(struct span bytes);
bool wire_ended(const struct wire *wire); // nothing is left, or reading has failed
uint64_t wire_varint_long(struct wire *wire);

// Most are of one byte.
static inline uint64_t wire_varint(struct wire *wire)
{
    if (!wire->failed && wire->at < wire->end && *wire->at < 0x80)
        return *wire->at++;
    return wire_varint_long(wire);
}

struct span wire_sized(struct wire *wire); // a length, and so many bytes
