// The ledger's life: created once, opened, locked, closed.
#include "ledger/ledger.h"
#include "ledger/hash.h"
#include "ledger/ledger_put.h"
#include "proto/arena.h"
#include "proto/canonical.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FORMAT_BYTES = 4, FILE_MODE = 0640, FOLDER_MODE = 0750 };
// Threads that have read keep a place until they end; LMDB's own 126 are fewer than pointsd may have workers.
enum { READERS_MAX = 512 };
static const size_t map_bytes = (size_t)1 << 40; // address space, not disk

const char *const ledger_table_names[TABLES] = {[TABLE_HEADERS] = "headers",
    [TABLE_BODIES] = "bodies",
    [TABLE_TREE] = "tree",
    [TABLE_TEXTS] = "texts",
    [TABLE_CHECKPOINTS] = "checkpoints",
    [TABLE_COSIGNED] = "cosigned",
    [TABLE_META] = "meta"};
const char ledger_format_key[] = "format";

// ---- files

static bool file_path(const char *dir, const char *name, char path[PATH_MAX], struct ledger_error *error)
{
    if (!*dir)
        return ledger_fail(error, "the name of the folder is empty");
    if (snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
        return true;
    return ledger_fail(error, "the name of the folder is too long");
}

// A process that was killed holds its lock for a moment longer.
static bool lock_soon(int fd, int how)
{
    enum { TRIES = 20, PAUSE_US = 100 * 1000 };
    for (int i = 0; i < TRIES; i++) {
        if (flock(fd, how | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK)
            return false;
        usleep(PAUSE_US);
    }
    errno = EWOULDBLOCK;
    return false;
}

static bool fail_in_use(const struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    static const char *const what_to_do[] = {[LEDGER_WRITE] = "another process: stop it first",
        [LEDGER_READ] = "pointsd or points-audit follow: stop it, or read a copy (`points-audit backup` makes one of a "
                        "running ledger)",
        [LEDGER_LIVE] = "pointsd or points-audit follow: who copies it meanwhile must be the user that this runs as"};
    return ledger_fail(error, "the ledger in %s is in use by %s", dir, what_to_do[ledger->mode]);
}

static bool fail_lock(const struct ledger *ledger, const char *path, struct ledger_error *error)
{
    if (ledger->mode == LEDGER_LIVE)
        return ledger_fail(error,
            "%s cannot be opened: %s: it alone tells whether the ledger is in use; who copies it must be allowed to "
            "read that file too",
            path, strerror(errno));
    return ledger_fail(error, "%s cannot be opened: %s", path, strerror(errno));
}

// The writer stands alone; readers of a ledger at rest share it. A copy need not have the lock file.
static bool take_lock(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    bool writes = ledger->mode == LEDGER_WRITE;
    char path[PATH_MAX];
    if (!file_path(dir, "ledger.lock", path, error))
        return false;
    ledger->lock_fd = open(path, (writes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, FILE_MODE);
    if (ledger->lock_fd < 0 && errno == ENOENT && !writes)
        return true;
    if (ledger->lock_fd < 0)
        return fail_lock(ledger, path, error);
    if (lock_soon(ledger->lock_fd, writes ? LOCK_EX : LOCK_SH))
        return true;
    if (errno != EWOULDBLOCK)
        return ledger_fail(error, "%s cannot be locked: %s", path, strerror(errno));
    return fail_in_use(ledger, dir, error);
}

// LMDB finds its pages at odds with each other: no better than a page that cannot be read (damage.h).
static void on_assertion(MDB_env *env, const char *text)
{
    (void)env;
    fprintf(stderr, "%s\n", text);
    raise(SIGBUS);
}

// LMDB has no words for that when it only reads.
static bool is_empty(const char *dir)
{
    char path[PATH_MAX];
    struct stat status;
    struct ledger_error ignored;
    return file_path(dir, "data.mdb", path, &ignored) && stat(path, &status) == 0 && status.st_size == 0;
}

static int try_environment(struct ledger *ledger, const char *dir)
{
    static const unsigned flags[] = {
        [LEDGER_WRITE] = 0, [LEDGER_READ] = MDB_RDONLY | MDB_NOLOCK, [LEDGER_LIVE] = MDB_RDONLY};
    int code = mdb_env_create(&ledger->env);
    if (!code)
        code = mdb_env_set_mapsize(ledger->env, map_bytes);
    if (!code)
        code = mdb_env_set_assert(ledger->env, on_assertion);
    if (!code)
        code = mdb_env_set_maxdbs(ledger->env, TABLES);
    if (!code)
        code = mdb_env_set_maxreaders(ledger->env, READERS_MAX);
    if (!code)
        code = mdb_env_open(ledger->env, dir, flags[ledger->mode], FILE_MODE);
    if (!code)
        code = mdb_reader_check(ledger->env, NULL); // a reader that was killed would pin old pages for ever
    return code;
}

// Who may not be seen in LMDB's lock file may copy a ledger at rest nevertheless, as one of its readers.
static bool come_to_rest(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    mdb_env_close(ledger->env);
    ledger->env = NULL;
    if (!take_lock(ledger, dir, error))
        return false;
    ledger->mode = LEDGER_READ;
    return true;
}

static bool open_environment(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    if (ledger->mode != LEDGER_WRITE && is_empty(dir))
        return ledger_fail(
            error, "the ledger in %s cannot be opened: data.mdb is empty, and no LMDB database: restore a copy", dir);
    int code = try_environment(ledger, dir);
    if (code == EACCES && ledger->mode == LEDGER_LIVE) {
        if (!come_to_rest(ledger, dir, error))
            return false;
        code = try_environment(ledger, dir);
    }
    return !code || ledger_fail(error, "the ledger in %s cannot be opened: %s", dir, ledger_words(code));
}

struct ledger *ledger_start(const char *dir, enum ledger_mode mode, struct ledger_error *error)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) {
        ledger_fail(error, "out of memory");
        return NULL;
    }
    ledger->mode = mode;
    ledger->lock_fd = -1;
    if ((mode == LEDGER_LIVE || take_lock(ledger, dir, error)) && open_environment(ledger, dir, error))
        return ledger;
    ledger_close(ledger);
    return NULL;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->env)
        mdb_env_close(ledger->env);
    if (ledger->lock_fd >= 0)
        close(ledger->lock_fd);
    free(ledger);
}

// ---- about the whole

void ledger_set_signers(struct ledger *ledger, const struct note_signer *const *signers, size_t count)
{
    ledger->signer_count = count;
    for (size_t i = 0; i < count; i++)
        ledger->signers[i] = signers[i];
}

void ledger_root(const struct ledger *ledger, uint8_t root[HASH_BYTES])
{
    tree_root(&ledger->edge, root);
}

uint64_t ledger_size(const struct ledger *ledger)
{
    return atomic_load(&ledger->size);
}

const uint8_t *ledger_id(const struct ledger *ledger)
{
    return ledger->id;
}

bool ledger_room(struct ledger *ledger, uint64_t *bytes, struct ledger_error *error)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct statvfs disk;
    int fd, code = mdb_env_info(ledger->env, &info);
    if (!code)
        code = mdb_env_stat(ledger->env, &stat);
    if (!code)
        code = mdb_env_get_fd(ledger->env, &fd);
    if (!code && fstatvfs(fd, &disk))
        code = errno;
    if (code)
        return ledger_fail_lmdb(error, "asking for the room that is left", code);
    uint64_t used = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
    uint64_t of_map = info.me_mapsize > used ? info.me_mapsize - used : 0;
    uint64_t of_disk = (uint64_t)disk.f_bavail * disk.f_frsize;
    *bytes = of_map < of_disk ? of_map : of_disk;
    return true;
}

// ---- creating

enum { GENESIS_ARENA_BYTES = 16 * ENVELOPE_BYTES_MAX };

// Block 0 of a genesis, which must be canonical. Whether its content keeps the rules is the caller's to know.
static bool genesis_block(const uint8_t *genesis, size_t size, struct ledger_block *block, struct ledger_error *error)
{
    struct canonical_fault fault;
    if (size == 0 || size > ENVELOPE_BYTES_MAX)
        return ledger_fail(error, "a genesis has 1 to %d bytes, not %zu", ENVELOPE_BYTES_MAX, size);
    if (canonical_check(&points__v1__genesis__descriptor, genesis, size, &fault))
        return ledger_fail(
            error, "the genesis is malformed: %s %s", fault.field[0] ? fault.field : "it", fault.problem);
    struct arena arena;
    arena_init(&arena, GENESIS_ARENA_BYTES);
    Points__V1__Genesis *message = points__v1__genesis__unpack(&arena.allocator, size, genesis);
    bool good = message && !strpbrk(message->origin, " +");
    if (good) {
        block->rules_version = message->rules_version;
        block->time = message->time;
        block->first_sequence = 1; // block 1 begins there, since this one has no transactions
        block->envelope = genesis;
        block->envelope_size = size;
    }
    arena_free(&arena);
    return good || ledger_fail(error, "the genesis cannot be read, or its origin holds a space or '+'");
}

// No record must be there yet: a folder in which an earlier creation broke off is as good as an empty one.
bool ledger_make_tables(struct ledger *ledger, MDB_txn *txn, const char *dir, struct ledger_error *error)
{
    MDB_stat stat;
    int code = mdb_env_stat(ledger->env, &stat);
    if (!code && stat.ms_entries > 0)
        return ledger_fail(error, "%s holds a ledger or another LMDB database already", dir);
    for (int table = 0; table < TABLES && !code; table++)
        code = mdb_dbi_open(txn, ledger_table_names[table], MDB_CREATE, &ledger->tables[table]);
    return code ? ledger_fail_lmdb(error, "writing the ledger", code) : true;
}

static bool sync_folder(int at_fd, const char *name)
{
    int fd = openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced;
}

bool ledger_sync_created(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    int data_fd = -1, dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mdb_env_get_fd(ledger->env, &data_fd);
    bool synced = dir_fd >= 0 && fsync(data_fd) == 0 && fsync(dir_fd) == 0 && sync_folder(dir_fd, "..");
    if (!synced)
        ledger_fail(error, "%s cannot be synced: %s", dir, strerror(errno));
    if (dir_fd >= 0)
        close(dir_fd);
    return synced;
}

bool ledger_create(const char *dir, const uint8_t *genesis, size_t genesis_size,
    const Points__V1__Signature *const *signatures, size_t signature_count, struct ledger_error *error)
{
    struct ledger_block block = {.signatures = signatures, .signature_count = signature_count};
    if (!genesis_block(genesis, genesis_size, &block, error))
        return false;
    if (mkdir(dir, FOLDER_MODE) && errno != EEXIST)
        return ledger_fail(error, "the folder %s cannot be made: %s", dir, strerror(errno));
    struct ledger *ledger = ledger_start(dir, LEDGER_WRITE, error);
    if (!ledger)
        return false;
    ledger->next_sequence = block.first_sequence;
    struct put put;
    put_begin(&put, ledger, error);
    if (!put.failed)
        put.failed = !ledger_make_tables(ledger, put.txn, dir, error);
    put_open_cursors(&put);
    put_meta(&put, ledger_format_key, (const uint8_t[FORMAT_BYTES]){0, 0, 0, LEDGER_FORMAT}, FORMAT_BYTES);
    put_new_block(&put, &block);
    bool created = put_commit(&put) && ledger_sync_created(ledger, dir, error);
    ledger_close(ledger);
    return created;
}

// ---- opening

static bool no_ledger(const char *dir, struct ledger_error *error)
{
    return ledger_fail(error, "there is no ledger in %s: give the folder that holds its data.mdb", dir);
}

static bool check_format(struct ledger *ledger, MDB_txn *txn, const char *dir, struct ledger_error *error)
{
    MDB_val value;
    MDB_dbi *meta = &ledger->tables[TABLE_META];
    int code = mdb_dbi_open(txn, ledger_table_names[TABLE_META], 0, meta);
    if (code == MDB_NOTFOUND)
        return no_ledger(dir, error);
    if (code)
        return ledger_fail(error, "the ledger in %s cannot be opened: %s", dir, ledger_words(code));
    int found = ledger_get_meta(txn, *meta, ledger_format_key, &value, error);
    if (found < 0)
        return false;
    if (found == 0)
        return no_ledger(dir, error);
    if (value.mv_size != FORMAT_BYTES)
        return ledger_fail(error, "the ledger in %s is damaged: its format record has another size", dir);
    const uint8_t *bytes = value.mv_data;
    uint32_t format = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    if (format != LEDGER_FORMAT)
        return ledger_fail(
            error, "the ledger in %s has format %" PRIu32 ", this program reads format %d", dir, format, LEDGER_FORMAT);
    return true;
}

// The blocks of a table, if they run from 0 without gaps; else 0. Records under keys that are no block's may hide one
// gap each: it shows when the block is read.
static bool open_table(
    struct ledger *ledger, MDB_txn *txn, enum ledger_table table, uint64_t *blocks, struct ledger_error *error)
{
    MDB_stat stat;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = mdb_dbi_open(txn, ledger_table_names[table], 0, &ledger->tables[table]);
    if (!code)
        code = mdb_stat(txn, ledger->tables[table], &stat);
    if (!code)
        code = mdb_cursor_open(txn, ledger->tables[table], &cursor);
    if (code)
        return ledger_fail_lmdb(error, ledger_table_names[table], code);
    code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    bool gapless = !code && key.mv_size == LEDGER_KEY_BYTES && ledger_key_index(key.mv_data) + 1 == stat.ms_entries;
    mdb_cursor_close(cursor);
    *blocks = gapless ? stat.ms_entries : 0;
    return !code || code == MDB_NOTFOUND || ledger_fail_lmdb(error, ledger_table_names[table], code);
}

static uint64_t first_gap(struct ledger *ledger, MDB_txn *txn, int table)
{
    uint64_t index = 0;
    MDB_val value;
    struct ledger_error error;
    while (ledger_get(txn, ledger->tables[table], index, &value, &error) == 1)
        index++;
    return index;
}

// What the tables do not agree about: the first block that one of them lacks, or the one that has records of no block.
static bool fail_tables(
    struct ledger *ledger, MDB_txn *txn, const uint64_t blocks[BLOCK_TABLES], struct ledger_error *error)
{
    uint64_t least = UINT64_MAX, most = 0;
    int lacking = 0, strange = 0;
    for (int table = 0; table < BLOCK_TABLES; table++) {
        uint64_t gap = first_gap(ledger, txn, table);
        if (gap < least)
            lacking = table;
        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
        if (blocks[table] != gap)
            strange = table;
    }
    if (least < most || least == 0)
        return ledger_fail(error, "the ledger is damaged: block %" PRIu64 " has no record in `%s`", least,
            ledger_table_names[lacking]);
    return ledger_fail(error, "the ledger is damaged: there is no block %" PRIu64 ", but `%s` has records besides",
        least, ledger_table_names[strange]);
}

static bool open_tables(struct ledger *ledger, MDB_txn *txn, struct ledger_error *error)
{
    uint64_t blocks[BLOCK_TABLES];
    bool agree = true;
    for (int table = 0; table < BLOCK_TABLES; table++) {
        if (!open_table(ledger, txn, (enum ledger_table)table, &blocks[table], error))
            return false;
        agree = agree && blocks[table] > 0 && blocks[table] == blocks[TABLE_HEADERS];
    }
    atomic_store(&ledger->size, blocks[TABLE_HEADERS]);
    return agree || fail_tables(ledger, txn, blocks, error);
}

// The tables that may be empty.
static bool open_others(struct ledger *ledger, MDB_txn *txn, struct ledger_error *error)
{
    int code = 0, table = BLOCK_TABLES;
    for (; table < TABLE_META && !code; table++)
        code = mdb_dbi_open(txn, ledger_table_names[table], 0, &ledger->tables[table]);
    return code ? ledger_fail_lmdb(error, ledger_table_names[table - 1], code) : true;
}

// Where the writer goes on from: the last header and the edge of the tree, which must speak of each other.
static bool load_end(struct ledger_reading *reading, struct ledger_error *error)
{
    struct ledger *ledger = reading->ledger;
    struct ledger_header header;
    struct ledger_record record;
    uint64_t size = reading->size;
    uint8_t leaf[HASH_BYTES], stored[HASH_BYTES];
    if (ledger_read_header(reading, size - 1, &header, error) != 1 ||
        ledger_read_block(reading, size - 1, &record, error) != 1 ||
        !ledger_read_node(reading, 0, size - 1, stored, error))
        return false;
    hash_leaf(record.header, record.header_size, leaf);
    if (header.index != size - 1 || memcmp(leaf, stored, HASH_BYTES) != 0)
        return ledger_fail(error, "the ledger is damaged: its last header is not what the tree says");
    ledger->next_sequence = header.first_sequence + header.count;
    ledger->time = header.time;
    return ledger_read_edge(reading, size, &ledger->edge, error);
}

static bool load(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    struct ledger_reading reading = {.ledger = ledger};
    int code = mdb_txn_begin(ledger->env, NULL, MDB_RDONLY, &reading.txn);
    if (code)
        return ledger_fail(error, "the ledger in %s cannot be read: %s", dir, ledger_words(code));
    bool loaded = check_format(ledger, reading.txn, dir, error);
    loaded = loaded && open_tables(ledger, reading.txn, error);
    loaded = loaded && open_others(ledger, reading.txn, error);
    reading.size = ledger_size(ledger);
    loaded = loaded && ledger_read_node(&reading, 0, 0, ledger->id, error);
    if (loaded && ledger->mode == LEDGER_WRITE)
        loaded = load_end(&reading, error);
    if (loaded)
        mdb_txn_commit(reading.txn); // keeps the tables' handles
    else
        mdb_txn_abort(reading.txn);
    return loaded;
}

bool ledger_is_in(const char *dir)
{
    char path[PATH_MAX];
    struct ledger_error ignored;
    return file_path(dir, "data.mdb", path, &ignored) && access(path, F_OK) == 0;
}

struct ledger *ledger_open(const char *dir, enum ledger_mode mode, struct ledger_error *error)
{
    char path[PATH_MAX];
    if (!file_path(dir, "data.mdb", path, error))
        return NULL;
    if (access(path, F_OK)) { // LMDB would make one
        if (errno == ENOENT)
            no_ledger(dir, error);
        else
            ledger_fail(error, "%s cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    struct ledger *ledger = ledger_start(dir, mode, error);
    if (ledger && !load(ledger, dir, error)) {
        ledger_close(ledger);
        return NULL;
    }
    return ledger;
}
