// Memory that is looked at all over: with pages of 2 MiB a look costs one miss, not a walk through page tables too.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

// Asks the kernel for them where `memory`, just allocated, is large. It may decline, and nothing else changes.
static inline void *huge_pages(void *memory, size_t size)
{
    const size_t page = 4096, worthwhile = (size_t)4 << 20;
    if (memory && size >= worthwhile) {
        uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
        uintptr_t end = ((uintptr_t)memory + size) / page * page;
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    }
    return memory;
}
