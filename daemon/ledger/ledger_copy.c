// A copy of a ledger, made new: only what the ledger holds is written, so nothing that was erased can be in it.
#include "ledger/ledger_internal.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_A_STEP = 64 << 20 }; // of one reading, and one transaction in memory

// What goes on from step to step.
struct copying {
    struct ledger *from, *to;
    uint64_t blocks; // that the first reading saw
    struct ledger_error *error;
};

static bool fail_reading(struct copying *copying, int code)
{
    return ledger_fail_lmdb(copying->error, "reading the ledger", code);
}

static bool fail_writing(struct copying *copying, int code)
{
    return ledger_fail_lmdb(copying->error, "writing the copy", code);
}

// Records from `next` on (NULL: the first), until `bytes_max` are copied or the block with the index `end` is reached.
// `copied` counts them.
static bool copy_records(struct copying *copying, enum ledger_table table, MDB_txn *from, MDB_txn *to,
    const uint64_t *next, uint64_t end, size_t bytes_max, uint64_t *copied)
{
    MDB_cursor *source, *target;
    uint8_t bytes[LEDGER_KEY_BYTES];
    MDB_val key = {sizeof bytes, bytes}, value;
    size_t size = 0;
    if (next)
        ledger_key(*next, bytes);
    int code = mdb_cursor_open(from, copying->from->tables[table], &source);
    if (code)
        return fail_reading(copying, code);
    int put = mdb_cursor_open(to, copying->to->tables[table], &target);
    if (!put)
        code = mdb_cursor_get(source, &key, &value, next ? MDB_SET_RANGE : MDB_FIRST);
    for (*copied = 0; !put && !code && *copied < end && size < bytes_max; ++*copied) {
        put = mdb_cursor_put(target, &key, &value, MDB_APPEND);
        size += key.mv_size + value.mv_size;
        if (!put)
            code = mdb_cursor_get(source, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(source);
    if (put)
        return fail_writing(copying, put);
    mdb_cursor_close(target);
    return !code || code == MDB_NOTFOUND || fail_reading(copying, code);
}

// One reading and one transaction.
typedef bool copy_step_fn(struct copying *copying, struct ledger_reading *reading, MDB_txn *to, void *context);

static bool copy_step(struct copying *copying, copy_step_fn *step, void *context)
{
    MDB_txn *to;
    struct ledger_reading *reading = ledger_read_begin(copying->from, copying->error);
    if (!reading)
        return false;
    int code = mdb_txn_begin(copying->to->env, NULL, 0, &to);
    bool copied = code ? fail_writing(copying, code) : step(copying, reading, to, context);
    ledger_read_end(reading);
    if (code)
        return false;
    if (!copied) {
        mdb_txn_abort(to);
        return false;
    }
    code = mdb_txn_commit(to);
    return code ? fail_writing(copying, code) : true;
}

// What may change later, all at one moment.
static bool copy_moment(struct copying *copying, struct ledger_reading *reading, MDB_txn *to, void *dir)
{
    uint64_t copied;
    copying->blocks = reading->size;
    if (!ledger_make_tables(copying->to, to, dir, copying->error))
        return false;
    for (int table = BLOCK_TABLES; table < TABLES; table++)
        if (!copy_records(copying, (enum ledger_table)table, reading->txn, to, NULL, UINT64_MAX, SIZE_MAX, &copied))
            return false;
    return true;
}

struct block_place {
    enum ledger_table table;
    uint64_t next;
};

static bool copy_blocks(struct copying *copying, struct ledger_reading *reading, MDB_txn *to, void *context)
{
    struct block_place *place = context;
    uint64_t copied;
    if (!copy_records(copying, place->table, reading->txn, to, &place->next, copying->blocks - place->next,
            BYTES_A_STEP, &copied))
        return false;
    place->next += copied;
    return copied ||
           ledger_fail(copying->error, "the ledger is damaged: `%s` ends too early", ledger_table_names[place->table]);
}

static bool copy_all(struct copying *copying, const char *dir)
{
    bool copied = copy_step(copying, copy_moment, (void *)dir);
    for (int table = 0; table < BLOCK_TABLES; table++)
        for (struct block_place place = {.table = (enum ledger_table)table}; copied && place.next < copying->blocks;)
            copied = copy_step(copying, copy_blocks, &place);
    return copied;
}

// Who reads the copy to check it should see what the disk has, as far as the system lets us.
static void close_uncached(struct ledger *ledger)
{
    int fd = -1;
    mdb_env_get_fd(ledger->env, &fd);
    fd = dup(fd);
    ledger_close(ledger);
    if (fd < 0)
        return;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

bool ledger_copy(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    struct copying copying = {.from = ledger, .to = ledger_start(dir, LEDGER_WRITE, error), .error = error};
    if (!copying.to)
        return false;
    mdb_env_set_flags(copying.to->env, MDB_NOSYNC, 1); // once, at the end
    bool copied = copy_all(&copying, dir);
    int code = copied ? mdb_env_sync(copying.to->env, 1) : 0;
    if (code)
        copied = fail_writing(&copying, code);
    copied = copied && ledger_sync_created(copying.to, dir, error);
    close_uncached(copying.to);
    return copied;
}
