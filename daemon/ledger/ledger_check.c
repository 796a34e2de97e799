// The ledger's proof of itself: every stored byte against its hash, every hash against the tree, the tree against the
// checkpoint; and that there is nothing else.
#include "ledger/hash.h"
#include "ledger/ledger_internal.h"
#include "proto/canonical.h"

#include <inttypes.h>
#include <string.h>

static bool check_header_form(
    const struct ledger_record *record, uint64_t index, struct ledger_header *header, struct ledger_error *error)
{
    struct canonical_fault fault;
    if (record->header_size > HEADER_BYTES_MAX)
        return ledger_fail(error, "block %" PRIu64 ": the header has %zu bytes, at most %d are allowed", index,
            record->header_size, HEADER_BYTES_MAX);
    if (canonical_check(&points__v1__block_header__descriptor, record->header, record->header_size, &fault))
        return ledger_fail(error, "block %" PRIu64 ": the header is not canonical: %s %s", index,
            fault.field[0] ? fault.field : "it", fault.problem);
    if (!ledger_parse_header(record->header, record->header_size, header))
        return ledger_fail(error, "block %" PRIu64 ": the header is no BlockHeader", index);
    if (header->version != LEDGER_HEADER_VERSION)
        return ledger_fail(error, "block %" PRIu64 ": the header has version %" PRIu32 ", this program reads %d", index,
            header->version, LEDGER_HEADER_VERSION);
    if (header->index != index)
        return ledger_fail(error, "block %" PRIu64 ": the header says that it is block %" PRIu64, index, header->index);
    return true;
}

bool ledger_check_header(
    const struct ledger_record *record, uint64_t index, struct ledger_heading *heading, struct ledger_error *error)
{
    struct ledger_header header;
    *heading = (struct ledger_heading){.index = index};
    hash_leaf(record->header, record->header_size, heading->leaf);
    if (!check_header_form(record, index, &header, error))
        return false;
    heading->first_sequence = header.first_sequence;
    heading->count = header.count;
    heading->time = header.time;
    return true;
}

bool ledger_check_body(const struct ledger_record *record, uint64_t index, struct ledger_error *error)
{
    uint8_t hash[HASH_BYTES];
    struct ledger_header header;
    if (!ledger_parse_header(record->header, record->header_size, &header))
        return ledger_fail(error, "block %" PRIu64 ": the header is no BlockHeader", index);
    hash_bytes(record->envelope, record->envelope_size, hash);
    if (memcmp(hash, header.envelope_sha256, HASH_BYTES) != 0)
        return ledger_fail(
            error, "block %" PRIu64 ": the envelope does not have the hash that the header gives", index);
    hash_bytes(record->outcomes, record->outcomes_size, hash);
    if (memcmp(hash, header.outcomes_sha256, HASH_BYTES) != 0)
        return ledger_fail(error, "block %" PRIu64 ": the outcomes do not have the hash that the header gives", index);
    return true;
}

// Sequence numbers have no gaps, and time does not go back.
static bool check_succession(
    const struct ledger_heading *heading, const struct ledger_heading *before, struct ledger_error *error)
{
    uint64_t index = heading->index, expected = before ? before->first_sequence + before->count : 1;
    if ((before || index == 0) && heading->first_sequence != expected)
        return ledger_fail(error,
            "block %" PRIu64 ": its first sequence number is %" PRIu64 ", the block before it ends at %" PRIu64, index,
            heading->first_sequence, expected - 1);
    if ((heading->count == 0) != (index == 0))
        return ledger_fail(error, "block %" PRIu64 ": it has %" PRIu32 " transactions", index, heading->count);
    if (before && heading->time < before->time)
        return ledger_fail(error, "block %" PRIu64 ": its time is before that of the block before it", index);
    return true;
}

static bool check_tree(struct ledger_reading *reading, uint64_t index, uint8_t (*completed)[HASH_BYTES], size_t count,
    struct ledger_error *error)
{
    MDB_val stored;
    int found = ledger_get(reading->txn, reading->ledger->tables[TABLE_TREE], index, &stored, error);
    if (found < 0)
        return false;
    if (found == 0 || stored.mv_size != count * HASH_BYTES)
        return ledger_fail(error, "block %" PRIu64 ": the tree lacks its %zu hashes", index, count);
    for (size_t level = 0; level < count; level++)
        if (memcmp((const uint8_t *)stored.mv_data + level * HASH_BYTES, completed[level], HASH_BYTES) != 0)
            return ledger_fail(error, "block %" PRIu64 ": the tree's hash at level %zu is not that of the %s", index,
                level, level ? "subtree" : "header");
    return true;
}

bool ledger_check_place(struct ledger_reading *reading, const struct ledger_heading *heading,
    const struct ledger_heading *before, struct tree_edge *edge, struct ledger_error *error)
{
    uint8_t completed[TREE_LEVELS_MAX][HASH_BYTES];
    size_t count = tree_append(edge, heading->leaf, completed);
    return check_succession(heading, before, error) && check_tree(reading, heading->index, completed, count, error);
}

// A note's signature, size and root.
static bool check_note(const char *note, uint64_t blocks, const uint8_t root[HASH_BYTES],
    const struct note_verifier *verifiers, size_t count, struct ledger_error *error)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    if (!note_open_checkpoint(note, verifiers, count, &checkpoint, &fault))
        return ledger_fail(error, "%s", fault.message);
    if (checkpoint.size != blocks)
        return ledger_fail(
            error, "the checkpoint speaks of %" PRIu64 " blocks, the ledger has %" PRIu64, checkpoint.size, blocks);
    if (memcmp(checkpoint.root, root, HASH_BYTES) != 0)
        return ledger_fail(error, "the checkpoint's root is not that of the tree of %" PRIu64 " blocks", blocks);
    return true;
}

bool ledger_check_end(struct ledger_reading *reading, const struct tree_edge *edge,
    const struct note_verifier *verifiers, size_t count, struct ledger_error *error)
{
    char note[NOTE_BYTES_MAX];
    uint8_t root[HASH_BYTES];
    if (edge->size != reading->size)
        return ledger_fail(
            error, "%" PRIu64 " blocks were checked, the ledger has %" PRIu64, edge->size, reading->size);
    int found = ledger_read_kept(reading, LEDGER_CHECKPOINTS, UINT64_MAX, note, error);
    if (found < 0)
        return false;
    if (found == 0 && reading->size == 1)
        return true; // just created: whoever did that does not hold the daemon's key
    if (!ledger_read_checkpoint(reading, note, error))
        return false;
    tree_root(edge, root);
    return check_note(note, edge->size, root, verifiers, count, error);
}

bool ledger_check_kept(struct ledger_reading *reading, const char *note, uint64_t blocks,
    const struct note_verifier *verifiers, size_t count, struct ledger_error *error)
{
    struct tree_edge edge;
    uint8_t root[HASH_BYTES];
    if (!ledger_read_edge(reading, blocks, &edge, error))
        return false;
    tree_root(&edge, root);
    return check_note(note, blocks, root, verifiers, count, error);
}

// ---- nothing else

enum key_form { KEYS_NAMES, KEYS_NUMBERS, KEYS_BLOCKS }; // in ascending order; of 8 bytes; and without gaps from 0

struct walk {
    MDB_txn *txn;
    MDB_dbi dbi;
    enum key_form form;
    uint64_t count; // of the records so far
    MDB_val before; // the key of the last
};

static bool follows(const struct walk *walk, const MDB_val *key)
{
    if (walk->form != KEYS_NAMES && key->mv_size != LEDGER_KEY_BYTES)
        return false;
    if (walk->form == KEYS_BLOCKS)
        return ledger_key_index(key->mv_data) == walk->count;
    return walk->count == 0 || mdb_cmp(walk->txn, walk->dbi, &walk->before, key) < 0;
}

// From the first record to the last, by the links between LMDB's pages, which are not those by which one is found.
static bool walk_table(MDB_txn *txn, MDB_dbi dbi, const char *name, enum key_form form, struct ledger_error *error)
{
    MDB_stat stat;
    MDB_cursor *cursor;
    MDB_val key, value;
    struct walk walk = {.txn = txn, .dbi = dbi, .form = form};
    int code = mdb_stat(txn, dbi, &stat);
    if (!code)
        code = mdb_cursor_open(txn, dbi, &cursor);
    if (code)
        return ledger_fail_lmdb(error, name, code);
    while (!(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) && follows(&walk, &key)) {
        walk.before = key;
        walk.count++;
    }
    mdb_cursor_close(cursor);
    if (code && code != MDB_NOTFOUND)
        return ledger_fail_lmdb(error, name, code);
    return (code == MDB_NOTFOUND && walk.count == stat.ms_entries) ||
           ledger_fail(error, "`%s` has something else after %" PRIu64 " of its %zu records", name, walk.count,
               stat.ms_entries);
}

static bool check_count(MDB_txn *txn, MDB_dbi dbi, const char *name, size_t expected, struct ledger_error *error)
{
    MDB_stat stat;
    int code = mdb_stat(txn, dbi, &stat);
    if (code)
        return ledger_fail_lmdb(error, name, code);
    return stat.ms_entries == expected ||
           ledger_fail(error, "`%s` has %zu records, a ledger has %zu", name, stat.ms_entries, expected);
}

bool ledger_check_tables(struct ledger_reading *reading, struct ledger_error *error)
{
    static const char table_of_tables[] = "tables";
    MDB_dbi of_tables, *dbis = reading->ledger->tables;
    int code = mdb_dbi_open(reading->txn, NULL, 0, &of_tables);
    if (code)
        return ledger_fail_lmdb(error, table_of_tables, code);
    if (!check_count(reading->txn, of_tables, table_of_tables, TABLES, error) ||
        !check_count(reading->txn, dbis[TABLE_META], ledger_table_names[TABLE_META], 1, error) ||
        !walk_table(reading->txn, of_tables, table_of_tables, KEYS_NAMES, error))
        return false;
    for (int i = 0; i < TABLES; i++) {
        enum key_form form = i < BLOCK_TABLES ? KEYS_BLOCKS : i == TABLE_META ? KEYS_NAMES : KEYS_NUMBERS;
        if (!walk_table(reading->txn, dbis[i], ledger_table_names[i], form, error))
            return false;
    }
    return true;
}
