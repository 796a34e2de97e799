// The municipalities of a ledger that is to be made, from CSV.
#include "tools/municipality_list.h"
#include "tools/error.h"
#include "tools/file.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

enum { CSV_BYTES_MAX = 1 << 20 };

struct reader {
    const char *path;
    struct municipality_list *list;
    size_t line, cell;
    int columns[3]; // where code, name_ja, name_en stand; -1: not there
    int population; // likewise
};

static const char *const municipality_columns[] = {"code", "name_ja", "name_en"};

// Exactly six digits; 0, which is no code, for anything else.
static uint32_t parse_code(const char *text)
{
    return strlen(text) == 6 && strspn(text, "0123456789") == 6 ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

// Up to eight digits.
static uint32_t parse_residents(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 8 && !text[digits] ? (uint32_t)strtoul(text, NULL, 10) : RESIDENTS_UNKNOWN;
}

static void take_population(struct reader *reader, const char *text)
{
    static const char column[] = "population_";
    if (reader->line == 0 && !strncmp(text, column, sizeof column - 1))
        reader->population = (int)reader->cell;
    else if (reader->population == (int)reader->cell && reader->list->count < MUNICIPALITIES_MAX)
        reader->list->residents[reader->list->count] = parse_residents(text);
}

static void take_cell(void *data, size_t size, void *context)
{
    struct reader *reader = context;
    const char *text = data;
    (void)size;
    take_population(reader, text);
    for (int i = 0; i < 3; i++) {
        if (reader->line == 0 && !strcmp(text, municipality_columns[i]))
            reader->columns[i] = (int)reader->cell;
        if (reader->line == 0 || reader->columns[i] != (int)reader->cell || reader->list->count == MUNICIPALITIES_MAX)
            continue;
        Points__V1__Municipality *row = &reader->list->rows[reader->list->count];
        if (i == 0)
            row->code = parse_code(text);
        else if (i == 1)
            row->name_ja = xstrdup(text);
        else
            row->name_en = xstrdup(text);
    }
    reader->cell++;
}

// Of what comes next, if there is room.
static void begin_row(struct municipality_list *list)
{
    if (list->count == MUNICIPALITIES_MAX)
        return;
    points__v1__municipality__init(&list->rows[list->count]);
    list->residents[list->count] = RESIDENTS_UNKNOWN;
}

static void take_row(int end, void *context)
{
    struct reader *reader = context;
    (void)end;
    if (reader->line++ == 0) {
        for (int i = 0; i < 3; i++)
            if (reader->columns[i] < 0)
                fail(EXIT_WRONG_USE, "%s has no column \"%s\"; its first line should name code, name_ja, name_en",
                    reader->path, municipality_columns[i]);
    } else if (reader->list->count == MUNICIPALITIES_MAX) {
        fail(EXIT_WRONG_USE, "%s: more than %d municipalities", reader->path, MUNICIPALITIES_MAX);
    } else {
        const Points__V1__Municipality *row = &reader->list->rows[reader->list->count];
        if (row->code == 0 || !*row->name_ja || !*row->name_en)
            fail(EXIT_WRONG_USE, "%s: row %zu needs a six-digit code and both names", reader->path, reader->line);
        reader->list->count++;
    }
    reader->cell = 0;
    begin_row(reader->list);
}

// The twelve of the programme: data/municipalities.csv, as the build found it.
static const char built_in_csv[] =
#include "tools/municipalities_csv.inc"
    ;

static size_t parse(struct csv_parser *parser, const uint8_t *text, size_t size, struct reader *reader)
{
    const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf}; // spreadsheets write one
    size_t skipped = size >= 3 && !memcmp(text, byte_order_mark, 3) ? 3 : 0;
    return skipped + csv_parse(parser, text + skipped, size - skipped, take_cell, take_row, reader);
}

static void swap_with_previous(struct municipality_list *list, size_t i)
{
    Points__V1__Municipality row = list->rows[i];
    uint32_t residents = list->residents[i];
    list->rows[i] = list->rows[i - 1];
    list->residents[i] = list->residents[i - 1];
    list->rows[i - 1] = row;
    list->residents[i - 1] = residents;
}

static void sort_by_code(struct municipality_list *list, const char *path)
{
    for (size_t i = 1; i < list->count; i++)
        for (size_t j = i; j > 0 && list->rows[j - 1].code > list->rows[j].code; j--)
            swap_with_previous(list, j);
    for (size_t i = 1; i < list->count; i++)
        if (list->rows[i].code == list->rows[i - 1].code)
            fail(EXIT_WRONG_USE, "%s: code %06u stands there twice", path, list->rows[i].code);
}

void municipality_list_read(const char *path, struct municipality_list *list)
{
    struct tool_error error;
    struct csv_parser parser;
    size_t size = sizeof built_in_csv - 1;
    struct reader reader = {
        .path = path ? path : "data/municipalities.csv", .list = list, .columns = {-1, -1, -1}, .population = -1};
    *list = (struct municipality_list){0};
    begin_row(list);
    uint8_t *text = path ? file_read(path, CSV_BYTES_MAX, &size, &error) : (uint8_t *)xstrdup(built_in_csv);
    if (!text)
        fail(EXIT_WRONG_USE, "%s", error.message);
    if (csv_init(&parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI) != 0)
        fail(EXIT_FAILED, "out of memory");
    if (parse(&parser, text, size, &reader) != size || csv_fini(&parser, take_cell, take_row, &reader) != 0)
        fail(EXIT_WRONG_USE, "%s: line %zu: %s", reader.path, reader.line + 1, csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    free(text);
    if (!list->count)
        fail(EXIT_WRONG_USE, "%s names no municipality", reader.path);
    sort_by_code(list, reader.path);
}

void municipality_list_free(struct municipality_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].name_ja);
        free(list->rows[i].name_en);
    }
}
