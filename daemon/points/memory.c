#include "points/memory.h"
#include "proto/huge_pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *checked(void *memory)
{
    if (memory)
        return memory;
    fputs("out of memory: the state does not fit; give the machine more\n", stderr);
    abort();
}

void *memory_zeroed(size_t count, size_t entry_size)
{
    return huge_pages(checked(calloc(count, entry_size)), count * entry_size);
}

char *memory_text(const char *text)
{
    return checked(strdup(text));
}

// A cache line of them: most arrays of an account or a donation stay at one or two.
static size_t first_capacity(size_t entry_size)
{
    enum { FIRST_BYTES = 64 };
    return entry_size < FIRST_BYTES ? FIRST_BYTES / entry_size : 1;
}

// ---- arrays too large to be copied

enum { LARGE_BYTES = 4 << 20, HUGE_PAGE = 2 << 20 };
// Address space for each, of which it takes more as it grows: unused it is no memory. A thousand million accounts fit.
static const size_t space_bytes = (size_t)1 << 36;

static size_t whole_pages(size_t size)
{
    return (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

static void *find_space(void)
{
    uint8_t *space = mmap(NULL, space_bytes + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    checked(space == MAP_FAILED ? NULL : space);
    size_t before = -(uintptr_t)space % HUGE_PAGE;
    if (before)
        munmap(space, before);
    munmap(space + before + space_bytes, HUGE_PAGE - before);
    return space + before;
}

static void use_space(void *space, size_t size)
{
    size = whole_pages(size);
    bool usable = size <= space_bytes && mprotect(space, size, PROT_READ | PROT_WRITE) == 0;
    huge_pages(checked(usable ? space : NULL), size);
}

static void *grow_large(void *array, size_t size, size_t new_size)
{
    void *space = size < LARGE_BYTES ? find_space() : array;
    use_space(space, new_size);
    if (space != array) {
        memcpy(space, array, size);
        free(array);
    }
    return space;
}

void *memory_grow(void *array, size_t count, size_t *capacity, size_t entry_size)
{
    if (count < *capacity)
        return array;
    size_t size = *capacity * entry_size;
    *capacity = *capacity ? *capacity * 2 : first_capacity(entry_size);
    size_t new_size = *capacity * entry_size;
    if (new_size >= LARGE_BYTES)
        return grow_large(array, size, new_size);
    array = checked(realloc(array, new_size));
    memset((uint8_t *)array + size, 0, new_size - size);
    return array;
}

void memory_free(void *array, size_t capacity, size_t entry_size)
{
    if (capacity * entry_size >= LARGE_BYTES)
        munmap(array, space_bytes);
    else
        free(array);
}

ProtobufCMessage *memory_message(const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = memory_zeroed(1, size);
    protobuf_c_message_pack(message, bytes);
    ProtobufCMessage *copy = protobuf_c_message_unpack(message->descriptor, NULL, size, bytes);
    free(bytes);
    return checked(copy);
}
