#include "points/memory.h"
#include "proto/huge_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void *memory_grow(void *array, size_t count, size_t *capacity, size_t entry_size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : first_capacity(entry_size);
    if (*capacity * entry_size >= (4u << 20)) {
        void *larger = checked(aligned_alloc(2 << 20, (*capacity * entry_size + (2u << 20) - 1) >> 21 << 21));
        huge_pages(larger, *capacity * entry_size);
        memcpy(larger, array, count * entry_size);
        free(array);
        return larger;
    }
    return checked(reallocarray(array, *capacity, entry_size));
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
