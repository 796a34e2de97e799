// Memory that is there, or the process is not: half a state would be worse than none.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

void *memory_zeroed(size_t count, size_t entry_size);
char *memory_text(const char *text); // a copy

// A copy of a message with all that hangs on it; free it with its own free_unpacked, allocator NULL.
ProtobufCMessage *memory_message(const ProtobufCMessage *message);

// Room for one more entry in an array of `count`: returns the array, perhaps moved, with `*capacity` doubled when it
// was full. What is new of it is zeroed. A large array stays where it is, so that nobody waits for it to be copied.
void *memory_grow(void *array, size_t count, size_t *capacity, size_t entry_size);
void memory_free(void *array, size_t capacity, size_t entry_size); // of memory_grow
