#include "proto/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16 * 1024, ALIGNMENT = alignof(max_align_t) };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; // bytes that follow
    alignas(max_align_t) unsigned char bytes[];
};

static bool add_chunk(struct arena *arena, size_t size)
{
    // Chunks double, so that a large message takes few of them.
    size_t chunk_size = arena->chunks ? arena->chunks->size * 2 : CHUNK_BYTES;
    if (chunk_size < size)
        chunk_size = size;
    if (chunk_size > arena->limit - arena->total)
        chunk_size = size;
    if (chunk_size > arena->limit - arena->total)
        return false;
    struct arena_chunk *chunk = malloc(sizeof *chunk + chunk_size);
    if (!chunk)
        return false;
    chunk->next = arena->chunks;
    chunk->size = chunk_size;
    arena->chunks = chunk;
    arena->total += chunk_size;
    arena->used = 0;
    return true;
}

static void *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if ((!arena->chunks || arena->chunks->size - arena->used < size) && !add_chunk(arena, size))
        return NULL;
    void *bytes = arena->chunks->bytes + arena->used;
    arena->used += size;
    return bytes;
}

static void *allocator_alloc(void *data, size_t size)
{
    return take(data, size);
}

static void allocator_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer; // arena_reset gives back everything at once
}

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){
        .allocator = {.alloc = allocator_alloc, .free = allocator_free, .allocator_data = arena}, .limit = limit_bytes};
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *bytes = take(arena, size);
    if (bytes)
        memset(bytes, 0, size);
    return bytes;
}

void arena_reset(struct arena *arena)
{
    // The newest chunk is the largest.
    while (arena->chunks && arena->chunks->next) {
        struct arena_chunk *older = arena->chunks->next;
        arena->chunks->next = older->next;
        arena->total -= older->size;
        free(older);
    }
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    arena_reset(arena);
    free(arena->chunks);
    arena->chunks = NULL;
    arena->total = 0;
}
