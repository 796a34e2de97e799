// Commands that make things from nothing: a ledger with its keys, and single keys.
#include "ledger/ledger.h"
#include "proto/canonical.h"
#include "proto/signing.h"
#include "tools/file.h"
#include "tools/jst.h"
#include "tools/points.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OPERATOR_COUNT = 3, MUNICIPALITIES_MAX = 80, KEYS_MAX = 100, CSV_BYTES_MAX = 1 << 20, RULES_VERSION = 1 };

// ---- the list of municipalities

struct municipality_reader {
    const char *path;
    Points__V1__Municipality rows[MUNICIPALITIES_MAX];
    size_t count, line, cell;
    int columns[3]; // where code, name_ja, name_en stand; -1: not there
};

static const char *const municipality_columns[] = {"code", "name_ja", "name_en"};

static void take_cell(void *data, size_t size, void *context)
{
    struct municipality_reader *reader = context;
    const char *text = data;
    (void)size;
    for (int i = 0; i < 3; i++) {
        if (reader->line == 0 && !strcmp(text, municipality_columns[i]))
            reader->columns[i] = (int)reader->cell;
        if (reader->line == 0 || reader->columns[i] != (int)reader->cell || reader->count == MUNICIPALITIES_MAX)
            continue;
        Points__V1__Municipality *row = &reader->rows[reader->count];
        if (i == 0)
            row->code = (uint32_t)strtoul(text, NULL, 10);
        else if (i == 1)
            row->name_ja = xstrdup(text);
        else
            row->name_en = xstrdup(text);
    }
    reader->cell++;
}

static void take_row(int end, void *context)
{
    struct municipality_reader *reader = context;
    (void)end;
    if (reader->line++ == 0) {
        for (int i = 0; i < 3; i++)
            if (reader->columns[i] < 0)
                fail(EXIT_WRONG_USE, "%s has no column \"%s\"; its first line should name code, name_ja, name_en",
                    reader->path, municipality_columns[i]);
    } else if (reader->count == MUNICIPALITIES_MAX) {
        fail(EXIT_WRONG_USE, "%s: more than %d municipalities", reader->path, MUNICIPALITIES_MAX);
    } else {
        const Points__V1__Municipality *row = &reader->rows[reader->count];
        if (row->code == 0 || row->code > 999999 || !*row->name_ja || !*row->name_en)
            fail(EXIT_WRONG_USE, "%s: row %zu needs a six-digit code and both names", reader->path, reader->line);
        reader->count++;
    }
    reader->cell = 0;
    if (reader->count < MUNICIPALITIES_MAX)
        points__v1__municipality__init(&reader->rows[reader->count]);
}

static int by_code(const void *left, const void *right)
{
    const Points__V1__Municipality *a = left, *b = right;
    return (a->code > b->code) - (a->code < b->code);
}

// The twelve of the programme: data/municipalities.csv, as the build found it.
static const char built_in_csv[] =
#include "tools/municipalities_csv.inc"
    ;

// `path` NULL: the twelve.
static void read_municipalities(const char *path, struct municipality_reader *reader)
{
    struct tool_error error;
    struct csv_parser parser;
    size_t size = sizeof built_in_csv - 1;
    *reader = (struct municipality_reader){.path = path ? path : "data/municipalities.csv", .columns = {-1, -1, -1}};
    points__v1__municipality__init(&reader->rows[0]);
    uint8_t *text = path ? file_read(path, CSV_BYTES_MAX, &size, &error) : (uint8_t *)xstrdup(built_in_csv);
    if (!text)
        fail(EXIT_WRONG_USE, "%s", error.message);
    if (csv_init(&parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI) != 0)
        fail(EXIT_FAILED, "out of memory");
    if (csv_parse(&parser, text, size, take_cell, take_row, reader) != size ||
        csv_fini(&parser, take_cell, take_row, reader) != 0)
        fail(EXIT_WRONG_USE, "%s: line %zu: %s", reader->path, reader->line + 1, csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    free(text);
    if (!reader->count)
        fail(EXIT_WRONG_USE, "%s names no municipality", reader->path);
    qsort(reader->rows, reader->count, sizeof *reader->rows, by_code);
    for (size_t i = 1; i < reader->count; i++)
        if (reader->rows[i].code == reader->rows[i - 1].code)
            fail(EXIT_WRONG_USE, "%s: code %06u stands there twice", reader->path, reader->rows[i].code);
}

// ---- keys

struct genesis_keys {
    Points__V1__RegisterKey rows[KEYS_MAX], *pointers[KEYS_MAX];
    size_t count;
    struct keyfile operators[OPERATOR_COUNT];
    uint8_t checkpoint_key[KEY_BYTES];
};

static void make_key(const char *dir, const char *name, const char *holder, struct keyfile *key)
{
    struct keyfile_error error;
    char *path = xprintf("%s/keys/%s.key", dir, name);
    if (!keyfile_create(path, holder, key, &error))
        fail(EXIT_FAILED, "%s", error.message);
    free(path);
}

// Makes a key and its row. `kept` takes the secret when it is wanted.
static void make_registered(struct genesis_keys *keys, const char *dir, const char *name, const char *holder,
    role_code role, uint32_t municipality, struct keyfile *kept)
{
    struct keyfile key;
    make_key(dir, name, holder, &key);
    Points__V1__RegisterKey *row = &keys->rows[keys->count];
    points__v1__register_key__init(row);
    row->key.data = xmalloc(KEY_BYTES);
    row->key.len = KEY_BYTES;
    memcpy(row->key.data, key.public_key, KEY_BYTES);
    row->role = role;
    row->holder = xstrdup(holder);
    row->municipality = municipality;
    keys->pointers[keys->count] = row;
    keys->count++;
    if (kept)
        *kept = key;
    else
        keyfile_free(&key);
}

static void make_keys(struct genesis_keys *keys, const char *dir, const struct municipality_reader *municipalities)
{
    char name[64], holder[64];
    struct keyfile daemon_key;
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        snprintf(name, sizeof name, "operator-%d", i + 1);
        snprintf(holder, sizeof holder, "Operator %d", i + 1);
        make_registered(keys, dir, name, holder, ROLE(OPERATOR), 0, &keys->operators[i]);
    }
    make_registered(keys, dir, "app", "App backend", ROLE(APP), 0, NULL);
    make_registered(keys, dir, "waon", "WAON", ROLE(WAON), 0, NULL);
    make_registered(keys, dir, "auditor", "Auditor", ROLE(AUDITOR), 0, NULL);
    for (size_t i = 0; i < municipalities->count; i++) {
        const Points__V1__Municipality *row = &municipalities->rows[i];
        snprintf(name, sizeof name, "municipality-%06u", row->code);
        make_registered(keys, dir, name, row->name_en, ROLE(MUNICIPALITY), row->code, NULL);
    }
    make_key(dir, "daemon", "the daemon (signs checkpoints)", &daemon_key);
    memcpy(keys->checkpoint_key, daemon_key.public_key, KEY_BYTES);
    keyfile_free(&daemon_key);
}

static void free_keys(struct genesis_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->rows[i].key.data);
        free(keys->rows[i].holder);
    }
    for (int i = 0; i < OPERATOR_COUNT; i++)
        keyfile_free(&keys->operators[i]);
}

// ---- genesis

// Every policy at its default (doc/rules.md), so that the ledger itself says what holds.
static const struct {
    Points__V1__Policy policy;
    uint64_t value;
} default_policies[] = {
    {POLICY(FUTURE_MAX_S), 60},
    {POLICY(CONVERSION_OPENS_AT), 253402268399},
    {POLICY(CONVERSION_UNIT_POINTS), 1},
    {POLICY(CONVERSION_MIN_POINTS), 1},
    {POLICY(CONVERSION_DAY_MAX_POINTS), 0},
    {POLICY(CONVERSION_MONTH_MAX_POINTS), 0},
    {POLICY(TOTALS_SHARED), 0},
};

#define POLICY_COUNT (sizeof default_policies / sizeof *default_policies)

static void read_settings(struct context *context, Points__V1__Genesis *genesis)
{
    static const char campaign_begin[] = "2021-11-01 00:00";
    const char *source = option_get(context, "time-source"), *time_text = option_get(context, "time");
    genesis->time_source = TIME_SOURCE(SYSTEM);
    if (source)
        genesis->time_source = (Points__V1__TimeSource)parse_enum(context, "--time-source",
            &points__v1__time_source__descriptor, source, false);
    if (time_text)
        genesis->time = parse_time(context, "--time", time_text);
    else if (genesis->time_source == TIME_SOURCE(SCRIPTED))
        genesis->time = parse_time(context, "--time", campaign_begin);
    else
        genesis->time = time(NULL);
}

// Packs a genesis whose keys, municipalities and settings stand.
static uint8_t *pack_genesis(Points__V1__Genesis *genesis, size_t *size)
{
    struct canonical_fault fault;
    Points__V1__SetPolicy rows[POLICY_COUNT], *pointers[POLICY_COUNT];
    for (size_t i = 0; i < POLICY_COUNT; i++) {
        points__v1__set_policy__init(&rows[i]);
        rows[i].policy = default_policies[i].policy;
        rows[i].value = default_policies[i].value;
        pointers[i] = &rows[i];
    }
    genesis->policies = pointers;
    genesis->n_policies = POLICY_COUNT;
    *size = points__v1__genesis__get_packed_size(genesis);
    uint8_t *bytes = xmalloc(*size);
    points__v1__genesis__pack(genesis, bytes);
    if (*size > ENVELOPE_BYTES_MAX)
        fail(EXIT_WRONG_USE, "the genesis would have %zu bytes; at most %d are allowed", *size, ENVELOPE_BYTES_MAX);
    if (canonical_check(&points__v1__genesis__descriptor, bytes, *size, &fault) != CANONICAL_OK)
        fail(EXIT_WRONG_USE, "genesis: %s: %s", fault.field, fault.problem);
    return bytes;
}

static uint8_t *make_genesis(struct context *context, const struct municipality_reader *municipalities,
    struct genesis_keys *keys, size_t *size)
{
    uint8_t nonce[ID_BYTES];
    char origin[64], hex[9];
    Points__V1__Municipality *pointers[MUNICIPALITIES_MAX];
    Points__V1__Genesis genesis = POINTS__V1__GENESIS__INIT;
    read_settings(context, &genesis);
    randombytes_buf(nonce, sizeof nonce);
    sodium_bin2hex(hex, sizeof hex, nonce, 4);
    snprintf(origin, sizeof origin, "sapporo-points/%s", hex);
    for (size_t i = 0; i < municipalities->count; i++)
        pointers[i] = (Points__V1__Municipality *)&municipalities->rows[i];
    genesis.nonce = (ProtobufCBinaryData){sizeof nonce, nonce};
    genesis.origin = option_get(context, "origin") ? (char *)option_get(context, "origin") : origin;
    genesis.rules_version = RULES_VERSION;
    genesis.checkpoint_key = (ProtobufCBinaryData){KEY_BYTES, keys->checkpoint_key};
    genesis.municipalities = pointers;
    genesis.n_municipalities = municipalities->count;
    genesis.keys = keys->pointers;
    genesis.n_keys = keys->count;
    return pack_genesis(&genesis, size);
}

static int by_public_key(const void *left, const void *right)
{
    const struct keyfile *a = left, *b = right;
    return memcmp(a->public_key, b->public_key, KEY_BYTES);
}

static void create_ledger(const char *dir, struct genesis_keys *keys, const uint8_t *genesis, size_t size)
{
    struct ledger_error error;
    Points__V1__Signature rows[OPERATOR_COUNT];
    const Points__V1__Signature *pointers[OPERATOR_COUNT];
    uint8_t signatures[OPERATOR_COUNT][SIGNATURE_BYTES];
    qsort(keys->operators, OPERATOR_COUNT, sizeof *keys->operators, by_public_key);
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        signing_sign(SIGNING_GENESIS, genesis, size, keys->operators[i].secret, signatures[i]);
        points__v1__signature__init(&rows[i]);
        rows[i].key = (ProtobufCBinaryData){KEY_BYTES, keys->operators[i].public_key};
        rows[i].signature = (ProtobufCBinaryData){SIGNATURE_BYTES, signatures[i]};
        pointers[i] = &rows[i];
    }
    char *path = xprintf("%s/ledger", dir);
    if (!ledger_create(path, genesis, size, pointers, OPERATOR_COUNT, &error))
        fail(EXIT_FAILED, "%s", error.message);
    free(path);
}

// ---- the run folder

static void write_file(const char *dir, const char *name, const uint8_t *bytes, size_t size)
{
    struct tool_error error;
    char *path = xprintf("%s/%s", dir, name);
    if (!file_write_whole(path, 0644, bytes, size, &error))
        fail_with(&error);
    free(path);
}

static void write_configuration(const char *dir)
{
    char *text = xprintf("# pointsd's configuration, written by `points init`.\n"
                         "[ledger]\n"
                         "dir = %s/ledger\n"
                         "checkpoint_key = %s/keys/daemon.key\n"
                         "\n"
                         "[listen]\n"
                         "unix = %s/pointsd.sock\n",
        dir, dir, dir);
    write_file(dir, "pointsd.conf", (const uint8_t *)text, strlen(text));
    free(text);
}

static void make_folder(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        fail(EXIT_FAILED, "cannot make the folder %s: %s", path, strerror(errno));
}

// The folder's absolute path; there must be nothing of a ledger in it. The caller frees.
static char *open_folder(const char *dir)
{
    static const char *const ours[] = {"ledger", "genesis", "keys/operator-1.key"};
    make_folder(dir);
    char *absolute = realpath(dir, NULL);
    if (!absolute)
        fail(EXIT_FAILED, "cannot find the folder %s: %s", dir, strerror(errno));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        char *path = xprintf("%s/%s", absolute, ours[i]);
        if (access(path, F_OK) == 0)
            fail(EXIT_WRONG_USE, "%s is there already: a ledger was made in %s; choose another folder", path, dir);
        free(path);
    }
    char *keys = xprintf("%s/keys", absolute);
    make_folder(keys);
    free(keys);
    return absolute;
}

static int run_init(struct context *context)
{
    static struct municipality_reader municipalities;
    static struct genesis_keys keys;
    Points__V1__Genesis probe = POINTS__V1__GENESIS__INIT;
    const char *dir_text = argument_get(context, 0) ? argument_get(context, 0) : context->dir;
    if (!dir_text)
        fail_usage(context, "in which folder?");
    read_settings(context, &probe); // what is wrong is said before anything is made
    read_municipalities(option_get(context, "municipalities"), &municipalities);
    char *dir = open_folder(dir_text);
    make_keys(&keys, dir, &municipalities);
    size_t size;
    uint8_t *genesis = make_genesis(context, &municipalities, &keys, &size);
    write_file(dir, "genesis", genesis, size);
    create_ledger(dir, &keys, genesis, size);
    write_configuration(dir);
    say("made a ledger with %zu municipalities and %zu keys in %s\n  start it with: pointsd --config %s/pointsd.conf",
        municipalities.count, keys.count, dir, dir);
    if (probe.time_source == TIME_SOURCE(SCRIPTED))
        say("SCRIPTED time: this is a test or demonstration ledger");
    free_keys(&keys);
    for (size_t i = 0; i < municipalities.count; i++) {
        free(municipalities.rows[i].name_ja);
        free(municipalities.rows[i].name_en);
    }
    free(genesis);
    free(dir);
    return EXIT_SUCCESS;
}

static int run_keygen(struct context *context)
{
    struct keyfile_error error;
    struct keyfile key;
    char hex[2 * KEY_BYTES + 1];
    const char *path = argument_xget(context, 0), *holder = option_get(context, "holder");
    if (!keyfile_create(path, holder ? holder : "its holder", &key, &error))
        fail(EXIT_FAILED, "%s", error.message);
    sodium_bin2hex(hex, sizeof hex, key.public_key, KEY_BYTES);
    puts(hex);
    keyfile_free(&key);
    return EXIT_SUCCESS;
}

const struct command commands_init[] = {
    {"init",
        "[DIR] [--origin NAME] [--time-source system|scripted] [--time TIME] [--municipalities FILE]",
        "make keys, genesis and an empty ledger in a folder, and the daemon's configuration", NULL, 0, run_init},
    {"keygen", "FILE [--holder TEXT]", "make a key: FILE holds the secret, the .pub beside it the public key", NULL, 0,
        run_keygen},
    {0},
};
