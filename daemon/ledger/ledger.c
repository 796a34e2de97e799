// The ledger's life: created once, opened, locked, appended to, closed.
#include "ledger/ledger.h"
#include "ledger/hash.h"
#include "ledger/ledger_internal.h"
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
// A reader in another process that was killed pins old pages: the file grows with each commit until somebody notices.
enum { COMMITS_A_READER_CHECK = 256 };
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

// The writer stands alone; readers of a ledger at rest share it. A copy need not have the lock file.
static bool take_lock(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    if (ledger->mode == LEDGER_LIVE)
        return true;
    bool writes = ledger->mode == LEDGER_WRITE;
    char path[PATH_MAX];
    if (!file_path(dir, "ledger.lock", path, error))
        return false;
    ledger->lock_fd = open(path, (writes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, FILE_MODE);
    if (ledger->lock_fd < 0 && errno == ENOENT && !writes)
        return true;
    if (ledger->lock_fd < 0)
        return ledger_fail(error, "%s cannot be opened: %s", path, strerror(errno));
    if (lock_soon(ledger->lock_fd, writes ? LOCK_EX : LOCK_SH))
        return true;
    if (errno != EWOULDBLOCK)
        return ledger_fail(error, "%s cannot be locked: %s", path, strerror(errno));
    if (writes)
        return ledger_fail(error, "the ledger in %s is in use by another process: stop it first", dir);
    return ledger_fail(error,
        "the ledger in %s is in use by a daemon: stop it, or read a copy (`points-audit backup` makes one of a running "
        "ledger)",
        dir);
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

static bool open_environment(struct ledger *ledger, const char *dir, struct ledger_error *error)
{
    if (ledger->mode != LEDGER_WRITE && is_empty(dir))
        return ledger_fail(
            error, "the ledger in %s cannot be opened: data.mdb is empty, and no LMDB database: restore a copy", dir);
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
    if (code == EACCES && ledger->mode == LEDGER_LIVE)
        return ledger_fail(error,
            "the ledger in %s cannot be opened: %s: who copies a ledger in use must be the user that its daemon runs "
            "as",
            dir, ledger_words(code));
    return code ? ledger_fail(error, "the ledger in %s cannot be opened: %s", dir, ledger_words(code)) : true;
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
    if (take_lock(ledger, dir, error) && open_environment(ledger, dir, error))
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

// ---- appending

// A write transaction. Once it has failed, puts do nothing and the commit aborts. Edge, sequence number and time run
// ahead of the ledger's own until the commit.
struct put {
    struct ledger *ledger;
    MDB_txn *txn;
    MDB_cursor *cursors[BLOCK_TABLES];
    bool failed;
    bool mirrors; // blocks of another ledger
    struct ledger_error *error;
    struct tree_edge edge;
    uint64_t next_sequence;
    int64_t time;
};

static void put_code(struct put *put, int code)
{
    if (!code || put->failed)
        return;
    put->failed = true;
    ledger_fail_lmdb(put->error, "writing the ledger", code);
}

static void put_begin(struct put *put, struct ledger *ledger, struct ledger_error *error)
{
    *put = (struct put){.ledger = ledger,
        .error = error,
        .edge = ledger->edge,
        .next_sequence = ledger->next_sequence,
        .time = ledger->time};
    put_code(put, mdb_txn_begin(ledger->env, NULL, 0, &put->txn));
}

static void put_open_cursors(struct put *put)
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

static void put_meta(struct put *put, const char *key, const void *bytes, size_t size)
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

// What the caller must have got right; the ledger would not pass its own check otherwise.
static bool block_follows(struct put *put, const struct ledger_block *block)
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

static void put_block(struct put *put, const struct ledger_block *block, const uint8_t *header, size_t header_size)
{
    if (put->failed)
        return;
    uint64_t index = put->edge.size;
    uint8_t leaf[HASH_BYTES], completed[TREE_LEVELS_MAX][HASH_BYTES], *record;
    put->failed = !block_follows(put, block);
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

// A block of our own: its header is made here.
static void put_new_block(struct put *put, const struct ledger_block *block)
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

static void put_note_of_day(struct put *put, enum ledger_table table, uint64_t day, const char *note)
{
    if (put->failed)
        return;
    uint8_t key[LEDGER_KEY_BYTES];
    ledger_key(day, key);
    MDB_val key_value = {sizeof key, key}, value = {strlen(note), (void *)note};
    put_code(put, mdb_put(put->txn, put->ledger->tables[table], &key_value, &value, 0));
}

static void put_checkpoint(struct put *put)
{
    char note[NOTE_BYTES_MAX];
    uint8_t root[HASH_BYTES];
    if (put->failed)
        return;
    tree_root(&put->edge, root);
    note_sign_checkpoint(put->ledger->signers, put->ledger->signer_count, put->edge.size, root, note);
    put_note_of_day(put, TABLE_CHECKPOINTS, ledger_day(put->time), note);
}

static void forget_killed_readers(struct ledger *ledger)
{
    if (++ledger->commits < COMMITS_A_READER_CHECK)
        return;
    ledger->commits = 0;
    mdb_reader_check(ledger->env, NULL); // what it cannot do now it does the next time
}

// After it the ledger stands where the transaction stood; or, when it failed, where it was.
static bool put_commit(struct put *put)
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

bool ledger_append(struct ledger *ledger, const struct ledger_block *blocks, size_t count, struct ledger_error *error)
{
    if (ledger->mode != LEDGER_WRITE || ledger->signer_count == 0)
        return ledger_fail(error, "the ledger is not open for writing, or has no key for checkpoints");
    struct put put;
    put_begin(&put, ledger, error);
    put_open_cursors(&put);
    for (size_t i = 0; i < count; i++)
        put_new_block(&put, &blocks[i]);
    put_checkpoint(&put);
    return put_commit(&put);
}

bool ledger_keep_cosigned(struct ledger *ledger, uint64_t day, const char *note, struct ledger_error *error)
{
    struct put put;
    put_begin(&put, ledger, error);
    put_note_of_day(&put, TABLE_COSIGNED, day, note);
    return put_commit(&put);
}

// ---- appending what another ledger has

struct ledger_mirroring {
    struct put put;
};

struct ledger_mirroring *ledger_mirror_begin(struct ledger *ledger, struct ledger_error *error)
{
    struct ledger_mirroring *mirroring = calloc(1, sizeof *mirroring);
    if (!mirroring || ledger->mode != LEDGER_WRITE) {
        free(mirroring);
        ledger_fail(error, "the ledger is not open for writing, or there is no memory");
        return NULL;
    }
    put_begin(&mirroring->put, ledger, error);
    put_open_cursors(&mirroring->put);
    mirroring->put.mirrors = true;
    if (!mirroring->put.failed)
        return mirroring;
    ledger_mirror_abort(mirroring);
    return NULL;
}

static bool same_hash(const uint8_t *bytes, size_t size, const uint8_t hash[HASH_BYTES])
{
    uint8_t own[HASH_BYTES];
    hash_bytes(bytes, size, own);
    return memcmp(own, hash, HASH_BYTES) == 0;
}

// The tree vouches for the header, and the header for the body.
static bool check_mirrored(const struct put *put, const struct ledger_record *record, struct ledger_header *header)
{
    uint64_t index = put->edge.size;
    if (record->header_size > HEADER_BYTES_MAX || !ledger_parse_header(record->header, record->header_size, header) ||
        header->index != index)
        return ledger_fail(put->error, "what was given as block %" PRIu64 " does not have its header", index);
    if (!same_hash(record->envelope, record->envelope_size, header->envelope_sha256) ||
        !same_hash(record->outcomes, record->outcomes_size, header->outcomes_sha256))
        return ledger_fail(
            put->error, "block %" PRIu64 ": envelope or outcomes do not have the hash that the header gives", index);
    return true;
}

int ledger_mirror_block(struct ledger_mirroring *mirroring, const struct ledger_record *record,
    const struct ledger_text *texts, size_t text_count, const uint64_t *erased_texts, size_t erased_count)
{
    struct put *put = &mirroring->put;
    struct ledger_header header;
    if (put->failed)
        return -1;
    put->failed = !check_mirrored(put, record, &header);
    if (put->failed)
        return 0;
    const struct ledger_block block = {.first_sequence = header.first_sequence,
        .count = header.count,
        .time = header.time,
        .envelope = record->envelope,
        .envelope_size = record->envelope_size,
        .outcomes = record->outcomes,
        .outcomes_size = record->outcomes_size,
        .texts = texts,
        .text_count = text_count,
        .erased_texts = erased_texts,
        .erased_count = erased_count};
    put->failed = !block_follows(put, &block);
    if (put->failed)
        return 0;
    put_block(put, &block, record->header, record->header_size);
    return put->failed ? -1 : 1;
}

uint64_t ledger_mirror_size(const struct ledger_mirroring *mirroring)
{
    return mirroring->put.edge.size;
}

static bool check_mirrored_end(
    const struct put *put, const char *note, const struct note_verifier *verifiers, size_t count)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    uint8_t root[HASH_BYTES];
    tree_root(&put->edge, root);
    if (!note_open_checkpoint(note, verifiers, count, &checkpoint, &fault))
        return ledger_fail(put->error, "%s", fault.message);
    if (checkpoint.size != put->edge.size || memcmp(checkpoint.root, root, HASH_BYTES) != 0)
        return ledger_fail(put->error,
            "the %" PRIu64 " blocks are not those of the checkpoint, which speaks of %" PRIu64, put->edge.size,
            checkpoint.size);
    return true;
}

int ledger_mirror_commit(
    struct ledger_mirroring *mirroring, const char *note, const struct note_verifier *verifiers, size_t count)
{
    struct put *put = &mirroring->put;
    char own[NOTE_BYTES_MAX];
    bool refused = !put->failed && !check_mirrored_end(put, note, verifiers, count);
    put->failed |= refused;
    if (!put->failed) {
        note_strip(note, verifiers, count, own);
        put_note_of_day(put, TABLE_CHECKPOINTS, ledger_day(put->time), own);
    }
    bool committed = put_commit(put);
    free(mirroring);
    return committed ? 1 : refused ? 0 : -1;
}

void ledger_mirror_abort(struct ledger_mirroring *mirroring)
{
    if (!mirroring)
        return;
    if (mirroring->put.txn)
        mdb_txn_abort(mirroring->put.txn);
    free(mirroring);
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
