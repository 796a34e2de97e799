#include "ledger/ledger_put.h"
#include "ledger/hash.h"

#include <inttypes.h>
#include <string.h>

// A reader in another process that was killed pins old pages: the file grows with each commit until somebody notices.
enum { COMMITS_A_READER_CHECK = 256 };

static void put_code(struct put *put, int code)
{
    if (!code || put->failed)
        return;
    put->failed = true;
    ledger_fail_lmdb(put->error, "writing the ledger", code);
}

void put_begin(struct put *put, struct ledger *ledger, struct ledger_error *error)
{
    *put = (struct put){.ledger = ledger,
        .error = error,
        .edge = ledger->edge,
        .next_sequence = ledger->next_sequence,
        .time = ledger->time};
    put_code(put, mdb_txn_begin(ledger->env, NULL, 0, &put->txn));
}

void put_open_cursors(struct put *put)
{
    for (int table = 0; table < BLOCK_TABLES && !put->failed; table++)
        put_code(put, mdb_cursor_open(put->txn, put->ledger->tables[table], &put->cursors[table]));
}

// Room for a record, to be filled before the next put; NULL when the transaction has failed.
static uint8_t *put_record(struct put *put, enum ledger_table table, uint64_t index, size_t size)
{
    if (put->failed)
        return NULL;
    uint8_t key[LEDGER_KEY_BYTES];
    ledger_key(index, key);
    MDB_val key_value = {sizeof key, key}, value = {size, NULL};
    put_code(put, mdb_cursor_put(put->cursors[table], &key_value, &value, MDB_APPEND | MDB_RESERVE));
    return put->failed ? NULL : value.mv_data;
}

void put_meta(struct put *put, const char *key, const void *bytes, size_t size)
{
    if (put->failed)
        return;
    MDB_val key_value = {strlen(key), (void *)key}, value = {size, (void *)bytes};
    put_code(put, mdb_put(put->txn, put->ledger->tables[TABLE_META], &key_value, &value, 0));
}

static void put_text(struct put *put, const struct ledger_text *text)
{
    if (put->failed)
        return;
    uint8_t key[LEDGER_KEY_BYTES];
    ledger_key(text->sequence, key);
    MDB_val key_value = {sizeof key, key}, value = {text->size, (void *)text->bytes};
    put_code(put, mdb_put(put->txn, put->ledger->tables[TABLE_TEXTS], &key_value, &value, MDB_APPEND));
}

static void erase_text(struct put *put, uint64_t sequence)
{
    if (put->failed)
        return;
    uint8_t key[LEDGER_KEY_BYTES];
    ledger_key(sequence, key);
    MDB_val key_value = {sizeof key, key};
    int code = mdb_del(put->txn, put->ledger->tables[TABLE_TEXTS], &key_value, NULL);
    if (code != MDB_NOTFOUND || !put->mirrors) // what was erased before it was asked for never came
        put_code(put, code);
}

bool put_follows(struct put *put, const struct ledger_block *block)
{
    if (block->first_sequence != put->next_sequence)
        return ledger_fail(put->error,
            "a block that begins at sequence number %" PRIu64 " cannot follow number %" PRIu64, block->first_sequence,
            put->next_sequence - 1);
    if ((block->count == 0) != (put->edge.size == 0))
        return ledger_fail(
            put->error, "a block of %" PRIu32 " transactions cannot be block %" PRIu64, block->count, put->edge.size);
    if (put->edge.size > 0 && block->time < put->time)
        return ledger_fail(put->error, "a block cannot be older than the one before it");
    return true;
}

static void put_header(struct put *put, const uint8_t *bytes, size_t size, uint8_t leaf[HASH_BYTES])
{
    uint8_t *record = put_record(put, TABLE_HEADERS, put->edge.size, size);
    if (!record)
        return;
    memcpy(record, bytes, size);
    hash_leaf(bytes, size, leaf);
}

void put_block(struct put *put, const struct ledger_block *block, const uint8_t *header, size_t header_size)
{
    if (put->failed)
        return;
    uint64_t index = put->edge.size;
    uint8_t leaf[HASH_BYTES], completed[TREE_LEVELS_MAX][HASH_BYTES], *record;
    put->failed = !put_follows(put, block);
    put_header(put, header, header_size, leaf);
    if (!put->failed && (record = put_record(put, TABLE_BODIES, index, ledger_body_size(block))))
        ledger_write_body(block, record);
    if (put->failed)
        return;
    size_t size = tree_append(&put->edge, leaf, completed) * HASH_BYTES;
    if ((record = put_record(put, TABLE_TREE, index, size)))
        memcpy(record, completed, size);
    for (size_t i = 0; i < block->text_count; i++)
        put_text(put, &block->texts[i]);
    for (size_t i = 0; i < block->erased_count; i++)
        erase_text(put, block->erased_texts[i]);
    put->next_sequence += block->count;
    put->time = block->time;
}

void put_new_block(struct put *put, const struct ledger_block *block)
{
    uint8_t header[HEADER_BYTES_MAX];
    size_t size = ledger_write_header(block, put->edge.size, header);
    if (size) {
        put_block(put, block, header, size);
    } else if (!put->failed) {
        put->failed = true;
        ledger_fail(put->error, "the signatures of block %" PRIu64 " do not fit in its header", put->edge.size);
    }
}

void put_note_of_day(struct put *put, enum ledger_table table, uint64_t day, const char *note)
{
    if (put->failed)
        return;
    uint8_t key[LEDGER_KEY_BYTES];
    ledger_key(day, key);
    MDB_val key_value = {sizeof key, key}, value = {strlen(note), (void *)note};
    put_code(put, mdb_put(put->txn, put->ledger->tables[table], &key_value, &value, 0));
}

static void forget_killed_readers(struct ledger *ledger)
{
    if (++ledger->commits < COMMITS_A_READER_CHECK)
        return;
    ledger->commits = 0;
    mdb_reader_check(ledger->env, NULL); // what it cannot do now it does the next time
}

bool put_commit(struct put *put)
{
    if (put->failed) {
        if (put->txn)
            mdb_txn_abort(put->txn);
        return false;
    }
    put_code(put, mdb_txn_commit(put->txn));
    if (put->failed)
        return false;
    put->ledger->edge = put->edge;
    put->ledger->next_sequence = put->next_sequence;
    put->ledger->time = put->time;
    atomic_store(&put->ledger->size, put->edge.size);
    forget_killed_readers(put->ledger);
    return true;
}
