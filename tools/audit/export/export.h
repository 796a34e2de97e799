// What the formats of `points-audit export` share: a ledger replayed block by block, and told row by row, so that
// memory does not grow with the ledger's length.
#pragma once

#include "points/points.h"
#include "replay/replay.h"
#include "tools/csv_rows.h"

#include <uthash.h>

// The whole ledger as JSON lines (doc/protocol.md, "A ledger as a file"), unchecked. False: `error` says what could not
// be read. What cannot be written shows in the file's error flag, and ends it early.
bool export_ledger(struct ledger_reading *reading, FILE *file, struct ledger_error *error);

// A quest or a purpose, under its name of the time.
struct export_name {
    uint32_t number;
    char *name;
    UT_hash_handle hh;
};

// What the formats tell of a transaction. Pointers are borrowed for the call.
struct export_row {
    uint64_t sequence, block;
    int64_t time; // of its block
    const Points__V1__Transaction *transaction;
    struct points_outcome outcome;
    const struct points_posting *postings; // what it moved, in order
    size_t posting_count;
    const uint8_t *account, *other, *target; // ID_BYTES. The account that it names or touches, the one that it merges
                                             // into that, the transaction that it speaks of. NULL: none
    uint32_t municipality;                   // whose column the points came into, or that it names; 0: none
    uint32_t quest, purpose;                 // of what a reversal has undone, too; 0: none
    const char *remark;                      // what people wrote: a reason, the reference of a payment; "": nothing
};

struct export;

// How a format is written. NULL: it is not interested.
struct export_writer {
    void (*begin)(struct export *export);                                  // the genesis is known
    void (*quest)(struct export *export, const struct export_name *quest); // is defined, or has another name
    void (*purpose)(struct export *export, const struct export_name *purpose);
    void (*skip)(struct export *export, const struct points_posting *posting); // before the first wanted day
    void (*expire)(struct export *export, int64_t time, const struct points_posting *postings, size_t count);
    void (*row)(struct export *export, const struct export_row *row);
    void (*end)(struct export *export); // the replay's state is the one after the last wanted day
};
extern const struct export_writer export_csv, export_json_lines, export_hledger;

struct export
{
    FILE *file;
    const struct export_writer *writer;
    uint32_t from, to; // days, JST, inclusive
    bool cp932;

    struct replay replay; // under way
    struct export_name *quests, *purposes;
    struct points_posting *postings; // of the block that is visited
    size_t posting_count, posting_capacity;
    struct arena arena; // of the row

    // for the formats
    struct csv_rows csv;
    uint64_t opening[GENESIS_MUNICIPALITIES_MAX][BOOK_COUNT]; // hledger: the books before the first wanted day
    bool skipped;                                             // points are in them that no one was told of
};

// The ledger, replayed, as the writer has it. Afterwards, whatever the result, export_end.
enum replay_result export_replayed(struct export *export, struct ledger *ledger);
void export_end(struct export *export);

// ---- for the formats

const char *export_name_of(const struct export_name *names, uint32_t number); // "" where there is none
// Position in genesis, and what stands there; NULL: no such municipality.
const Points__V1__Municipality *export_municipality(const struct export *export, uint32_t code, size_t *position);
