// The rules' parts that a scenario cannot reach well: calendars, the map of ids, genesis, and the tables in the
// documents.
#include "points/archive.h"
#include "points/calendar.h"
#include "points/id_map.h"
#include "points/points.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MONDAY_2021_11_08 = 18939, FRIDAY_2021_11_12 = 18943, FRIDAY_2022_02_25 = 19048 };

static void days_begin_at_midnight_in_japan(void **context)
{
    (void)context;
    assert_int_equal(calendar_day(0), 0);
    assert_int_equal(calendar_day(15 * 3600 - 1), 0);
    assert_int_equal(calendar_day(15 * 3600), 1);
    assert_int_equal(calendar_day(-9 * 3600), 0);
    assert_int_equal(calendar_day(-9 * 3600 - 1), -1);
    for (int64_t day = -3; day < 3; day++)
        assert_int_equal(calendar_day(calendar_day_begin(day)), day);
}

static void weeks_begin_on_monday(void **context)
{
    (void)context;
    uint32_t week = calendar_week(FRIDAY_2021_11_12);
    assert_int_equal(calendar_week_first_day(week), MONDAY_2021_11_08);
    assert_int_equal(calendar_week(MONDAY_2021_11_08 - 1), week - 1);
    assert_int_equal(calendar_week(FRIDAY_2022_02_25) - week + 1, 16); // the campaign has sixteen weeks
    assert_int_equal(calendar_day(calendar_week_end(week) - 1), MONDAY_2021_11_08 + 6);
    assert_int_equal(calendar_week(0), 0);
}

static void months_and_fiscal_years_follow_a_naive_calendar(void **context)
{
    (void)context;
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t day = 0, fiscal = 0;
    for (unsigned year = 1970; year < 2500; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (unsigned month = 0; month < 12; month++) {
            uint32_t first = day, length = lengths[month] + (month == 1 && leap);
            if (month == 3)
                fiscal = first;
            for (uint32_t end = day + length; day < end; day++) {
                assert_int_equal(calendar_month_first_day(day), first);
                assert_int_equal(calendar_fiscal_year_first_day(day), fiscal);
            }
        }
    }
}

// Saved bytes, and how many of them were written or read.
static uint8_t saved[1 << 20];
static size_t saved_at;

static bool save_some(void *context, const void *bytes, size_t size)
{
    (void)context;
    assert_true(saved_at + size <= sizeof saved);
    memcpy(saved + saved_at, bytes, size);
    saved_at += size;
    return true;
}

static bool load_some(void *context, void *bytes, size_t size)
{
    (void)context;
    memcpy(bytes, saved + saved_at, size);
    saved_at += size;
    return true;
}

static struct id_map saved_and_loaded(struct id_map map)
{
    struct points_error error;
    struct id_map loaded = {0};
    struct archive save = {.write = save_some, .error = &error};
    saved_at = 0;
    id_map_archive(&save, &map, map.count);
    struct archive load = {.read = load_some, .left = saved_at, .error = &error};
    saved_at = 0;
    id_map_archive(&load, &loaded, map.count);
    assert_false(save.failed || load.failed);
    id_map_free(&map);
    return loaded;
}

// Every seventh has a hash of 0: its low half is a constant of the map's.
static void make_id(uint8_t id[ID_BYTES], uint64_t n)
{
    static const uint64_t low = UINT64_C(0xa0761d6478bd642f);
    if (n % 7 == 0 && n < 1000)
        memcpy(id, &low, sizeof low);
    memcpy(id + sizeof low, &n, sizeof n);
}

static void the_map_keeps_every_id(void **context)
{
    (void)context;
    enum { COUNT = 20000 };
    static uint8_t ids[COUNT][ID_BYTES];
    struct id_map map = {0};
    for (uint64_t n = 0; n < COUNT; n++) {
        make_id(ids[n], n);
        assert_int_equal(id_map_get(&map, ids[n], ids, ID_BYTES), 0);
        id_map_add(&map, ids[n], (uint32_t)n + 1);
        for (uint64_t earlier = n % 97; earlier <= n; earlier += 97) // while it grows
            assert_int_equal(id_map_get(&map, ids[earlier], ids, ID_BYTES), earlier + 1);
        if (n % 83 == 0)
            map = saved_and_loaded(map);
    }
    for (uint64_t n = 0; n < COUNT; n++)
        assert_int_equal(id_map_get(&map, ids[n], ids, ID_BYTES), n + 1);
    assert_int_equal(map.count, COUNT);
    id_map_free(&map);
}

static char *read_document(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/doc/%s", getenv("SOURCE_DIR") ? getenv("SOURCE_DIR") : ".", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

// Rows may stand in any order in the document's own sense; here each generated row must stand there letter by letter.
static void assert_document_has_rows(const char *table)
{
    char *document = read_document("rules.md"), *copy = strdup(table);
    for (char *row = strtok(copy, "\n"); row; row = strtok(NULL, "\n"))
        if (!strstr(document, row))
            fail_msg("doc/rules.md lacks the row: %s", row);
    free(copy);
    free(document);
}

static void the_documents_show_the_tables_of_the_code(void **context)
{
    (void)context;
    char table[8192];
    assert_true(points_rules_table(table, sizeof table));
    assert_document_has_rows(table);
    assert_true(points_policy_table(table, sizeof table));
    assert_document_has_rows(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_begin_at_midnight_in_japan),
        cmocka_unit_test(weeks_begin_on_monday),
        cmocka_unit_test(months_and_fiscal_years_follow_a_naive_calendar),
        cmocka_unit_test(the_map_keeps_every_id),
        cmocka_unit_test(the_documents_show_the_tables_of_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
