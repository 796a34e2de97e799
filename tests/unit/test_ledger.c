// The ledger through its front door, and what its check says when somebody has been at the database behind its back.
#include "ledger/hash.h"
#include "ledger/ledger.h"
#include "ledger/proof_file.h"
#include "ledger/tiles.h"
#include "ledger/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>
#include <sodium.h>

enum { GENESIS_TIME = 1636642800, GENESIS_DAY = 18943, BLOCKS = 9, BIG_ENVELOPE = 50000 };

static char base[] = "/tmp/test_ledger.XXXXXX";
static char dir[64];
static struct note_signer signer;
static struct ledger_error error;
static uint8_t genesis[1024];
static size_t genesis_size;
static uint8_t signature_key[KEY_BYTES] = {1, 2, 3}, signature_bytes[SIGNATURE_BYTES] = {4, 5, 6};
static Points__V1__Signature signature = {
    .base = PROTOBUF_C_MESSAGE_INIT(&points__v1__signature__descriptor),
    .key = {KEY_BYTES, signature_key},
    .signature = {SIGNATURE_BYTES, signature_bytes},
};
static const Points__V1__Signature *const signatures[] = {&signature, &signature, &signature, &signature, &signature};

#define assert_message(part) assert_non_null(strstr(error.message, part))
#define assert_done(call)                                                                                              \
    do {                                                                                                               \
        error.message[0] = '\0';                                                                                       \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s", #call, error.message);                                                                  \
    } while (0)

// ---- making ledgers

static void make_genesis(void)
{
    Points__V1__Genesis message = POINTS__V1__GENESIS__INIT;
    Points__V1__Municipality sapporo = POINTS__V1__MUNICIPALITY__INIT, *municipalities[] = {&sapporo};
    Points__V1__RegisterKey keys[3], *key_list[3];
    uint8_t key_bytes[3][KEY_BYTES] = {{1}, {2}, {3}};
    sapporo.code = 11002;
    sapporo.name_ja = "札幌市";
    sapporo.name_en = "Sapporo";
    for (int i = 0; i < 3; i++) {
        points__v1__register_key__init(&keys[i]);
        keys[i].key = (ProtobufCBinaryData){KEY_BYTES, key_bytes[i]};
        keys[i].role = ROLE(OPERATOR);
        keys[i].holder = i ? "Suzuki" : "Sato";
        key_list[i] = &keys[i];
    }
    message.nonce = (ProtobufCBinaryData){ID_BYTES, signature_bytes};
    message.origin = "points.example.jp/ledger";
    message.time_source = TIME_SOURCE(SCRIPTED);
    message.time = GENESIS_TIME;
    message.rules_version = 1;
    message.checkpoint_key = (ProtobufCBinaryData){KEY_BYTES, signer.verifier.key};
    message.n_municipalities = 1;
    message.municipalities = municipalities;
    message.n_keys = 3;
    message.keys = key_list;
    assert_true(points__v1__genesis__get_packed_size(&message) <= sizeof genesis);
    genesis_size = points__v1__genesis__pack(&message, genesis);
}

static int set_up_all(void **state)
{
    (void)state;
    uint8_t seed[crypto_sign_SEEDBYTES] = {9};
    strcpy(signer.verifier.name, "points.example.jp/ledger");
    crypto_sign_seed_keypair(signer.verifier.key, signer.secret, seed);
    make_genesis();
    return mkdtemp(base) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
    (void)stat, (void)type, (void)walk;
    return remove(path);
}

static int tear_down_all(void **state)
{
    (void)state;
    return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int set_up(void **state) // a name for a folder that is not there yet
{
    (void)state;
    static int number;
    snprintf(dir, sizeof dir, "%s/%d", base, ++number);
    return 0;
}

static bool create(void)
{
    return ledger_create(dir, genesis, genesis_size, signatures, 2, &error);
}

static struct ledger *open_writer(void)
{
    struct ledger *ledger = ledger_open(dir, LEDGER_WRITE, &error);
    if (!ledger)
        fail_msg("%s", error.message);
    ledger_set_signers(ledger, (const struct note_signer *const[]){&signer}, 1);
    return ledger;
}

// Block n >= 1 has n transactions: their sequence numbers begin at 1 + 0 + 1 + … + (n - 1).
static uint64_t first_sequence_of(uint64_t index)
{
    return 1 + index * (index - 1) / 2;
}

// Bytes of a block; the ledger does not look into them. Every third one is too large for one page of LMDB.
static size_t make_envelope(uint64_t index, uint8_t *bytes)
{
    size_t size = index % 3 == 0 ? BIG_ENVELOPE : 100 + index;
    memset(bytes, (int)index, size);
    return size;
}

static bool append(struct ledger *ledger, uint64_t index, size_t count)
{
    static uint8_t bytes[BLOCKS][BIG_ENVELOPE], outcomes[] = "outcomes";
    struct ledger_block blocks[BLOCKS];
    assert_true(count <= BLOCKS);
    for (size_t i = 0; i < count; i++)
        blocks[i] = (struct ledger_block){.rules_version = 1,
            .first_sequence = first_sequence_of(index + i),
            .count = (uint32_t)(index + i),
            .time = GENESIS_TIME + (int64_t)(index + i) / 2,
            .envelope = bytes[i],
            .envelope_size = make_envelope(index + i, bytes[i]),
            .outcomes = outcomes,
            .outcomes_size = sizeof outcomes,
            .signatures = signatures,
            .signature_count = 1 + i % 4};
    return ledger_append(ledger, blocks, count, &error);
}

static void make_ledger(void)
{
    assert_done(create());
    struct ledger *ledger = open_writer();
    assert_done(append(ledger, 1, 3));
    assert_done(append(ledger, 4, BLOCKS - 4));
    assert_int_equal(ledger_size(ledger), BLOCKS);
    ledger_close(ledger);
}

static bool check_block(
    struct ledger_reading *reading, uint64_t index, struct ledger_heading *before, struct tree_edge *edge)
{
    struct ledger_record record;
    struct ledger_heading heading;
    if (ledger_read_block(reading, index, &record, &error) != 1 ||
        !ledger_check_header(&record, index, &heading, &error) ||
        !ledger_check_place(reading, &heading, index ? before : NULL, edge, &error) ||
        !ledger_check_body(&record, index, &error))
        return false;
    *before = heading;
    return true;
}

// The whole walk of an auditor.
static bool check(void)
{
    error.message[0] = '\0';
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    if (!ledger)
        return false;
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    struct tree_edge edge = {0};
    struct ledger_heading before;
    bool good = reading;
    for (uint64_t i = 0; good && i < ledger_read_size(reading); i++)
        good = check_block(reading, i, &before, &edge);
    good = good && ledger_check_end(reading, &edge, &signer.verifier, 1, &error);
    ledger_read_end(reading);
    ledger_close(ledger);
    return good;
}

// ---- creating, opening, appending, reading

static void test_create(void **state)
{
    (void)state;
    assert_done(create());
    assert_done(check());
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    assert_non_null(ledger);
    assert_int_equal(ledger_size(ledger), 1);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    struct ledger_record record;
    assert_int_equal(ledger_read_block(reading, 0, &record, &error), 1);
    assert_int_equal(record.envelope_size, genesis_size);
    assert_memory_equal(record.envelope, genesis, genesis_size);
    assert_int_equal(record.outcomes_size, 0);
    uint8_t leaf[HASH_BYTES];
    hash_leaf(record.header, record.header_size, leaf);
    assert_memory_equal(leaf, ledger_id(ledger), HASH_BYTES);
    Points__V1__BlockHeader *header = points__v1__block_header__unpack(NULL, record.header_size, record.header);
    assert_int_equal(header->time, GENESIS_TIME);
    assert_int_equal(header->rules_version, 1);
    assert_int_equal(header->first_sequence, 1);
    assert_int_equal(header->n_signatures, 2);
    points__v1__block_header__free_unpacked(header, NULL);
    char note[NOTE_BYTES_MAX];
    assert_false(ledger_read_checkpoint(reading, note, &error));
    assert_message("no checkpoint yet");
    struct ledger_place place;
    assert_int_equal(ledger_read_sequence(reading, ledger_read_size(reading), 1, &place, &error), 0);
    ledger_read_end(reading);
    assert_false(append(ledger, 1, 1));
    assert_message("not open for writing");
    ledger_close(ledger);
    assert_false(create());
    assert_message("already");
    assert_done(check());
}

static void test_create_refused(void **state)
{
    (void)state;
    genesis[genesis_size] = 0; // a field with number 0
    assert_false(ledger_create(dir, genesis, genesis_size + 1, signatures, 1, &error));
    assert_message("malformed");
    assert_false(ledger_create(dir, genesis, 0, signatures, 1, &error));
    assert_int_not_equal(access(dir, F_OK), 0);
}

static void test_create_too_many_signatures(void **state)
{
    (void)state;
    static const Points__V1__Signature *many[20];
    for (int i = 0; i < 20; i++)
        many[i] = &signature;
    assert_false(ledger_create(dir, genesis, genesis_size, many, 20, &error));
    assert_message("signatures of block 0");
    assert_null(ledger_open(dir, LEDGER_READ, &error)); // what is left is no ledger
    assert_message("no ledger in");
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("no ledger in");
    assert_done(create()); // and no obstacle
    assert_done(check());
}

static void test_open_nothing(void **state)
{
    (void)state;
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("no ledger in");
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("no ledger in");
    assert_null(ledger_open(dir, LEDGER_READ, &error));
    assert_int_equal(rmdir(dir), 0); // nothing was made in it
    assert_int_equal(mkdir(dir, 0700), 0);
    char path[128];
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 9000; i++)
        fputc('x', file);
    fclose(file);
    assert_null(ledger_open(dir, LEDGER_READ, &error));
    assert_message("no LMDB database");
    assert_false(create());
    assert_message("no LMDB database");
}

static void assert_block(struct ledger_reading *reading, uint64_t index)
{
    static uint8_t envelope[BIG_ENVELOPE];
    struct ledger_record record;
    assert_int_equal(ledger_read_block(reading, index, &record, &error), 1);
    size_t size = make_envelope(index, envelope);
    assert_int_equal(record.envelope_size, size);
    assert_memory_equal(record.envelope, envelope, size);
    assert_int_equal(record.outcomes_size, sizeof "outcomes");
    assert_memory_equal(record.outcomes, "outcomes", sizeof "outcomes");
}

static void assert_sequences(struct ledger_reading *reading, uint64_t blocks)
{
    struct ledger_record same;
    struct ledger_place found;
    for (uint64_t index = 1; index < blocks; index++)
        for (uint64_t i = 0; i < index; i++) {
            assert_int_equal(
                ledger_read_sequence(reading, ledger_read_size(reading), first_sequence_of(index) + i, &found, &error),
                1);
            assert_int_equal(found.block, index);
            assert_int_equal(found.position, i);
            assert_int_equal(ledger_read_block(reading, index, &same, &error), 1);
            assert_ptr_equal(found.record.header, same.header);
        }
    assert_int_equal(ledger_read_sequence(reading, ledger_read_size(reading), 0, &found, &error), 0);
    assert_int_equal(
        ledger_read_sequence(reading, ledger_read_size(reading), first_sequence_of(blocks), &found, &error), 0);
    assert_int_equal(ledger_read_sequence(reading, ledger_read_size(reading), UINT64_MAX, &found, &error), 0);
}

static void test_append_and_read(void **state)
{
    (void)state;
    make_ledger();
    struct ledger *ledger = open_writer(); // goes on where the other stopped
    assert_int_equal(ledger_size(ledger), BLOCKS);
    struct ledger_reading *before = ledger_read_begin(ledger, &error);
    assert_done(append(ledger, BLOCKS, 2));
    assert_int_equal(ledger_size(ledger), BLOCKS + 2);
    assert_int_equal(ledger_read_size(before), BLOCKS); // a reading stays where it began
    struct ledger_record record;
    assert_int_equal(ledger_read_block(before, BLOCKS, &record, &error), 0);
    assert_null(ledger_read_begin(ledger, &error));
    assert_message("reading open already");
    ledger_read_end(before);

    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    for (uint64_t i = 1; i < BLOCKS + 2; i++)
        assert_block(reading, i);
    assert_int_equal(ledger_read_block(reading, BLOCKS + 2, &record, &error), 0);
    assert_int_equal(ledger_read_block(reading, UINT64_MAX, &record, &error), 0);
    assert_sequences(reading, BLOCKS + 2);
    ledger_read_end(reading);
    uint64_t room;
    assert_done(ledger_room(ledger, &room, &error));
    assert_in_range(room, 1, (uint64_t)1 << 40);
    ledger_close(ledger);
    assert_done(check());
}

static void test_append_refused(void **state)
{
    (void)state;
    make_ledger();
    struct ledger *ledger = ledger_open(dir, LEDGER_WRITE, &error);
    assert_non_null(ledger);
    assert_false(append(ledger, BLOCKS, 1));
    assert_message("no key for checkpoints");
    ledger_set_signers(ledger, (const struct note_signer *const[]){&signer}, 1);
    assert_false(append(ledger, BLOCKS + 1, 1));
    assert_message("sequence number");
    struct ledger_block block = {.first_sequence = first_sequence_of(BLOCKS), .count = 1, .time = GENESIS_TIME - 1};
    assert_false(ledger_append(ledger, &block, 1, &error));
    assert_message("older");
    block.count = 0;
    assert_false(ledger_append(ledger, &block, 1, &error));
    assert_message("0 transactions");
    assert_int_equal(ledger_size(ledger), BLOCKS);
    assert_done(append(ledger, BLOCKS, 1)); // nothing was written, nothing is in the way
    ledger_close(ledger);
    assert_done(check());
}

static void test_checkpoint_alone(void **state)
{
    (void)state;
    assert_done(create());
    struct ledger *ledger = open_writer();
    assert_done(ledger_append(ledger, NULL, 0, &error));
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    char note[NOTE_BYTES_MAX];
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    assert_done(ledger_read_checkpoint(reading, note, &error));
    assert_true(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
    assert_int_equal(checkpoint.size, 1);
    assert_memory_equal(checkpoint.root, ledger_id(ledger), HASH_BYTES);
    ledger_read_end(reading);
    ledger_close(ledger);
    assert_done(check());
}

static void test_lock(void **state)
{
    (void)state;
    make_ledger();
    struct ledger *writer = open_writer();
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("in use by another process");
    assert_null(ledger_open(dir, LEDGER_READ, &error));
    assert_message("in use by pointsd or points-audit follow");
    assert_false(create());
    assert_message("in use by another process");
    ledger_close(writer);

    struct ledger *reader = ledger_open(dir, LEDGER_READ, &error);
    assert_non_null(reader);
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("in use by another process");
    ledger_close(reader);
    ledger_close(open_writer());
}

static void test_read_writes_nothing(void **state)
{
    (void)state;
    make_ledger();
    char path[128];
    static const char *const others[] = {"ledger.lock", "lock.mdb"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, others[i]);
        assert_int_equal(remove(path), 0);
    }
    assert_done(check());
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, others[i]);
        assert_int_not_equal(access(path, F_OK), 0);
    }
}

// ---- texts

// A block of one transaction, with texts to keep and to erase.
static bool append_texts(struct ledger *ledger, uint64_t sequence, const struct ledger_text *texts, size_t text_count,
    const uint64_t *erased, size_t erased_count)
{
    struct ledger_block block = {.rules_version = 1,
        .first_sequence = sequence,
        .count = 1,
        .time = GENESIS_TIME,
        .envelope = genesis,
        .envelope_size = genesis_size,
        .signatures = signatures,
        .signature_count = 1,
        .texts = texts,
        .text_count = text_count,
        .erased_texts = erased,
        .erased_count = erased_count};
    return ledger_append(ledger, &block, 1, &error);
}

// `bytes` NULL: there is none.
static void assert_text(struct ledger *ledger, uint64_t sequence, const uint8_t *bytes, size_t size)
{
    struct ledger_text text;
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    assert_int_equal(ledger_read_text(reading, sequence, &text, &error), bytes != NULL);
    if (bytes) {
        assert_int_equal(text.sequence, sequence);
        assert_int_equal(text.size, size);
        assert_memory_equal(text.bytes, bytes, size);
    }
    ledger_read_end(reading);
}

static void assert_text_count(struct ledger *ledger, uint64_t expected)
{
    uint64_t count;
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    assert_done(ledger_read_text_count(reading, &count, &error));
    assert_int_equal(count, expected);
    ledger_read_end(reading);
}

static void test_texts(void **state)
{
    (void)state;
    static uint8_t large[NOTICE_TEXT_BYTES_MAX] = "large";
    const uint8_t *small = (const uint8_t *)"a";
    assert_done(create());
    struct ledger *ledger = open_writer();
    assert_text_count(ledger, 0);
    assert_done(append_texts(ledger, 1, &(struct ledger_text){1, small, 1}, 1, NULL, 0));
    assert_done(append_texts(ledger, 2, &(struct ledger_text){2, large, sizeof large}, 1, NULL, 0));
    assert_text(ledger, 1, small, 1);
    assert_text(ledger, 2, large, sizeof large);
    assert_text(ledger, 3, NULL, 0);
    ledger_close(ledger);

    ledger = open_writer(); // they outlive the process; the last one erased leaves room for the next
    assert_done(append_texts(ledger, 3, NULL, 0, (const uint64_t[]){2}, 1));
    assert_done(append_texts(ledger, 4, &(struct ledger_text){4, small, 1}, 1, NULL, 0));
    assert_text(ledger, 2, NULL, 0);
    assert_text(ledger, 4, small, 1);
    assert_text_count(ledger, 2);
    assert_done(append_texts(ledger, 5, &(struct ledger_text){5, small, 1}, 1, (const uint64_t[]){1, 5}, 2));
    assert_text(ledger, 5, NULL, 0); // posted and erased in one block
    assert_text_count(ledger, 1);
    ledger_close(ledger);
    assert_done(check());
}

static void test_texts_all_or_none(void **state)
{
    (void)state;
    const uint8_t *small = (const uint8_t *)"a";
    assert_done(create());
    struct ledger *ledger = open_writer();
    assert_done(append_texts(ledger, 1, &(struct ledger_text){1, small, 1}, 1, NULL, 0));
    assert_false(append_texts(ledger, 2, &(struct ledger_text){2, small, 1}, 1, (const uint64_t[]){7}, 1));
    assert_message("a record is missing");
    assert_false(append_texts(ledger, 2, &(struct ledger_text){1, small, 1}, 1, NULL, 0));
    assert_int_equal(ledger_size(ledger), 2);
    assert_text_count(ledger, 1);
    assert_done(append_texts(ledger, 2, NULL, 0, (const uint64_t[]){1}, 1));
    assert_text_count(ledger, 0);
    ledger_close(ledger);
    assert_done(check());
}

// ---- copies

static off_t file_size(const char *in)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/data.mdb", in);
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static bool file_holds(const char *in, const char *text)
{
    char path[128];
    off_t size = file_size(in);
    char *bytes = malloc((size_t)size);
    snprintf(path, sizeof path, "%s/data.mdb", in);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    bool holds = memmem(bytes, (size_t)size, text, strlen(text)) != NULL;
    free(bytes);
    return holds;
}

static void make_folder(char name[80], const char *suffix)
{
    snprintf(name, 80, "%s%s", dir, suffix);
    assert_int_equal(mkdir(name, 0700), 0);
}

// The records of two ledgers are the same bytes.
static void assert_same(const char *other)
{
    struct ledger *ledgers[] = {ledger_open(dir, LEDGER_READ, &error), ledger_open(other, LEDGER_READ, &error)};
    struct ledger_reading *readings[2];
    struct ledger_record records[2];
    char notes[2][NOTE_BYTES_MAX];
    for (int i = 0; i < 2; i++) {
        assert_non_null(ledgers[i]);
        readings[i] = ledger_read_begin(ledgers[i], &error);
        assert_done(ledger_read_checkpoint(readings[i], notes[i], &error));
    }
    assert_int_equal(ledger_size(ledgers[0]), ledger_size(ledgers[1]));
    assert_string_equal(notes[0], notes[1]);
    for (uint64_t index = 0; index < ledger_size(ledgers[0]); index++) {
        for (int i = 0; i < 2; i++)
            assert_int_equal(ledger_read_block(readings[i], index, &records[i], &error), 1);
        assert_int_equal(records[0].header_size, records[1].header_size);
        assert_memory_equal(records[0].header, records[1].header, records[0].header_size);
        assert_int_equal(records[0].envelope_size, records[1].envelope_size);
        assert_memory_equal(records[0].envelope, records[1].envelope, records[0].envelope_size);
        assert_int_equal(records[0].outcomes_size, records[1].outcomes_size);
    }
    for (int i = 0; i < 2; i++) {
        ledger_read_end(readings[i]);
        ledger_close(ledgers[i]);
    }
}

static void test_copy_of_a_ledger_in_use(void **state)
{
    (void)state;
    static const char secret[] = "what was said and must be forgotten";
    char copy[80];
    assert_done(create());
    struct ledger *writer = open_writer();
    const struct ledger_text text = {1, (const uint8_t *)secret, strlen(secret)};
    assert_done(append_texts(writer, 1, &text, 1, NULL, 0));
    assert_done(append_texts(writer, 2, &(struct ledger_text){2, (const uint8_t *)"kept", 4}, 1, NULL, 0));
    assert_done(append_texts(writer, 3, NULL, 0, (const uint64_t[]){1}, 1));
    assert_true(file_holds(dir, secret)); // in a page that is not used any more
    make_folder(copy, ".copy");
    pid_t child = fork(); // LMDB wants no environment twice in a process
    if (child == 0) {
        struct ledger *live = ledger_open(dir, LEDGER_LIVE, &error);
        _exit(!live || !ledger_copy(live, copy, &error));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ledger_close(writer);
    assert_same(copy);
    assert_false(file_holds(copy, secret));
    assert_true(file_holds(copy, "kept"));
    struct ledger *reader = ledger_open(copy, LEDGER_READ, &error);
    assert_text(reader, 2, (const uint8_t *)"kept", 4);
    assert_text_count(reader, 1);
    ledger_close(reader);
}

static void test_copy_refused(void **state)
{
    (void)state;
    char copy[80];
    make_ledger();
    make_folder(copy, ".copy");
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    assert_done(ledger_copy(ledger, copy, &error));
    assert_false(ledger_copy(ledger, copy, &error));
    assert_message("holds a ledger or another LMDB database already");
    assert_false(ledger_copy(ledger, "/nowhere/at/all", &error));
    ledger_close(ledger);
    assert_same(copy);
}

// A reader that is killed in the middle of a copy pins the pages of its moment only until the writer looks.
static void test_a_killed_reader_is_forgotten(void **state)
{
    (void)state;
    enum { COMMITS = 2000, COMMITS_PINNED = 256, PAGES_A_COMMIT = 16, PAGE = 4096 };
    int ready[2];
    char byte;
    assert_done(create());
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct ledger *live = ledger_open(dir, LEDGER_LIVE, &error);
        if (!live || !ledger_read_begin(live, &error) || write(ready[1], "", 1) != 1)
            _exit(1);
        pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct ledger *writer = open_writer(); // which forgets only the dead
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (uint64_t i = 0; i < COMMITS; i++)
        assert_done(append_texts(writer, 1 + i, NULL, 0, NULL, 0));
    ledger_close(writer);
    off_t records = COMMITS * 2 * PAGE / 4; // some 1,000 bytes a block
    assert_in_range(file_size(dir), 0, (uintmax_t)records + COMMITS_PINNED * PAGES_A_COMMIT * PAGE);
    close(ready[0]);
    close(ready[1]);
}

// ---- mirrors

// Puts blocks of the ledger in `dir`, from the mirror's size to `end`, into a mirror.
static int mirror_blocks(struct ledger_mirroring *mirroring, struct ledger_reading *reading, uint64_t end)
{
    struct ledger_record record;
    int taken = 1;
    while (taken == 1 && ledger_mirror_size(mirroring) < end) {
        assert_int_equal(ledger_read_block(reading, ledger_mirror_size(mirroring), &record, &error), 1);
        taken = ledger_mirror_block(mirroring, &record, NULL, 0, NULL, 0);
    }
    return taken;
}

static void sign(struct ledger *ledger, uint64_t size, const struct note_signer *by, char note[NOTE_BYTES_MAX])
{
    uint8_t root[HASH_BYTES];
    assert_done(ledger_root_at(ledger, size, root, &error));
    note_sign_checkpoint(&by, 1, size, root, note);
}

static struct ledger *open_mirror(char name[80])
{
    snprintf(name, 80, "%s.mirror", dir);
    assert_done(ledger_create(name, genesis, genesis_size, signatures, 2, &error));
    struct ledger *mirror = ledger_open(name, LEDGER_WRITE, &error);
    assert_non_null(mirror);
    return mirror;
}

static void test_mirror(void **state)
{
    (void)state;
    char name[80], note[NOTE_BYTES_MAX];
    make_ledger();
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error), *mirror = open_mirror(name);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    const uint64_t ends[] = {2, 3, BLOCKS};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct ledger_mirroring *mirroring = ledger_mirror_begin(mirror, &error);
        assert_non_null(mirroring);
        assert_int_equal(mirror_blocks(mirroring, reading, ends[i]), 1);
        sign(ledger, ends[i], &signer, note);
        assert_int_equal(ledger_mirror_commit(mirroring, note, &signer.verifier, 1), 1);
        assert_int_equal(ledger_size(mirror), ends[i]);
    }
    ledger_read_end(reading);
    ledger_close(ledger);
    ledger_close(mirror);
    assert_same(name);
}

static void assert_mirror_refuses(struct ledger *mirror, struct ledger_reading *reading, const char *note)
{
    struct ledger_mirroring *mirroring = ledger_mirror_begin(mirror, &error);
    assert_int_equal(mirror_blocks(mirroring, reading, 4), 1);
    assert_int_equal(ledger_mirror_commit(mirroring, note, &signer.verifier, 1), 0);
    assert_int_equal(ledger_size(mirror), 1);
}

static void test_mirror_takes_only_what_is_signed(void **state)
{
    (void)state;
    char name[80], note[NOTE_BYTES_MAX];
    struct note_signer other = signer;
    const uint8_t seed[crypto_sign_SEEDBYTES] = {10}, root[HASH_BYTES] = {0};
    crypto_sign_seed_keypair(other.verifier.key, other.secret, seed);
    make_ledger();
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error), *mirror = open_mirror(name);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    note_sign_checkpoint((const struct note_signer *const[]){&signer}, 1, 4, root, note);
    assert_mirror_refuses(mirror, reading, note);
    assert_message("not those of the checkpoint");
    ledger_read_end(reading); // a thread has one reading at a time
    sign(ledger, 4, &other, note);
    reading = ledger_read_begin(ledger, &error);
    assert_mirror_refuses(mirror, reading, note);
    assert_message("not signed by");
    ledger_read_end(reading);
    sign(ledger, 5, &signer, note);
    reading = ledger_read_begin(ledger, &error);
    assert_mirror_refuses(mirror, reading, note);
    assert_message("4 blocks are not those of the checkpoint, which speaks of 5");
    ledger_read_end(reading);
    ledger_close(ledger);
    ledger_close(mirror);
}

static void test_mirror_takes_only_whole_blocks_in_order(void **state)
{
    (void)state;
    static uint8_t other[BIG_ENVELOPE];
    char name[80];
    make_ledger();
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error), *mirror = open_mirror(name);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    struct ledger_record record;
    for (int what = 0; what < 4; what++) {
        struct ledger_mirroring *mirroring = ledger_mirror_begin(mirror, &error);
        assert_int_equal(ledger_read_block(reading, what == 0 ? 2 : 1, &record, &error), 1);
        if (what == 1)
            record.envelope = other;
        else if (what == 2)
            record.outcomes = other;
        else if (what == 3)
            record.header_size--;
        assert_int_equal(ledger_mirror_block(mirroring, &record, NULL, 0, NULL, 0), 0);
        assert_message("block 1");
        assert_int_equal(ledger_read_block(reading, 1, &record, &error), 1);
        assert_int_equal(ledger_mirror_block(mirroring, &record, NULL, 0, NULL, 0), -1);
        ledger_mirror_abort(mirroring);
    }
    ledger_read_end(reading);
    ledger_close(ledger);
    ledger_close(mirror);
}

// ---- kept checkpoints

static void assert_kept(struct ledger_reading *reading, uint64_t blocks, int found, uint64_t size)
{
    char note[NOTE_BYTES_MAX];
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    assert_int_equal(ledger_read_kept(reading, LEDGER_CHECKPOINTS, blocks, note, &error), found);
    if (found == 1) {
        assert_true(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
        assert_int_equal(checkpoint.size, size);
    }
}

static void test_kept_checkpoints(void **state) // blocks 1 and 2 on one day, 3 and 4 on the second, 5 three days later
{
    (void)state;
    static const int days[] = {0, 0, 0, 1, 1, 4};
    assert_done(create());
    struct ledger *ledger = open_writer();
    assert_done(ledger_append(ledger, NULL, 0, &error));
    for (uint64_t i = 1; i < sizeof days / sizeof *days; i++) {
        uint8_t bytes[BIG_ENVELOPE];
        struct ledger_block block = {.rules_version = 1,
            .first_sequence = first_sequence_of(i),
            .count = (uint32_t)i,
            .time = GENESIS_TIME + days[i] * 86400,
            .envelope = bytes,
            .envelope_size = make_envelope(i, bytes),
            .signatures = signatures,
            .signature_count = 1};
        assert_done(ledger_append(ledger, &block, 1, &error));
    }
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    assert_kept(reading, UINT64_MAX, 1, 6);
    assert_kept(reading, 6, 1, 6);
    assert_kept(reading, 5, 1, 5);
    assert_kept(reading, 4, 1, 3);
    assert_kept(reading, 3, 1, 3);
    assert_kept(reading, 2, 0, 0);
    uint64_t day = 0, found[4], count = 0;
    char note[NOTE_BYTES_MAX];
    while (ledger_read_kept_day(reading, LEDGER_CHECKPOINTS, &day, note, &error) == 1)
        found[count++] = day++;
    assert_int_equal(count, 3);
    assert_int_equal(found[0], GENESIS_DAY);
    assert_int_equal(found[1], GENESIS_DAY + 1);
    assert_int_equal(found[2], GENESIS_DAY + 4);
    assert_int_equal(ledger_read_kept(reading, LEDGER_COSIGNED, UINT64_MAX, note, &error), 0);
    ledger_read_end(reading);
    ledger_close(ledger);
    assert_done(check());
}

// ---- proofs

static bool read_node(void *context, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    return ledger_read_node(context, level, position, hash, &error);
}

static void test_proofs(void **state)
{
    (void)state;
    make_ledger();
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    uint8_t proof[TREE_PROOF_MAX][HASH_BYTES], root[HASH_BYTES], old_root[HASH_BYTES], leaf[HASH_BYTES];
    const uint8_t(*given)[HASH_BYTES] = (const uint8_t(*)[HASH_BYTES])proof;
    char note[NOTE_BYTES_MAX];
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    size_t count;
    assert_done(ledger_read_checkpoint(reading, note, &error));
    assert_true(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
    assert_true(tree_root_at(BLOCKS, read_node, reading, root));
    assert_memory_equal(root, checkpoint.root, HASH_BYTES);
    for (uint64_t i = 0; i < BLOCKS; i++) {
        struct ledger_record record;
        assert_int_equal(ledger_read_block(reading, i, &record, &error), 1);
        hash_leaf(record.header, record.header_size, leaf);
        assert_true(tree_prove_inclusion(i, BLOCKS, read_node, reading, proof, &count));
        assert_true(tree_check_inclusion(i, BLOCKS, leaf, given, count, checkpoint.root));
        assert_true(tree_root_at(i + 1, read_node, reading, old_root));
        assert_true(tree_prove_consistency(i + 1, BLOCKS, read_node, reading, proof, &count));
        assert_true(tree_check_consistency(i + 1, BLOCKS, old_root, root, given, count));
    }
    assert_false(ledger_read_node(reading, 0, BLOCKS, leaf, &error));
    assert_message("has no node");
    assert_false(ledger_read_node(reading, 4, 0, leaf, &error));
    assert_false(ledger_read_node(reading, 64, 0, leaf, &error));
    assert_false(ledger_read_node(reading, 0, UINT64_MAX, leaf, &error));
    assert_false(ledger_read_node(reading, 63, 2, leaf, &error));
    ledger_read_end(reading);
    ledger_close(ledger);
}

// ---- damage, done with LMDB's own means

static const uint8_t *key_of(uint64_t index)
{
    static uint8_t key[8];
    for (int i = 7; i >= 0; i--, index >>= 8)
        key[i] = (uint8_t)index;
    return key;
}

struct raw {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;
};

static struct raw raw_open(const char *table)
{
    struct raw raw;
    assert_int_equal(mdb_env_create(&raw.env), 0);
    assert_int_equal(mdb_env_set_mapsize(raw.env, (size_t)1 << 40), 0);
    assert_int_equal(mdb_env_set_maxdbs(raw.env, 8), 0);
    assert_int_equal(mdb_env_open(raw.env, dir, MDB_NOSYNC, 0600), 0);
    assert_int_equal(mdb_txn_begin(raw.env, NULL, 0, &raw.txn), 0);
    assert_int_equal(mdb_dbi_open(raw.txn, table, MDB_CREATE, &raw.table), 0);
    return raw;
}

static void raw_close(struct raw *raw)
{
    assert_int_equal(mdb_txn_commit(raw->txn), 0);
    mdb_env_close(raw->env);
}

static size_t raw_get(const char *table, const void *key, size_t key_size, uint8_t *bytes)
{
    struct raw raw = raw_open(table);
    MDB_val raw_key = {key_size, (void *)key}, value;
    assert_int_equal(mdb_get(raw.txn, raw.table, &raw_key, &value), 0);
    memcpy(bytes, value.mv_data, value.mv_size);
    size_t size = value.mv_size;
    raw_close(&raw);
    return size;
}

static void raw_put(const char *table, const void *key, size_t key_size, const uint8_t *bytes, size_t size)
{
    struct raw raw = raw_open(table);
    MDB_val raw_key = {key_size, (void *)key}, value = {size, (void *)bytes};
    assert_int_equal(mdb_put(raw.txn, raw.table, &raw_key, &value, 0), 0);
    raw_close(&raw);
}

static void raw_delete(const char *table, const void *key, size_t key_size)
{
    struct raw raw = raw_open(table);
    MDB_val raw_key = {key_size, (void *)key};
    assert_int_equal(mdb_del(raw.txn, raw.table, &raw_key, NULL), 0);
    raw_close(&raw);
}

// Flips every `step`-th bit of a record, cuts it short and makes it longer; the check must find each.
static void assert_damage_found(const char *table, const void *key, size_t key_size, size_t step, const char *names)
{
    static uint8_t bytes[2 * BIG_ENVELOPE];
    size_t size = raw_get(table, key, key_size, bytes);
    for (size_t bit = 0; bit < size * 8; bit += step) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        raw_put(table, key, key_size, bytes, size);
        if (check())
            fail_msg("bit %zu of a record of `%s` was flipped and nobody noticed", bit, table);
        assert_message(names);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes[size] = 0;
    for (size_t other = 0; other <= size + 1; other += other < 8 ? 1 : size / 20 + 1) {
        raw_put(table, key, key_size, bytes, other);
        assert_true(other == size || !check());
    }
    raw_put(table, key, key_size, bytes, size + 1);
    assert_false(check());
    raw_put(table, key, key_size, bytes, size);
    assert_done(check());
}

static void test_damage(void **state)
{
    (void)state;
    make_ledger();
    assert_done(check());
    assert_damage_found("headers", key_of(5), 8, 3, "block 5");
    assert_damage_found("headers", key_of(0), 8, 11, "block 0");
    assert_damage_found("headers", key_of(BLOCKS - 1), 8, 11, "block 8");
    assert_damage_found("bodies", key_of(2), 8, 3, "block 2");
    assert_damage_found("bodies", key_of(3), 8, 4001, "block 3");
    assert_damage_found("tree", key_of(7), 8, 3, "block 7");
    assert_damage_found("checkpoints", key_of(GENESIS_DAY), 8, 5, "checkpoint");
}

static void test_damage_by_insider(void **state) // header, leaf and all stored hashes agree; only the signature cannot
{
    (void)state;
    make_ledger();
    uint8_t header[HEADER_BYTES_MAX], leaf[HASH_BYTES];
    size_t size = raw_get("headers", key_of(BLOCKS - 1), 8, header);
    header[size - 1] ^= 1; // of a signature
    hash_leaf(header, size, leaf);
    raw_put("headers", key_of(BLOCKS - 1), 8, header, size);
    raw_put("tree", key_of(BLOCKS - 1), 8, leaf, HASH_BYTES); // block 8 completes no other subtree
    assert_false(check());
    assert_message("root");
}

static void test_damage_at_random(void **state)
{
    (void)state;
    make_ledger();
    uint8_t header[HEADER_BYTES_MAX], body[300], bytes[300];
    size_t size = raw_get("headers", key_of(4), 8, header), body_size = raw_get("bodies", key_of(4), 8, body);
    srandom(1);
    for (int i = 0; i < 300; i++) {
        size_t other = (size_t)random() % sizeof bytes;
        for (size_t j = 0; j < other; j++)
            bytes[j] = i % 2 && j < size && random() % 8 ? header[j] : (uint8_t)random();
        raw_put("headers", key_of(4), 8, bytes, other);
        assert_false(check());
        raw_put("headers", key_of(4), 8, header, size);
        raw_put("bodies", key_of(4), 8, bytes, other);
        assert_false(check());
        raw_put("bodies", key_of(4), 8, body, body_size);
    }
    assert_done(check());
}

static void test_records_missing(void **state)
{
    (void)state;
    static const char *const tables[] = {"headers", "bodies", "tree"};
    for (int i = 0; i < 3; i++) {
        for (uint64_t index = 0; index < BLOCKS; index += BLOCKS - 1) {
            set_up(state);
            make_ledger();
            raw_delete(tables[i], key_of(index), 8);
            assert_null(ledger_open(dir, LEDGER_READ, &error));
            assert_message("damaged");
            assert_null(ledger_open(dir, LEDGER_WRITE, &error));
            assert_message("damaged");
        }
    }
    set_up(state);
    make_ledger();
    raw_delete("checkpoints", key_of(GENESIS_DAY), 8);
    assert_false(check());
    assert_message("checkpoint");
}

static void test_cut_at_the_end(void **state) // the last block taken out of every table: only the checkpoint knows
{
    (void)state;
    make_ledger();
    raw_delete("headers", key_of(BLOCKS - 1), 8);
    raw_delete("bodies", key_of(BLOCKS - 1), 8);
    raw_delete("tree", key_of(BLOCKS - 1), 8);
    assert_false(check());
    assert_message("speaks of 9 blocks, the ledger has 8");
}

static void test_format(void **state)
{
    (void)state;
    make_ledger();
    raw_put("meta", "format", 6, (const uint8_t[]){0, 0, 0, 1}, 4);
    assert_null(ledger_open(dir, LEDGER_READ, &error));
    assert_message("format 1, this program reads format 3");
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("format 1, this program reads format 3");
    raw_put("meta", "format", 6, (const uint8_t[]){1}, 1);
    assert_null(ledger_open(dir, LEDGER_READ, &error));
    assert_message("damaged");
    raw_delete("meta", "format", 6);
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("no ledger");
    assert_false(create()); // but there is something
    assert_message("already");
}

static void test_writer_refuses_damage(void **state)
{
    (void)state;
    make_ledger();
    uint8_t bytes[HEADER_BYTES_MAX];
    size_t size = raw_get("headers", key_of(BLOCKS - 1), 8, bytes);
    bytes[size - 1] ^= 1;
    raw_put("headers", key_of(BLOCKS - 1), 8, bytes, size);
    assert_null(ledger_open(dir, LEDGER_WRITE, &error));
    assert_message("damaged");
}

static void test_wrong_verifier(void **state)
{
    (void)state;
    make_ledger();
    signer.verifier.key[0] ^= 1;
    assert_false(check());
    assert_message("not signed by");
    signer.verifier.key[0] ^= 1;
    assert_done(check());
}

static pthread_barrier_t all_read;

static void *read_once(void *ledger)
{
    struct ledger_error thread_error;
    struct ledger_reading *reading = ledger_read_begin(ledger, &thread_error);
    ledger_read_end(reading);
    pthread_barrier_wait(&all_read); // a thread gives its place among LMDB's readers back when it ends
    return reading;
}

static void test_many_threads_read(void **state) // as many as pointsd may have workers, and one more
{
    (void)state;
    enum { THREADS = 257 };
    pthread_t threads[THREADS];
    void *reading;
    make_ledger();
    struct ledger *ledger = open_writer();
    assert_int_equal(pthread_barrier_init(&all_read, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_once, ledger), 0);
    int good = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &reading);
        good += reading != NULL;
    }
    assert_int_equal(good, THREADS);
    pthread_barrier_destroy(&all_read);
    ledger_close(ledger);
}

// ---- proofs as files

static size_t make_proof(uint64_t index, char *text)
{
    struct proof_file proof;
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    assert_non_null(ledger);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    assert_int_equal(proof_file_make(reading, index, &proof, &error), 1);
    assert_int_equal(proof_file_make(reading, ledger_read_size(reading), &proof, &error), 0);
    assert_int_equal(proof_file_make(reading, index, &proof, &error), 1);
    size_t size = proof_file_write(&proof, text);
    assert_int_equal(size, strlen(text));
    ledger_read_end(reading);
    ledger_close(ledger);
    return size;
}

static bool check_proof(const char *text, size_t size)
{
    struct proof_file proof;
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    error.message[0] = '\0';
    bool good = proof_file_read(text, size, &proof, &error) && proof_file_check(&proof, &checkpoint, &error);
    assert_true(good || error.message[0]);
    return good && note_open_checkpoint(proof.note, &signer.verifier, 1, &checkpoint, &fault);
}

static void test_proof_file(void **state)
{
    (void)state;
    char text[PROOF_FILE_BYTES_MAX], again[PROOF_FILE_BYTES_MAX];
    struct proof_file proof;
    make_ledger();
    for (uint64_t index = 0; index < BLOCKS; index++) {
        size_t size = make_proof(index, text);
        assert_true(check_proof(text, size));
        assert_true(proof_file_read(text, size, &proof, &error));
        assert_int_equal(proof_file_write(&proof, again), size);
        assert_string_equal(again, text);
    }
}

// One form only: each bit counts, and each byte is needed.
static void test_proof_file_damaged(void **state)
{
    (void)state;
    char text[PROOF_FILE_BYTES_MAX];
    make_ledger();
    size_t size = make_proof(5, text);
    for (size_t bit = 0; bit < size * 8; bit++) {
        text[bit / 8] ^= (char)(1 << bit % 8);
        assert_false(check_proof(text, size));
        text[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_false(check_proof(text, cut));
    for (size_t at = 0; at < size; at++) {
        char byte = text[at];
        text[at] = '\0';
        assert_false(check_proof(text, size));
        text[at] = byte;
    }
    assert_true(check_proof(text, size));
}

static void test_proof_file_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "line 1: the proof is cut short"},
        {"c2sp.org/tlog-proof@v2\n", "line 1: it must be"},
        {"c2sp.org/tlog-proof@v1\nindex 1\n", "line 2: it must begin with \"extra \""},
        {"c2sp.org/tlog-proof@v1\nextra A\n", "line 2: the header is not in base64"},
        {"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 01\n", "line 3: the index is no number"},
        {"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 18446744073709551616\n", "line 3: the index is no number"},
        {"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\nAAAA\n\n", "line 4: it is no hash of 32 bytes"},
        {"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\n\nx", "the checkpoint is no note"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(check_proof(rows[i].text, strlen(rows[i].text)));
        assert_message(rows[i].message);
    }
    char text[PROOF_FILE_BYTES_MAX] = "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\n";
    for (int i = 0; i <= TREE_PROOF_MAX; i++)
        strcat(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert_false(check_proof(text, strlen(text)));
    assert_message("no path has so many hashes");
}

// A maker that is not told of damage would hand out a proof that does not hold.
static void test_proof_file_of_damage(void **state)
{
    (void)state;
    struct proof_file proof;
    make_ledger();
    uint8_t header[HEADER_BYTES_MAX];
    size_t size = raw_get("headers", key_of(4), 8, header);
    header[size - 1] ^= 1; // in a signature
    raw_put("headers", key_of(4), 8, header, size);
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    assert_non_null(ledger);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    assert_int_equal(proof_file_make(reading, 4, &proof, &error), -1);
    assert_message("the ledger is damaged: the proof that it gives does not hold");
    ledger_read_end(reading);
    ledger_close(ledger);
}

// ---- tiles

static void test_tiles_of_a_ledger(void **state)
{
    (void)state;
    static uint8_t hashes[TILE_BYTES_MAX], entries[TILE_BYTES_MAX];
    size_t hashes_size, entries_size;
    make_ledger();
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    assert_done(tile_read(reading, &(struct tile){.width = BLOCKS}, hashes, &hashes_size, &error));
    assert_done(tile_read(reading, &(struct tile){.entries = true, .width = BLOCKS}, entries, &entries_size, &error));
    assert_int_equal(hashes_size, BLOCKS * HASH_BYTES);
    const uint8_t *at = entries;
    for (uint64_t i = 0; i < BLOCKS; i++) {
        struct ledger_record record;
        uint8_t leaf[HASH_BYTES];
        assert_int_equal(ledger_read_block(reading, i, &record, &error), 1);
        assert_int_equal(at[0] << 8 | at[1], record.header_size);
        assert_memory_equal(at + 2, record.header, record.header_size);
        hash_leaf(record.header, record.header_size, leaf);
        assert_memory_equal(hashes + i * HASH_BYTES, leaf, HASH_BYTES);
        at += 2 + record.header_size;
    }
    assert_int_equal(at - entries, entries_size);
    assert_false(tile_read(reading, &(struct tile){.width = BLOCKS + 1}, hashes, &hashes_size, &error));
    assert_false(
        tile_read(reading, &(struct tile){.entries = true, .width = BLOCKS + 1}, hashes, &hashes_size, &error));
    ledger_read_end(reading);
    ledger_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_create, set_up),
        cmocka_unit_test_setup(test_create_refused, set_up),
        cmocka_unit_test_setup(test_create_too_many_signatures, set_up),
        cmocka_unit_test_setup(test_open_nothing, set_up),
        cmocka_unit_test_setup(test_append_and_read, set_up),
        cmocka_unit_test_setup(test_append_refused, set_up),
        cmocka_unit_test_setup(test_checkpoint_alone, set_up),
        cmocka_unit_test_setup(test_lock, set_up),
        cmocka_unit_test_setup(test_read_writes_nothing, set_up),
        cmocka_unit_test_setup(test_texts, set_up),
        cmocka_unit_test_setup(test_texts_all_or_none, set_up),
        cmocka_unit_test_setup(test_copy_of_a_ledger_in_use, set_up),
        cmocka_unit_test_setup(test_copy_refused, set_up),
        cmocka_unit_test_setup(test_a_killed_reader_is_forgotten, set_up),
        cmocka_unit_test_setup(test_mirror, set_up),
        cmocka_unit_test_setup(test_mirror_takes_only_what_is_signed, set_up),
        cmocka_unit_test_setup(test_mirror_takes_only_whole_blocks_in_order, set_up),
        cmocka_unit_test_setup(test_kept_checkpoints, set_up),
        cmocka_unit_test_setup(test_proofs, set_up),
        cmocka_unit_test_setup(test_damage, set_up),
        cmocka_unit_test_setup(test_damage_by_insider, set_up),
        cmocka_unit_test_setup(test_damage_at_random, set_up),
        cmocka_unit_test_setup(test_records_missing, set_up),
        cmocka_unit_test_setup(test_cut_at_the_end, set_up),
        cmocka_unit_test_setup(test_format, set_up),
        cmocka_unit_test_setup(test_writer_refuses_damage, set_up),
        cmocka_unit_test_setup(test_wrong_verifier, set_up),
        cmocka_unit_test_setup(test_many_threads_read, set_up),
        cmocka_unit_test_setup(test_proof_file, set_up),
        cmocka_unit_test_setup(test_proof_file_damaged, set_up),
        cmocka_unit_test_setup(test_proof_file_faults, set_up),
        cmocka_unit_test_setup(test_proof_file_of_damage, set_up),
        cmocka_unit_test_setup(test_tiles_of_a_ledger, set_up),
    };
    return sodium_init() < 0 || cmocka_run_group_tests_name("ledger", tests, set_up_all, tear_down_all);
}
