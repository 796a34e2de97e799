// Memory for one message and all that hangs on it: taken piece by piece, given back at once.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

// Not thread-safe. An arena keeps its memory over arena_reset, so that a reused one stops asking the system.
struct arena {
    ProtobufCAllocator allocator; // hand &arena.allocator to protobuf-c
    struct arena_chunk *chunks;   // newest first
    size_t used;                  // bytes of the newest chunk
    size_t total;                 // bytes of all chunks
    size_t limit;                 // bytes; past it, allocation fails
};

// limit_bytes: what all chunks together may take.
void arena_init(struct arena *arena, size_t limit_bytes);

// Zeroed, aligned for any type; NULL when the limit or memory is reached.
void *arena_alloc(struct arena *arena, size_t size);

// Gives everything back to the arena but keeps one chunk.
void arena_reset(struct arena *arena);

void arena_free(struct arena *arena);
