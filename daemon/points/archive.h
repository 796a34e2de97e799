// The state's form as bytes, described once for both directions: the same call writes a part when the state is saved
// and reads it when it is loaded, so the two cannot disagree. Saving allocates nothing: a forked child may do it.
//
// Once anything has failed, later calls do nothing, and what was to be loaded stays empty: the caller looks at the end.
#pragma once

#include "points/memory.h"
#include "points/points.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

struct archive {
    points_write_fn *write; // NULL: it is loading
    points_read_fn *read;
    void *context;
    uint64_t left; // bytes still to be read: no array can have more
    bool failed;
    struct points_error *error; // says why
};

bool archive_is_loading(const struct archive *archive);
void archive_bytes(struct archive *archive, void *bytes, size_t size);
#define ARCHIVE(archive, value) archive_bytes(archive, &(value), sizeof(value))

// How many entries follow, of so many bytes in memory: a build that has them in another size refuses them.
void archive_count(struct archive *archive, uint64_t *count, size_t entry_size);
// An array of memory_grow, given by a pointer to its pointer. Its room alone (zeroed): the entries are the caller's to
// archive. Or with the entries, which must hold no pointers.
void archive_room(struct archive *archive, void *array, size_t *count, size_t *capacity, size_t entry_size);
void archive_array(struct archive *archive, void *array, size_t *count, size_t *capacity, size_t entry_size);
// An array whose length both sides know.
void archive_fixed(struct archive *archive, void *array, size_t count, size_t entry_size);
void archive_text(struct archive *archive, char **text);
void archive_message(
    struct archive *archive, const ProtobufCMessageDescriptor *descriptor, void *message); // a pointer to its pointer

// Loading: fails unless the condition holds. For what would be followed blindly: positions, and counts of arrays.
void archive_check(struct archive *archive, bool holds, const char *what);

// The items of a uthash table in their order; `each`(archive, item, ...) archives one. Loaded ones are made and added.
#define ARCHIVE_HASH(archive, head, key_field, each, ...)                                                              \
    do {                                                                                                               \
        uint64_t left_ = HASH_COUNT(head);                                                                             \
        __typeof__(head) item_ = (head);                                                                               \
        archive_count(archive, &left_, sizeof *item_);                                                                 \
        for (; left_ > 0 && !(archive)->failed; left_--) {                                                             \
            if (archive_is_loading(archive))                                                                           \
                item_ = memory_zeroed(1, sizeof *item_);                                                               \
            each(archive, item_, ##__VA_ARGS__);                                                                       \
            if (archive_is_loading(archive))                                                                           \
                HASH_ADD(hh, head, key_field, sizeof item_->key_field, item_);                                         \
            else                                                                                                       \
                item_ = item_->hh.next;                                                                                \
        }                                                                                                              \
    } while (0)
