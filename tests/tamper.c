// Lists what a ledger stores, flips bits in it, puts and takes records, behind the ledger's back: the tests' hand of a
// forger.
#include <errno.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES_MAX = 64, VALUE_BYTES_MAX = 8192, EXIT_WRONG_USE = 2 };
static const char *const tables[] = {"headers", "bodies", "tree", "texts", "checkpoints", "cosigned", "meta"};
enum { TABLES = sizeof tables / sizeof *tables };
static const size_t map_bytes = (size_t)1 << 40;

static void must(int code, const char *doing)
{
    if (!code)
        return;
    fprintf(stderr, "tamper: %s: %s\n", doing, mdb_strerror(code));
    exit(EXIT_FAILURE);
}

static void wrong_use(const char *why)
{
    fprintf(stderr,
        "tamper: %s\nusage: tamper DIR list\n       tamper DIR flip TABLE KEYHEX OFFSET MASK\n"
        "       tamper DIR put TABLE KEYHEX VALUEHEX\n       tamper DIR take TABLE KEYHEX\n",
        why);
    exit(EXIT_WRONG_USE);
}

static MDB_env *open_environment(const char *dir)
{
    MDB_env *env;
    must(mdb_env_create(&env), "starting");
    must(mdb_env_set_mapsize(env, map_bytes), "setting the map's size");
    must(mdb_env_set_maxdbs(env, TABLES), "making room for tables");
    must(mdb_env_open(env, dir, MDB_NOSYNC, 0640), dir);
    return env;
}

static void list_table(MDB_txn *txn, const char *name)
{
    MDB_dbi table;
    MDB_cursor *cursor;
    MDB_val key, value;
    must(mdb_dbi_open(txn, name, 0, &table), name);
    must(mdb_cursor_open(txn, table, &cursor), name);
    int code;
    while (!(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        printf("%s ", name);
        for (size_t i = 0; i < key.mv_size; i++)
            printf("%02x", ((const uint8_t *)key.mv_data)[i]);
        printf(" %zu\n", value.mv_size);
    }
    must(code == MDB_NOTFOUND ? 0 : code, name);
    mdb_cursor_close(cursor);
}

static void list(MDB_env *env)
{
    MDB_txn *txn;
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "reading");
    for (int i = 0; i < TABLES; i++)
        list_table(txn, tables[i]);
    mdb_txn_abort(txn);
}

static uint64_t number(const char *text, int base, uint64_t max)
{
    char *end;
    uint64_t value = strtoull(text, &end, base);
    if (!*text || *end || value > max)
        wrong_use("OFFSET or MASK is no number, or is too large");
    return value;
}

static size_t read_hex(const char *hex, uint8_t *bytes, size_t max)
{
    size_t size = strlen(hex) / 2;
    if (strlen(hex) % 2 || size == 0 || size > max)
        wrong_use("KEYHEX or VALUEHEX is not in hexadecimal digits, or too long");
    for (size_t i = 0; i < size; i++) {
        char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)number(digits, 16, UINT8_MAX);
    }
    return size;
}

// `value_hex` NULL: takes the record away.
static void put(MDB_env *env, const char *table_name, const char *key_hex, const char *value_hex)
{
    uint8_t key_bytes[KEY_BYTES_MAX], value_bytes[VALUE_BYTES_MAX];
    MDB_val key = {read_hex(key_hex, key_bytes, sizeof key_bytes), key_bytes}, value = {0, value_bytes};
    MDB_txn *txn;
    MDB_dbi table;
    if (value_hex)
        value.mv_size = read_hex(value_hex, value_bytes, sizeof value_bytes);
    must(mdb_txn_begin(env, NULL, 0, &txn), "writing");
    must(mdb_dbi_open(txn, table_name, 0, &table), table_name);
    must(value_hex ? mdb_put(txn, table, &key, &value, 0) : mdb_del(txn, table, &key, NULL), "changing the record");
    must(mdb_txn_commit(txn), "committing");
}

// `at` are TABLE, KEYHEX, OFFSET and MASK.
static void flip(MDB_env *env, char **at)
{
    uint8_t key_bytes[KEY_BYTES_MAX];
    MDB_val key = {read_hex(at[1], key_bytes, sizeof key_bytes), key_bytes}, value;
    uint64_t offset = number(at[2], 0, SIZE_MAX);
    uint8_t mask = (uint8_t)number(at[3], 0, UINT8_MAX);
    MDB_txn *txn;
    MDB_dbi table;
    must(mdb_txn_begin(env, NULL, 0, &txn), "writing");
    must(mdb_dbi_open(txn, at[0], 0, &table), at[0]);
    must(mdb_get(txn, table, &key, &value), "finding the record");
    if (offset >= value.mv_size || mask == 0)
        wrong_use("OFFSET lies behind the value, or MASK is 0");
    uint8_t *copy = malloc(value.mv_size);
    if (!copy)
        must(ENOMEM, "copying the value");
    memcpy(copy, value.mv_data, value.mv_size);
    copy[offset] ^= mask;
    value.mv_data = copy;
    must(mdb_put(txn, table, &key, &value, 0), "putting the record");
    must(mdb_txn_commit(txn), "committing");
    free(copy);
}

int main(int argc, char **argv)
{
    bool lists = argc == 3 && !strcmp(argv[2], "list"), flips = argc == 7 && !strcmp(argv[2], "flip");
    bool puts_one = argc == 6 && !strcmp(argv[2], "put"), takes = argc == 5 && !strcmp(argv[2], "take");
    if (!lists && !flips && !puts_one && !takes)
        wrong_use("nothing to do");
    MDB_env *env = open_environment(argv[1]);
    if (lists)
        list(env);
    else if (flips)
        flip(env, argv + 3);
    else
        put(env, argv[3], argv[4], puts_one ? argv[5] : NULL);
    mdb_env_close(env);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
