// Commands that make things from nothing: a ledger with its keys, and single keys.
#include "ledger/ledger.h"
#include "points/points.h"
#include "points/policy.h"
#include "proto/canonical.h"
#include "proto/signing.h"
#include "tools/command/points.h"
#include "tools/file.h"
#include "tools/municipality_list.h"

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

enum { OPERATOR_COUNT = 3, KEYS_MAX = 100 };

// ---- keys

// Which keys genesis registers; their public halves are random until make_keys.
struct genesis_keys {
    Points__V1__RegisterKey rows[KEYS_MAX], *pointers[KEYS_MAX];
    char *names[KEYS_MAX]; // of the files
    size_t count;
    struct keyfile operators[OPERATOR_COUNT]; // the first rows
    uint8_t checkpoint_key[KEY_BYTES];
};

static void list_key(struct genesis_keys *keys, char *name, char *holder, role_code role, uint32_t municipality)
{
    Points__V1__RegisterKey *row = &keys->rows[keys->count];
    points__v1__register_key__init(row);
    row->key = (ProtobufCBinaryData){KEY_BYTES, xmalloc(KEY_BYTES)};
    randombytes_buf(row->key.data, KEY_BYTES);
    row->role = role;
    row->holder = holder;
    row->municipality = municipality;
    keys->pointers[keys->count] = row;
    keys->names[keys->count++] = name;
}

static void list_keys(struct genesis_keys *keys, const struct municipality_list *municipalities)
{
    for (int i = 1; i <= OPERATOR_COUNT; i++)
        list_key(keys, xprintf("operator-%d", i), xprintf("Operator %d", i), ROLE(OPERATOR), 0);
    list_key(keys, xstrdup("app"), xstrdup("App backend"), ROLE(APP), 0);
    list_key(keys, xstrdup("waon"), xstrdup("WAON"), ROLE(WAON), 0);
    list_key(keys, xstrdup("auditor"), xstrdup("Auditor"), ROLE(AUDITOR), 0);
    for (size_t i = 0; i < municipalities->count; i++) {
        const Points__V1__Municipality *row = &municipalities->rows[i];
        list_key(keys, xprintf("municipality-%06u", row->code), xstrdup(row->name_en), ROLE(MUNICIPALITY), row->code);
    }
}

static void make_key(const char *dir, const char *name, const char *holder, struct keyfile *key)
{
    struct keyfile_error error;
    char *path = xprintf("%s/keys/%s.key", dir, name);
    if (!keyfile_create(path, holder, key, &error))
        fail(EXIT_FAILED, "%s", error.message);
    free(path);
}

static void make_keys(struct genesis_keys *keys, const char *dir)
{
    struct keyfile key;
    for (size_t i = 0; i < keys->count; i++) {
        make_key(dir, keys->names[i], keys->rows[i].holder, &key);
        memcpy(keys->rows[i].key.data, key.public_key, KEY_BYTES);
        if (i < OPERATOR_COUNT)
            keys->operators[i] = key;
        else
            keyfile_free(&key);
    }
    make_key(dir, "daemon", "the daemon (signs checkpoints)", &key);
    memcpy(keys->checkpoint_key, key.public_key, KEY_BYTES);
    keyfile_free(&key);
}

static void free_keys(struct genesis_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->rows[i].key.data);
        free(keys->rows[i].holder);
        free(keys->names[i]);
    }
    for (int i = 0; i < OPERATOR_COUNT; i++)
        keyfile_free(&keys->operators[i]);
}

// ---- genesis

static void read_settings(struct context *context, Points__V1__Genesis *genesis)
{
    static const char campaign_begin[] = "2021-11-01 00:00";
    const char *source = option_get(&context->line, "time-source"), *time_text = option_get(&context->line, "time");
    genesis->time_source = TIME_SOURCE(SYSTEM);
    if (source)
        genesis->time_source = (Points__V1__TimeSource)parse_enum(
            &context->line, "--time-source", &points__v1__time_source__descriptor, source, false);
    if (time_text)
        genesis->time = parse_time(&context->line, "--time", time_text);
    else if (genesis->time_source == TIME_SOURCE(SCRIPTED))
        genesis->time = parse_time(&context->line, "--time", campaign_begin);
    else
        genesis->time = time(NULL);
}

// Whether the daemon would start on it.
static void check_genesis(const Points__V1__Genesis *genesis, const uint8_t *bytes, size_t size)
{
    struct canonical_fault fault;
    struct points_error error;
    if (size > ENVELOPE_BYTES_MAX)
        fail(EXIT_WRONG_USE, "the genesis would have %zu bytes; at most %d are allowed", size, ENVELOPE_BYTES_MAX);
    if (canonical_check(&points__v1__genesis__descriptor, bytes, size, &fault) != CANONICAL_OK)
        fail(EXIT_WRONG_USE, "genesis: %s: %s", fault.field, fault.problem);
    struct points_state *state = points_from_genesis(genesis, &error);
    if (!state)
        fail(EXIT_WRONG_USE, "%s", error.message);
    points_free(state);
}

// Packs a genesis whose keys, municipalities and settings stand. All policies go in, so that the ledger itself says
// what holds.
static uint8_t *pack_genesis(Points__V1__Genesis *genesis, size_t *size)
{
    uint64_t values[POLICY_COUNT];
    Points__V1__SetPolicy rows[POLICY_COUNT], *pointers[POLICY_COUNT];
    policy_defaults(values);
    for (int policy = POLICY(POLICY_NONE) + 1; policy < POLICY_COUNT; policy++) {
        points__v1__set_policy__init(&rows[policy]);
        rows[policy].policy = (Points__V1__Policy)policy;
        rows[policy].value = values[policy];
        pointers[genesis->n_policies++] = &rows[policy];
    }
    genesis->policies = pointers;
    *size = points__v1__genesis__get_packed_size(genesis);
    uint8_t *bytes = xmalloc(*size);
    points__v1__genesis__pack(genesis, bytes);
    check_genesis(genesis, bytes, *size);
    return bytes;
}

static uint8_t *make_genesis(
    struct context *context, const struct municipality_list *municipalities, struct genesis_keys *keys, size_t *size)
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
    genesis.origin = option_get(&context->line, "origin") ? (char *)option_get(&context->line, "origin") : origin;
    genesis.rules_version = POINTS_RULES_VERSION;
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

// Its name must outlive a power cut, as those of the files in it do.
static void make_folder(const char *path)
{
    struct tool_error error;
    if (mkdir(path, 0700) == 0) {
        if (!file_sync_folder_of(path, &error))
            fail_with(&error);
    } else if (errno != EEXIST) {
        fail(EXIT_FAILED, "cannot make the folder %s: %s", path, strerror(errno));
    }
}

// pointsd.conf and the socket must be able to name the folder.
static void check_folder_name(const char *absolute)
{
    enum { SOCKET_PATH_MAX = 107 };
    if (strlen(absolute) + strlen("/pointsd.sock") > SOCKET_PATH_MAX)
        fail(EXIT_WRONG_USE, "%s is too long: the path of the socket in it could have more than %d bytes", absolute,
            SOCKET_PATH_MAX);
    for (const char *at = absolute; *at; at++)
        if ((unsigned char)*at < ' ' || *at == ';')
            fail(EXIT_WRONG_USE, "%s: a configuration file cannot name a folder with ';' or a control character in it",
                absolute);
}

// The folder's absolute path; there must be nothing of a ledger in it. The caller frees.
static char *open_folder(const char *dir)
{
    static const char *const ours[] = {"ledger", "genesis", "keys/operator-1.key"};
    make_folder(dir);
    char *absolute = realpath(dir, NULL);
    if (!absolute)
        fail(EXIT_FAILED, "cannot find the folder %s: %s", dir, strerror(errno));
    check_folder_name(absolute);
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

static void say_made(struct context *context, const char *dir, size_t municipality_count, size_t key_count)
{
    Points__V1__Genesis settings = POINTS__V1__GENESIS__INIT;
    read_settings(context, &settings);
    say("made a ledger with %zu municipalities and %zu keys in %s\n  start it with: pointsd --config %s/pointsd.conf",
        municipality_count, key_count, dir, dir);
    if (settings.time_source == TIME_SOURCE(SCRIPTED))
        say("SCRIPTED time: this is a test or demonstration ledger");
}

static int run_init(struct context *context)
{
    static struct municipality_list municipalities;
    static struct genesis_keys keys;
    size_t size;
    const char *dir_text = argument_get(&context->line, 0) ? argument_get(&context->line, 0) : context->dir;
    if (!dir_text)
        fail_usage(&context->line, "in which folder?");
    municipality_list_read(option_get(&context->line, "municipalities"), &municipalities);
    list_keys(&keys, &municipalities);
    free(make_genesis(context, &municipalities, &keys, &size)); // what is wrong is said before anything is made
    char *dir = open_folder(dir_text);
    make_keys(&keys, dir);
    uint8_t *genesis = make_genesis(context, &municipalities, &keys, &size);
    write_file(dir, "genesis", genesis, size);
    create_ledger(dir, &keys, genesis, size);
    write_configuration(dir);
    say_made(context, dir, municipalities.count, keys.count);
    free_keys(&keys);
    municipality_list_free(&municipalities);
    free(genesis);
    free(dir);
    return EXIT_SUCCESS;
}

static int run_keygen(struct context *context)
{
    struct keyfile_error error;
    struct keyfile key;
    char hex[2 * KEY_BYTES + 1];
    const char *path = argument_xget(&context->line, 0), *holder = option_get(&context->line, "holder");
    if (!keyfile_create(path, holder ? holder : "its holder", &key, &error))
        fail(EXIT_FAILED, "%s", error.message);
    sodium_bin2hex(hex, sizeof hex, key.public_key, KEY_BYTES);
    puts(hex);
    keyfile_free(&key);
    return EXIT_SUCCESS;
}

const struct command commands_init[] = {
    {"init", "[DIR] [--origin NAME] [--time-source system|scripted] [--time TIME] [--municipalities FILE]",
        "make keys, genesis and an empty ledger in a folder, and the daemon's configuration", NULL, 0, run_init},
    {"keygen", "FILE [--holder TEXT]", "make a key: FILE holds the secret, the .pub beside it the public key", NULL, 0,
        run_keygen},
    {0},
};
