// Reading the ledger: blocks by index and by sequence number, texts, the checkpoint, and the tree's nodes.
#include "ledger/ledger_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int get(MDB_txn *txn, MDB_dbi table, MDB_val key, MDB_val *value, struct ledger_error *error)
{
    int code = mdb_get(txn, table, &key, value);
    if (code == MDB_NOTFOUND)
        return 0;
    if (code == MDB_SUCCESS)
        return 1;
    ledger_fail_lmdb(error, "reading the ledger", code);
    return -1;
}

int ledger_get(MDB_txn *txn, MDB_dbi table, uint64_t index, MDB_val *value, struct ledger_error *error)
{
    uint8_t key[LEDGER_KEY_BYTES];
    ledger_key(index, key);
    return get(txn, table, (MDB_val){sizeof key, key}, value, error);
}

int ledger_get_meta(MDB_txn *txn, MDB_dbi meta, const char *key, MDB_val *value, struct ledger_error *error)
{
    return get(txn, meta, (MDB_val){strlen(key), (void *)key}, value, error);
}

struct ledger_reading *ledger_read_begin(struct ledger *ledger, struct ledger_error *error)
{
    struct ledger_reading *reading = calloc(1, sizeof *reading);
    if (!reading) {
        ledger_fail_lmdb(error, "reading the ledger", ENOMEM);
        return NULL;
    }
    MDB_stat stat;
    reading->ledger = ledger;
    int code = mdb_txn_begin(ledger->env, NULL, MDB_RDONLY, &reading->txn);
    if (!code)
        code = mdb_stat(reading->txn, ledger->tables[TABLE_HEADERS], &stat);
    if (code) {
        ledger_fail_lmdb(error, "reading the ledger", code);
        ledger_read_end(reading);
        return NULL;
    }
    reading->size = stat.ms_entries; // blocks are never taken out
    return reading;
}

void ledger_read_end(struct ledger_reading *reading)
{
    if (!reading)
        return;
    if (reading->txn)
        mdb_txn_abort(reading->txn);
    free(reading);
}

uint64_t ledger_read_size(const struct ledger_reading *reading)
{
    return reading->size;
}

// A record that must be there.
static bool xget(
    struct ledger_reading *reading, enum ledger_table table, uint64_t index, MDB_val *value, struct ledger_error *error)
{
    int found = ledger_get(reading->txn, reading->ledger->tables[table], index, value, error);
    if (found == 0)
        ledger_fail(
            error, "the ledger is damaged: block %" PRIu64 " has no record in `%s`", index, ledger_table_names[table]);
    return found == 1;
}

int ledger_read_block(
    struct ledger_reading *reading, uint64_t index, struct ledger_record *record, struct ledger_error *error)
{
    if (index >= reading->size)
        return 0;
    MDB_val header, body;
    *record = (struct ledger_record){0};
    if (!xget(reading, TABLE_HEADERS, index, &header, error))
        return -1;
    record->header = header.mv_data;
    record->header_size = header.mv_size;
    if (!xget(reading, TABLE_BODIES, index, &body, error))
        return -1;
    if (ledger_parse_body(body.mv_data, body.mv_size, record))
        return 1;
    ledger_fail(error, "the ledger is damaged: the body of block %" PRIu64 " is no BlockBody", index);
    record->envelope = record->outcomes = NULL;
    return -1;
}

int ledger_read_header(
    struct ledger_reading *reading, uint64_t index, struct ledger_header *header, struct ledger_error *error)
{
    MDB_val value;
    if (!xget(reading, TABLE_HEADERS, index, &value, error))
        return -1;
    if (ledger_parse_header(value.mv_data, value.mv_size, header))
        return 1;
    ledger_fail(error, "the ledger is damaged: the header of block %" PRIu64 " is no BlockHeader", index);
    return -1;
}

int ledger_read_sequence(struct ledger_reading *reading, uint64_t blocks, uint64_t sequence, struct ledger_place *place,
    struct ledger_error *error)
{
    // Always: block `low` begins at or before the sequence number, block `high` after it. Genesis begins at 1 and holds
    // none.
    uint64_t low = 0, high = blocks;
    struct ledger_header header;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (ledger_read_header(reading, middle, &header, error) < 0)
            return -1;
        if (header.first_sequence <= sequence)
            low = middle;
        else
            high = middle;
    }
    if (ledger_read_header(reading, low, &header, error) < 0)
        return -1;
    if (sequence < header.first_sequence || sequence - header.first_sequence >= header.count)
        return 0;
    place->block = low;
    place->position = sequence - header.first_sequence;
    place->count = header.count;
    place->time = header.time;
    return ledger_read_block(reading, low, &place->record, error);
}

int ledger_read_text(
    struct ledger_reading *reading, uint64_t sequence, struct ledger_text *text, struct ledger_error *error)
{
    MDB_val value;
    int found = ledger_get(reading->txn, reading->ledger->tables[TABLE_TEXTS], sequence, &value, error);
    if (found == 1)
        *text = (struct ledger_text){sequence, value.mv_data, value.mv_size};
    return found;
}

int ledger_read_text_from(
    struct ledger_reading *reading, uint64_t sequence, struct ledger_text *text, struct ledger_error *error)
{
    uint8_t from[LEDGER_KEY_BYTES];
    MDB_val key = {sizeof from, from}, value;
    MDB_cursor *cursor;
    ledger_key(sequence, from);
    int code = mdb_cursor_open(reading->txn, reading->ledger->tables[TABLE_TEXTS], &cursor);
    if (code == MDB_SUCCESS) {
        code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        mdb_cursor_close(cursor);
    }
    if (code == MDB_NOTFOUND)
        return 0;
    if (code != MDB_SUCCESS || key.mv_size != LEDGER_KEY_BYTES) {
        if (code)
            ledger_fail_lmdb(error, "reading the ledger", code);
        else
            ledger_fail(error, "the ledger is damaged: a key in `texts` has %zu bytes", key.mv_size);
        return -1;
    }
    *text = (struct ledger_text){ledger_key_index(key.mv_data), value.mv_data, value.mv_size};
    return 1;
}

int ledger_read_texts_of(
    struct ledger_reading *reading, uint64_t index, struct ledger_text *texts, struct ledger_error *error)
{
    struct ledger_header header;
    if (ledger_read_header(reading, index, &header, error) < 0)
        return -1;
    uint64_t next = header.first_sequence, end = header.first_sequence + header.count;
    for (int count = 0;; count++) {
        struct ledger_text text;
        int found = next < end ? ledger_read_text_from(reading, next, &text, error) : 0;
        if (found < 0 || !found || text.sequence >= end)
            return found < 0 ? -1 : count;
        texts[count] = text;
        next = text.sequence + 1;
    }
}

bool ledger_read_text_count(struct ledger_reading *reading, uint64_t *count, struct ledger_error *error)
{
    MDB_stat stat;
    int code = mdb_stat(reading->txn, reading->ledger->tables[TABLE_TEXTS], &stat);
    if (code)
        return ledger_fail_lmdb(error, "reading the ledger", code);
    *count = stat.ms_entries;
    return true;
}

// ---- checkpoints

// A record's note into `note` of NOTE_BYTES_MAX; false: it is none.
static bool copy_note(const MDB_val *value, char *note, struct ledger_error *error)
{
    if (value->mv_size >= NOTE_BYTES_MAX || memchr(value->mv_data, '\0', value->mv_size))
        return ledger_fail(error, "the ledger is damaged: its checkpoint is no signed note");
    memcpy(note, value->mv_data, value->mv_size);
    note[value->mv_size] = '\0';
    return true;
}

uint64_t ledger_day(int64_t time)
{
    enum { JST_S = 9 * 60 * 60, DAY_S = 24 * 60 * 60 };
    return time < -JST_S ? 0 : ((uint64_t)time + JST_S) / DAY_S;
}

bool ledger_read_tip(
    struct ledger_reading *reading, uint64_t blocks, struct ledger_tip *tip, struct ledger_error *error)
{
    struct ledger_header header;
    if (blocks == 0 || blocks > reading->size)
        return ledger_fail(
            error, "a checkpoint speaks of %" PRIu64 " blocks, the ledger has %" PRIu64, blocks, reading->size);
    if (ledger_read_header(reading, blocks - 1, &header, error) != 1)
        return false;
    *tip = (struct ledger_tip){header.first_sequence + header.count - 1, header.time, ledger_day(header.time)};
    return true;
}

static const enum ledger_table tables_kept[] = {
    [LEDGER_CHECKPOINTS] = TABLE_CHECKPOINTS, [LEDGER_COSIGNED] = TABLE_COSIGNED};

// The note where the cursor stands, of at most so many blocks. As ledger_read_block.
static int note_within(const MDB_val *value, uint64_t blocks, char *note, struct ledger_error *error)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    if (!copy_note(value, note, error))
        return -1;
    if (note_read_checkpoint(note, &checkpoint, &fault))
        return checkpoint.size <= blocks;
    ledger_fail(error, "the ledger is damaged: %s", fault.message);
    return -1;
}

int ledger_read_kept(
    struct ledger_reading *reading, enum ledger_kept kept, uint64_t blocks, char *note, struct ledger_error *error)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int found = 0, code = mdb_cursor_open(reading->txn, reading->ledger->tables[tables_kept[kept]], &cursor);
    if (code) {
        ledger_fail_lmdb(error, "reading the ledger", code);
        return -1;
    }
    for (MDB_cursor_op op = MDB_LAST; found == 0 && !code; op = MDB_PREV) {
        code = mdb_cursor_get(cursor, &key, &value, op);
        if (!code)
            found = note_within(&value, blocks, note, error);
    }
    mdb_cursor_close(cursor);
    if (!code || code == MDB_NOTFOUND)
        return found;
    ledger_fail_lmdb(error, "reading the ledger", code);
    return -1;
}

static void fail_day(uint64_t day, struct ledger_error *error)
{
    enum { DAY_S = 24 * 60 * 60, DAY_MAX = 2932896, DATE_BYTES = 16 }; // the last day of 9999
    char text[DATE_BYTES] = "no day";
    struct tm date;
    time_t time = (time_t)(day * DAY_S);
    if (day <= DAY_MAX && gmtime_r(&time, &date))
        strftime(text, sizeof text, "%F", &date);
    ledger_fail(error, "the ledger is damaged: what is kept of %s is no signed note", text);
}

int ledger_read_kept_day(
    struct ledger_reading *reading, enum ledger_kept kept, uint64_t *day, char *note, struct ledger_error *error)
{
    MDB_cursor *cursor;
    uint8_t bytes[LEDGER_KEY_BYTES];
    MDB_val key = {sizeof bytes, bytes}, value;
    ledger_key(*day, bytes);
    int code = mdb_cursor_open(reading->txn, reading->ledger->tables[tables_kept[kept]], &cursor);
    if (!code) {
        code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        mdb_cursor_close(cursor);
    }
    if (code == MDB_NOTFOUND)
        return 0;
    if (code)
        ledger_fail_lmdb(error, "reading the ledger", code);
    else if (key.mv_size != LEDGER_KEY_BYTES || ledger_key_index(key.mv_data) > ledger_day(INT64_MAX))
        ledger_fail(error, "the ledger is damaged: a checkpoint is kept under no day");
    else if (!copy_note(&value, note, error))
        fail_day(ledger_key_index(key.mv_data), error);
    else {
        *day = ledger_key_index(key.mv_data);
        return 1;
    }
    return -1;
}

bool ledger_read_checkpoint(struct ledger_reading *reading, char *note, struct ledger_error *error)
{
    int found = ledger_read_kept(reading, LEDGER_CHECKPOINTS, UINT64_MAX, note, error);
    if (found == 0)
        ledger_fail(error, "the ledger has no checkpoint yet: the daemon signs the first when it starts");
    return found == 1;
}

bool ledger_read_node(struct ledger_reading *reading, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES],
    struct ledger_error *error)
{
    // The record of the leaf that completes the subtree holds its hash.
    uint64_t end;
    if (level >= TREE_LEVELS_MAX || __builtin_mul_overflow(position + 1, (uint64_t)1 << level, &end) || end == 0 ||
        end > reading->size)
        return ledger_fail(error, "the tree of %" PRIu64 " blocks has no node %" PRIu64 " at level %u", reading->size,
            position, level);
    MDB_val value;
    if (!xget(reading, TABLE_TREE, end - 1, &value, error))
        return false;
    if (value.mv_size < (level + 1) * (size_t)HASH_BYTES)
        return ledger_fail(error, "the ledger is damaged: block %" PRIu64 " lacks hashes of the tree", (end - 1));
    memcpy(hash, (const uint8_t *)value.mv_data + (size_t)level * HASH_BYTES, HASH_BYTES);
    return true;
}

bool ledger_tree_node(void *reading, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    struct ledger_error error;
    return ledger_read_node(reading, level, position, hash, &error);
}

bool ledger_read_edge(
    struct ledger_reading *reading, uint64_t blocks, struct tree_edge *edge, struct ledger_error *error)
{
    *edge = (struct tree_edge){.size = blocks};
    for (unsigned level = 0; level < TREE_LEVELS_MAX; level++)
        if (blocks >> level & 1 && !ledger_read_node(reading, level, (blocks >> level) ^ 1, edge->roots[level], error))
            return false;
    return true;
}

bool ledger_root_at(struct ledger *ledger, uint64_t blocks, uint8_t root[HASH_BYTES], struct ledger_error *error)
{
    struct ledger_reading *reading = ledger_read_begin(ledger, error);
    if (!reading)
        return false;
    bool read = tree_root_at(blocks, ledger_tree_node, reading, root) ||
                ledger_fail(error, "the ledger does not have the tree of %" PRIu64 " blocks", blocks);
    ledger_read_end(reading);
    return read;
}

bool ledger_has_root(struct ledger *ledger, uint64_t blocks, const uint8_t root[HASH_BYTES])
{
    struct ledger_error error;
    uint8_t own[HASH_BYTES];
    return blocks <= ledger_size(ledger) && ledger_root_at(ledger, blocks, own, &error) &&
           memcmp(own, root, HASH_BYTES) == 0;
}
