// Which sequence number first decided each transaction's id: the newest ids in a table in memory, the others in sorted
// runs on disk, merged as they become many. Derived data: what is damaged or missing is dropped, and `id_index_covered`
// says from where on the ledger's ids must be added again. Memory does not grow with the ledger; a new id costs a look
// into the table and into each run whose smallest and largest ids stand around it (with UUIDv7: none).
//
// One thread adds and asks. Runs are written and merged by a thread of the index's own, or by id_index_add itself.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ID_INDEX_ERROR_BYTES = 300, ID_INDEX_TABLE_IDS = 512 * 1024 };
enum { ID_INDEX_AHEAD = 16 }; // transactions that are decided while what id_index_prefetch began comes

struct id_index;

struct id_index_error {
    char message[ID_INDEX_ERROR_BYTES]; // for people
};

struct id_index_settings {
    const char *dir; // made when missing; NULL: one under TMPDIR or /tmp for the time being, that goes with the index
    // Whether the ledger has so many blocks and this root over them: runs of another ledger, or of what never became
    // durable, are dropped. Asked while the index is opened.
    bool (*has_root)(void *context, uint64_t blocks, const uint8_t root[HASH_BYTES]);
    void *context;
    size_t table_ids; // kept in memory before they become a run, a power of two; 0: ID_INDEX_TABLE_IDS
    bool background;
    // A run cannot be written, or one that is in use was changed on disk. Must not return: memory would grow without
    // end, or an id be taken for new that is not.
    void (*fail)(const char *message);
};

// Whether the ledger has this id at this sequence number: a run finds by hash and must be told.
typedef bool id_index_holds_fn(void *context, uint64_t sequence, const uint8_t id[ID_BYTES]);

// NULL when the folder cannot be used. The caller closes; what is in memory only is written first, or not: then it is
// added again after the next opening.
struct id_index *id_index_open(const struct id_index_settings *settings, struct id_index_error *error);
void id_index_close(struct id_index *index);

uint64_t id_index_covered(const struct id_index *index); // all sequence numbers up to this one are in it

uint64_t id_index_get(
    struct id_index *index, const uint8_t id[ID_BYTES], id_index_holds_fn *holds, void *context); // 0: not there
// The id must not be there yet; sequence numbers ascend.
void id_index_add(struct id_index *index, const uint8_t id[ID_BYTES], uint64_t sequence);
// Begins to fetch what getting and adding this id will look at.
void id_index_prefetch(const struct id_index *index, const uint8_t id[ID_BYTES]);

// So many blocks, with this root, are durable; `sequence` is their last transaction's. What is not durable stays in
// memory.
void id_index_durable(struct id_index *index, uint64_t sequence, uint64_t blocks, const uint8_t root[HASH_BYTES]);
