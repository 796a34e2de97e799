// What the files of the ledger share; nobody else includes this.
#pragma once

#include "ledger/ledger.h"
#include "ledger/tree.h"

#include <lmdb.h>
#include <stdatomic.h>

enum { LEDGER_HEADER_VERSION = 1, LEDGER_KEY_BYTES = 8 };

// The first BLOCK_TABLES have a record for each block.
enum ledger_table {
    TABLE_HEADERS,
    TABLE_BODIES,
    TABLE_TREE,
    BLOCK_TABLES,
    TABLE_TEXTS = BLOCK_TABLES,
    TABLE_CHECKPOINTS,
    TABLE_COSIGNED,
    TABLE_META,
    TABLES
};
extern const char *const ledger_table_names[TABLES];
extern const char ledger_format_key[];

struct ledger {
    MDB_env *env;
    MDB_dbi tables[TABLES];
    int lock_fd; // -1: none
    enum ledger_mode mode;
    uint8_t id[HASH_BYTES];
    _Atomic uint64_t size; // durable blocks
    // Of the writer only; they stand where `size` does.
    const struct note_signer *signers[NOTE_SIGNERS_MAX];
    size_t signer_count;
    struct tree_edge edge;
    uint64_t next_sequence;
    int64_t time;     // of the last block
    unsigned commits; // since readers were last looked at
};

struct ledger_reading {
    struct ledger *ledger;
    MDB_txn *txn;
    uint64_t size;
};

// ---- the ledger's life (ledger.c)

// Locked, the environment open (made, for a writer), its tables not yet. NULL on failure.
struct ledger *ledger_start(const char *dir, enum ledger_mode mode, struct ledger_error *error);
// Makes the tables of a ledger, in a write transaction; there must be nothing yet.
bool ledger_make_tables(struct ledger *ledger, MDB_txn *txn, const char *dir, struct ledger_error *error);
// LMDB syncs what it commits, but neither a new file's size nor its name: this does.
bool ledger_sync_created(struct ledger *ledger, const char *dir, struct ledger_error *error);

// ---- errors (ledger_error.c). They return false, so that a failing function can end with them.

__attribute__((format(printf, 2, 3))) bool ledger_fail(struct ledger_error *error, const char *format, ...);
// The one place where codes of LMDB, and of errno among them, become our words.
const char *ledger_words(int code);
bool ledger_fail_lmdb(struct ledger_error *error, const char *doing, int code); // "DOING: words"

// ---- records as bytes (ledger_record.c)

// What a header says, but for its signatures. Hashes point into its bytes.
struct ledger_header {
    uint32_t version, rules_version, count;
    uint64_t index, first_sequence;
    int64_t time;
    const uint8_t *envelope_sha256, *outcomes_sha256;
};

void ledger_key(uint64_t index, uint8_t key[LEDGER_KEY_BYTES]);
uint64_t ledger_key_index(const uint8_t key[LEDGER_KEY_BYTES]);

// Header bytes of a block into `header` of HEADER_BYTES_MAX; 0 when its signatures do not fit.
size_t ledger_write_header(const struct ledger_block *block, uint64_t index, uint8_t *header);
// False when the bytes are no header, or lack a hash.
bool ledger_parse_header(const uint8_t *bytes, size_t size, struct ledger_header *header);

size_t ledger_body_size(const struct ledger_block *block);
void ledger_write_body(const struct ledger_block *block, uint8_t *body); // ledger_body_size bytes
// Finds envelope and outcomes in a body. False when the bytes are not the canonical form of one.
bool ledger_parse_body(const uint8_t *bytes, size_t size, struct ledger_record *record);

// ---- reading (ledger_read.c)

// A record of a table: 1 found, 0 none, -1 error.
int ledger_get(MDB_txn *txn, MDB_dbi table, uint64_t index, MDB_val *value, struct ledger_error *error);
int ledger_get_meta(MDB_txn *txn, MDB_dbi meta, const char *key, MDB_val *value, struct ledger_error *error);
uint64_t ledger_day(int64_t time); // JST, of any time whatever; 0 before 1970
// The header of a block that the reading sees; -1 when it is missing or is none.
int ledger_read_header(
    struct ledger_reading *reading, uint64_t index, struct ledger_header *header, struct ledger_error *error);
