// What the queries share: replies are built in the asker's arena.
#pragma once

#include "points/state.h"

// Whether rows of a municipality (code) belong in the answer; `wanted` 0: of all that the asker may see.
bool query_may_show(
    const struct points_state *state, const struct points_asker *asker, uint32_t wanted, uint32_t municipality);

void *query_take(ProtobufCAllocator *allocator, size_t count, size_t size); // or the end of the process
ProtobufCBinaryData query_bytes(ProtobufCAllocator *allocator, const uint8_t *bytes, size_t size); // a copy

// A message in the arena, and an array of `count` pointers to messages there.
#define MESSAGE(allocator, type, init)                                                                                 \
    ({                                                                                                                 \
        type *message_ = query_take(allocator, 1, sizeof(type));                                                       \
        *message_ = (type)init;                                                                                        \
        message_;                                                                                                      \
    })
#define POINTERS(allocator, count, type) ((type **)query_take(allocator, count, sizeof(type *)))
