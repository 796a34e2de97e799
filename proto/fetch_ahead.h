// Begins to fetch what will be looked at soon, so that the waits for memory overlap.
#pragma once

#include <stddef.h>

// Of an object smaller than a cache line, which may lie across two of them: its first byte and its last. GCC takes a
// function that only prefetches for one without effect, and leaves out calls to it: the empty asm is an effect.
static inline void fetch_ahead(const void *object, size_t size)
{
    const char *last = (const char *)object + size - 1;
    __builtin_prefetch(object);
    __builtin_prefetch(last);
    __asm__ volatile("" : : "r"(object), "r"(last));
}
