// Tells all that an LMDB environment holds, or puts other records in its place, behind the ledger's back: the tests'
// hand of a forger, which knows nothing of what it writes.
#include <lmdb.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 16, NAME_BYTES = 64, EXIT_WRONG_USE = 2 };
static const size_t map_bytes = (size_t)1 << 40;
static const char blanks[] = " \n";

static void must(int code, const char *doing)
{
    if (!code)
        return;
    fprintf(stderr, "tamper: %s: %s\n", doing, mdb_strerror(code));
    exit(EXIT_FAILURE);
}

static MDB_env *open_environment(const char *dir, unsigned flags)
{
    MDB_env *env;
    must(mdb_env_create(&env), "starting");
    must(mdb_env_set_mapsize(env, map_bytes), "setting the map's size");
    must(mdb_env_set_maxdbs(env, TABLES_MAX), "making room for tables");
    must(mdb_env_open(env, dir, flags, 0640), dir);
    return env;
}

static MDB_cursor *open_cursor(MDB_txn *txn, const char *name, MDB_dbi *table)
{
    MDB_cursor *cursor;
    must(mdb_dbi_open(txn, name, 0, table), name ? name : "the table of tables");
    must(mdb_cursor_open(txn, *table, &cursor), "going through a table");
    return cursor;
}

// The tables' names are the keys of the nameless one. How many there are.
static int read_names(MDB_txn *txn, char names[TABLES_MAX][NAME_BYTES])
{
    MDB_dbi table;
    MDB_val key, value;
    MDB_cursor *cursor = open_cursor(txn, NULL, &table);
    int count = 0;
    while (count < TABLES_MAX && !mdb_cursor_get(cursor, &key, &value, MDB_NEXT))
        snprintf(names[count++], NAME_BYTES, "%.*s", (int)key.mv_size, (const char *)key.mv_data);
    mdb_cursor_close(cursor);
    return count;
}

// ---- dump

static void print_hex(MDB_val bytes)
{
    for (size_t i = 0; i < bytes.mv_size; i++)
        printf("%02x", ((const uint8_t *)bytes.mv_data)[i]);
}

static void dump_table(MDB_txn *txn, const char *name)
{
    MDB_dbi table;
    MDB_val key, value;
    MDB_cursor *cursor = open_cursor(txn, name, &table);
    int code;
    printf("%s\n", name);
    while (!(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        printf("%s ", name);
        print_hex(key);
        putchar(' ');
        print_hex(value);
        putchar('\n');
    }
    must(code == MDB_NOTFOUND ? 0 : code, name);
    mdb_cursor_close(cursor);
}

static void dump(const char *dir)
{
    MDB_txn *txn;
    char names[TABLES_MAX][NAME_BYTES];
    MDB_env *env = open_environment(dir, MDB_RDONLY | MDB_NOLOCK);
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "reading");
    int count = read_names(txn, names);
    for (int i = 0; i < count; i++)
        dump_table(txn, names[i]);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

// ---- load

static void drop_all(MDB_txn *txn)
{
    char names[TABLES_MAX][NAME_BYTES];
    int count = read_names(txn, names);
    for (int i = 0; i < count; i++) {
        MDB_dbi table;
        must(mdb_dbi_open(txn, names[i], 0, &table), names[i]);
        must(mdb_drop(txn, table, 0), names[i]);
    }
}

// Bytes in the place of their digits.
static MDB_val from_hex(char *hex)
{
    size_t size = 0;
    const char *end = hex;
    if (hex && (sodium_hex2bin((uint8_t *)hex, strlen(hex) / 2, hex, strlen(hex), NULL, &size, &end) || *end))
        must(MDB_BAD_VALSIZE, "reading hexadecimal digits");
    return (MDB_val){size, hex};
}

static void load_line(MDB_txn *txn, char *line)
{
    MDB_dbi table;
    char *name = strtok(line, blanks), *key_hex = strtok(NULL, blanks), *value_hex = strtok(NULL, blanks);
    must(mdb_dbi_open(txn, name, MDB_CREATE, &table), name);
    if (!key_hex)
        return;
    MDB_val key = from_hex(key_hex), value = from_hex(value_hex);
    must(mdb_put(txn, table, &key, &value, 0), "putting a record");
}

static void load(const char *dir)
{
    MDB_txn *txn;
    char *line = NULL;
    size_t room = 0;
    MDB_env *env = open_environment(dir, MDB_NOSYNC);
    must(mdb_txn_begin(env, NULL, 0, &txn), "writing");
    drop_all(txn);
    while (getline(&line, &room, stdin) > 0)
        load_line(txn, line);
    must(mdb_txn_commit(txn), "committing");
    free(line);
    mdb_env_close(env);
}

int main(int argc, char **argv)
{
    bool dumps = argc == 3 && !strcmp(argv[1], "dump"), loads = argc == 3 && !strcmp(argv[1], "load");
    if (!dumps && !loads) {
        fputs(
            "usage: tamper dump DIR    a line \"TABLE\" for each table, and \"TABLE KEYHEX VALUEHEX\" for each record\n"
            "       tamper load DIR    the same lines, read: these tables and records, and no others\n",
            stderr);
        return EXIT_WRONG_USE;
    }
    if (dumps)
        dump(argv[2]);
    else
        load(argv[2]);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
