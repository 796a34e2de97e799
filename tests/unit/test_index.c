// The index of ids: tables that become runs, runs that are merged, folders that are damaged, against a plain list.
#include "index/id_index.h"
#include "index/run.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { TABLE_IDS = 256, PATH_BYTES = 300, HEADER_PAGE_BYTES = 4096 };

// What the ledger would know: the id of each sequence number.
struct plain_ledger {
    char dir[PATH_BYTES];
    uint8_t (*ids)[ID_BYTES]; // by sequence number
    uint64_t last;
    uint64_t asked, denied;
};

static bool holds(void *context, uint64_t sequence, const uint8_t id[ID_BYTES])
{
    struct plain_ledger *ledger = context;
    bool same = sequence <= ledger->last && memcmp(ledger->ids[sequence], id, ID_BYTES) == 0;
    ledger->asked++;
    ledger->denied += !same;
    return same;
}

// Of this ledger a block is a transaction, and its newest id stands for the root.
static void root_of(const struct plain_ledger *ledger, uint64_t blocks, uint8_t root[HASH_BYTES])
{
    memset(root, 0, HASH_BYTES);
    memcpy(root, ledger->ids[blocks], ID_BYTES);
}

static bool has_root(void *context, uint64_t blocks, const uint8_t root[HASH_BYTES])
{
    uint8_t own[HASH_BYTES];
    const struct plain_ledger *ledger = context;
    if (blocks > ledger->last)
        return false;
    root_of(ledger, blocks, own);
    return memcmp(own, root, HASH_BYTES) == 0;
}

static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15); // splitmix64
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void random_id(uint64_t number, bool ordered, uint8_t id[ID_BYTES])
{
    uint64_t state = number, halves[2] = {next_random(&state), next_random(&state)};
    memcpy(id, halves, ID_BYTES);
    for (int i = 0; ordered && i < 6; i++)
        id[i] = (uint8_t)(number / 4 >> 8 * (5 - i)); // four of a millisecond
}

static int set_up(void **context)
{
    static struct plain_ledger ledger;
    ledger = (struct plain_ledger){.dir = "/tmp/test-index-XXXXXX"};
    ledger.ids = calloc(500001, sizeof *ledger.ids);
    assert_non_null(mkdtemp(ledger.dir));
    *context = &ledger;
    return 0;
}

static void each_file(const struct plain_ledger *ledger, void (*what)(const char *path, void *data), void *data)
{
    DIR *dir = opendir(ledger->dir);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        char path[2 * PATH_BYTES];
        snprintf(path, sizeof path, "%s/%.255s", ledger->dir, entry->d_name);
        if (entry->d_name[0] != '.')
            what(path, data);
    }
    closedir(dir);
}

static void remove_file(const char *path, void *data)
{
    (void)data;
    unlink(path);
}

static int tear_down(void **context)
{
    struct plain_ledger *ledger = *context;
    each_file(ledger, remove_file, NULL);
    rmdir(ledger->dir);
    free(ledger->ids);
    return 0;
}

static void stop(const char *message)
{
    fail_msg("%s", message);
    abort();
}

static struct id_index *open_index(struct plain_ledger *ledger, size_t table_ids, bool background)
{
    struct id_index_error error;
    const struct id_index_settings settings = {.dir = ledger->dir,
        .has_root = has_root,
        .context = ledger,
        .table_ids = table_ids,
        .background = background,
        .fail = stop};
    struct id_index *index = id_index_open(&settings, &error);
    assert_non_null(index);
    return index;
}

static void now_durable(const struct plain_ledger *ledger, struct id_index *index)
{
    uint8_t root[HASH_BYTES];
    root_of(ledger, ledger->last, root);
    id_index_durable(index, ledger->last, ledger->last, root);
}

static void add(struct plain_ledger *ledger, struct id_index *index, uint64_t count, bool ordered)
{
    for (uint64_t end = ledger->last + count; ledger->last < end;) {
        uint8_t *id = ledger->ids[++ledger->last];
        random_id(ledger->last, ordered, id);
        assert_int_equal(id_index_get(index, id, holds, ledger), 0);
        now_durable(ledger, index);
        id_index_add(index, id, ledger->last);
    }
}

// What the daemon does after a start: what the runs do not cover is added again.
static void add_again(struct plain_ledger *ledger, struct id_index *index)
{
    if (ledger->last)
        now_durable(ledger, index);
    for (uint64_t sequence = id_index_covered(index) + 1; sequence <= ledger->last; sequence++)
        id_index_add(index, ledger->ids[sequence], sequence);
}

static void expect_all(struct plain_ledger *ledger, struct id_index *index)
{
    uint8_t stranger[ID_BYTES];
    for (uint64_t sequence = 1; sequence <= ledger->last; sequence++)
        assert_int_equal(id_index_get(index, ledger->ids[sequence], holds, ledger), sequence);
    for (uint64_t number = 0; number < 10000; number++) {
        random_id(UINT64_MAX / 2 + number, false, stranger);
        assert_int_equal(id_index_get(index, stranger, holds, ledger), 0);
    }
}

static void finds_all(struct plain_ledger *ledger, bool ordered, bool background)
{
    struct id_index *index = open_index(ledger, TABLE_IDS, background);
    add(ledger, index, 20000, ordered);
    expect_all(ledger, index);
    id_index_close(index);
    index = open_index(ledger, TABLE_IDS, background);
    uint64_t covered = id_index_covered(index);
    assert_true(covered <= ledger->last);
    if (!background)
        assert_true(covered > ledger->last - TABLE_IDS);
    add_again(ledger, index);
    add(ledger, index, 3000, ordered);
    expect_all(ledger, index);
    id_index_close(index);
}

static void random_ids_are_found(void **context)
{
    finds_all(*context, false, false);
}

static void ordered_ids_are_found(void **context)
{
    finds_all(*context, true, false);
}

static void a_thread_of_its_own_keeps_it(void **context)
{
    finds_all(*context, false, true);
}

// Among so many ids some share the half of the hash that a run keeps: the ledger decides.
static void ids_that_collide_are_told_apart(void **context)
{
    struct plain_ledger *ledger = *context;
    struct id_index *index = open_index(ledger, 4096, false);
    add(ledger, index, 500000, false);
    expect_all(ledger, index);
    assert_true(ledger->denied > 0);
    assert_true(ledger->denied < ledger->asked / 1000);
    id_index_close(index);
}

static void count_runs(const char *path, void *count)
{
    *(unsigned *)count += strstr(path, ".run") != NULL;
}

static void count_files(const char *path, void *count)
{
    (void)path;
    ++*(unsigned *)count;
}

static void runs_stay_few(void **context)
{
    struct plain_ledger *ledger = *context;
    struct id_index *index = open_index(ledger, TABLE_IDS, false);
    unsigned runs = 0;
    add(ledger, index, 64 * TABLE_IDS - 1, false);
    each_file(ledger, count_runs, &runs);
    assert_int_equal(runs, 9); // 63 tables: three of each of three levels
    id_index_close(index);
}

static void flip_byte(const char *path, void *chosen)
{
    unsigned *which = chosen;
    struct stat file;
    if (!strstr(path, ".run") || (*which)-- != 0)
        return;
    FILE *run = fopen(path, "r+b");
    assert_non_null(run);
    assert_int_equal(fstat(fileno(run), &file), 0);
    long at = file.st_size - 9;
    fseek(run, at, SEEK_SET);
    int byte = fgetc(run);
    fseek(run, at, SEEK_SET);
    fputc(byte ^ 1, run);
    fclose(run);
}

static void a_damaged_run_is_dropped_and_made_again(void **context)
{
    struct plain_ledger *ledger = *context;
    for (unsigned which = 0; which < 5; which++) {
        struct id_index *index = open_index(ledger, TABLE_IDS, false);
        add_again(ledger, index);
        add(ledger, index, 1000, false);
        id_index_close(index);
        unsigned runs = 0;
        each_file(ledger, count_runs, &runs);
        unsigned flipped = which % runs;
        each_file(ledger, flip_byte, &flipped);
        index = open_index(ledger, TABLE_IDS, false);
        assert_true(id_index_covered(index) < ledger->last - TABLE_IDS);
        add_again(ledger, index);
        expect_all(ledger, index);
        id_index_close(index);
    }
}

static jmp_buf told;
static char told_what[300];

static void tell(const char *message)
{
    snprintf(told_what, sizeof told_what, "%s", message);
    longjmp(told, 1);
}

static bool line_holds_ids(FILE *run, long at)
{
    struct run_line line;
    fseek(run, at, SEEK_SET);
    assert_int_equal(fread(&line, sizeof line, 1, run), 1);
    for (size_t i = 0; i < RUN_LINE_SLOTS; i++)
        if (line.slots[i])
            return true;
    return false; // nobody need look into it
}

// A byte of each line, while the index looks into it: none is ever taken for new that is not.
static void a_run_changed_while_in_use_is_told(void **context)
{
    struct plain_ledger *ledger = *context;
    struct id_index_error error;
    const struct id_index_settings settings = {
        .dir = ledger->dir, .has_root = has_root, .context = ledger, .table_ids = TABLE_IDS, .fail = tell};
    struct id_index *volatile index = id_index_open(&settings, &error);
    assert_non_null(index);
    add(ledger, index, TABLE_IDS, false);
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/%020d-%020d.run", ledger->dir, 1, TABLE_IDS);
    FILE *run = fopen(path, "r+b");
    struct stat file;
    assert_non_null(run);
    assert_int_equal(fstat(fileno(run), &file), 0);
    for (long at = HEADER_PAGE_BYTES + 13; at < file.st_size; at += 64) {
        volatile bool holds_ids = line_holds_ids(run, at - 13);
        fseek(run, at, SEEK_SET);
        int byte = fgetc(run);
        fseek(run, at, SEEK_SET);
        fputc(byte ^ 4, run);
        fflush(run);
        volatile unsigned tellings = 0, misses = 0;
        for (volatile uint64_t sequence = 1; sequence <= TABLE_IDS; sequence++)
            if (setjmp(told))
                tellings++;
            else
                misses += id_index_get(index, ledger->ids[sequence], holds, ledger) != sequence;
        assert_int_equal(misses, 0);
        assert_true(tellings > 0 || !holds_ids);
        assert_true(!tellings || strstr(told_what, "was changed on disk"));
        fseek(run, at, SEEK_SET);
        fputc(byte, run);
        fflush(run);
    }
    fclose(run);
    expect_all(ledger, index);
    id_index_close(index);
}

static void cut(const char *path, void *data)
{
    (void)data;
    if (strstr(path, ".run"))
        assert_int_equal(truncate(path, 5000), 0);
}

static void cut_runs_are_dropped(void **context)
{
    struct plain_ledger *ledger = *context;
    struct id_index *index = open_index(ledger, TABLE_IDS, false);
    add(ledger, index, 1000, false);
    id_index_close(index);
    each_file(ledger, cut, NULL);
    index = open_index(ledger, TABLE_IDS, false);
    assert_int_equal(id_index_covered(index), 0);
    add_again(ledger, index);
    expect_all(ledger, index);
    id_index_close(index);
}

// After a crash runs may speak of transactions that never became durable; their numbers are given to others.
static void runs_beyond_the_ledger_are_dropped(void **context)
{
    struct plain_ledger *ledger = *context;
    struct id_index *index = open_index(ledger, TABLE_IDS, false);
    add(ledger, index, 1000, false);
    id_index_close(index);
    uint8_t lost[ID_BYTES];
    memcpy(lost, ledger->ids[900], ID_BYTES);
    ledger->last = 700;
    index = open_index(ledger, TABLE_IDS, false);
    assert_true(id_index_covered(index) <= 700);
    add_again(ledger, index);
    assert_int_equal(id_index_get(index, lost, holds, ledger), 0);
    for (uint64_t sequence = 701; sequence <= 1000; sequence++)
        random_id(sequence + 5000000, false, ledger->ids[sequence]);
    ledger->last = 1000;
    add_again(ledger, index);
    expect_all(ledger, index);
    assert_int_equal(id_index_get(index, lost, holds, ledger), 0);
    id_index_close(index);
}

static bool has_no_root(void *context, uint64_t blocks, const uint8_t root[HASH_BYTES])
{
    (void)context, (void)blocks, (void)root;
    return false;
}

static void runs_of_another_ledger_are_dropped(void **context)
{
    struct plain_ledger *ledger = *context;
    struct id_index *index = open_index(ledger, TABLE_IDS, false);
    add(ledger, index, 1000, false);
    id_index_close(index);
    const struct id_index_settings settings = {
        .dir = ledger->dir, .has_root = has_no_root, .table_ids = TABLE_IDS, .fail = stop};
    struct id_index_error error;
    index = id_index_open(&settings, &error);
    assert_non_null(index);
    assert_int_equal(id_index_covered(index), 0);
    id_index_close(index);
}

// What was decided but never committed must not become a run.
static void only_what_is_durable_becomes_a_run(void **context)
{
    struct plain_ledger *ledger = *context;
    struct id_index *index = open_index(ledger, TABLE_IDS, true);
    add(ledger, index, TABLE_IDS, false);
    for (int i = 0; i < 2 * TABLE_IDS; i++) {
        uint8_t *id = ledger->ids[++ledger->last];
        random_id(ledger->last, false, id);
        id_index_add(index, id, ledger->last);
    }
    expect_all(ledger, index);
    id_index_close(index);
    index = open_index(ledger, TABLE_IDS, false);
    assert_in_range(id_index_covered(index), 0, TABLE_IDS);
    id_index_close(index);
}

static void a_scratch_index_leaves_nothing(void **context)
{
    struct plain_ledger *ledger = *context;
    unsigned files = 0;
    setenv("TMPDIR", ledger->dir, 1);
    const struct id_index_settings settings = {.table_ids = TABLE_IDS, .fail = stop};
    struct id_index_error error;
    struct id_index *index = id_index_open(&settings, &error);
    assert_non_null(index);
    add(ledger, index, 20 * TABLE_IDS, false);
    expect_all(ledger, index);
    id_index_close(index);
    each_file(ledger, count_files, &files);
    assert_int_equal(files, 0);
    unsetenv("TMPDIR");
}

static void a_folder_that_cannot_be_made_is_named(void **context)
{
    (void)context;
    const struct id_index_settings settings = {.dir = "/proc/no/such", .fail = stop};
    struct id_index_error error;
    assert_null(id_index_open(&settings, &error));
    assert_non_null(strstr(error.message, "/proc/no/such"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(random_ids_are_found),
        TEST(ordered_ids_are_found),
        TEST(a_thread_of_its_own_keeps_it),
        TEST(ids_that_collide_are_told_apart),
        TEST(runs_stay_few),
        TEST(a_damaged_run_is_dropped_and_made_again),
        TEST(a_run_changed_while_in_use_is_told),
        TEST(cut_runs_are_dropped),
        TEST(runs_beyond_the_ledger_are_dropped),
        TEST(runs_of_another_ledger_are_dropped),
        TEST(only_what_is_durable_becomes_a_run),
        TEST(a_scratch_index_leaves_nothing),
        TEST(a_folder_that_cannot_be_made_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
