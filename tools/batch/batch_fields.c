// A batch's file, taken apart: libcsv and json-c.
#include "tools/batch/batch_fields.h"
#include "tools/batch/csv_lines.h"
#include "tools/error.h"
#include "tools/shown.h"

#include <ctype.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

const char *const batch_column_names[COLUMN_COUNT] = {"type", "id", "account", "municipality", "quest", "occurred_at",
    "purpose", "points", "conversion", "reason", "receipt_digest", "shop", "yen", "target"};

struct reader {
    struct batch_fields *fields;
    batch_fields_fn *each_row;
    void *context;
    struct csv_lines csv;
    bool header_read;
    size_t cell;          // of the CSV row, from 0
    enum column *columns; // what each CSV cell holds
    size_t column_count;
};

void batch_fields_wrong(struct batch_fields *fields, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "line %" PRIu32 ": ", fields->line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    fields->wrong++;
}

static void clear(struct batch_fields *fields)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        free(fields->texts[i]);
        fields->texts[i] = NULL;
    }
}

static int find_column(const char *name)
{
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (!strcmp(batch_column_names[i], name))
            return i;
    return -1;
}

#define COLUMN_LIST                                                                                                    \
    "type, id, account, municipality, quest, occurred_at, purpose, points, conversion, reason, "                       \
    "receipt_digest, shop, yen, target"

// ---- CSV

static void header_cell(struct reader *reader, const char *name)
{
    int column = find_column(name);
    if (column < 0) {
        batch_fields_wrong(reader->fields, "no column is named \"%s\"; there are: " COLUMN_LIST, shown(name));
        column = REASON;
    }
    for (size_t i = 0; i < reader->column_count; i++)
        if ((int)reader->columns[i] == column && find_column(name) >= 0)
            batch_fields_wrong(reader->fields, "column \"%s\" stands there twice", shown(name));
    reader->columns = xrealloc(reader->columns, (reader->column_count + 1) * sizeof *reader->columns);
    reader->columns[reader->column_count++] = (enum column)column;
}

// Semicolons are what spreadsheets write where the comma is the decimal sign.
static bool has_other_separators(const char *line, size_t size)
{
    return !memchr(line, ',', size) && (memchr(line, ';', size) || memchr(line, '\t', size));
}

static void check_header(struct reader *reader)
{
    bool type = false;
    for (size_t i = 0; i < reader->column_count; i++)
        type |= reader->columns[i] == TYPE;
    if (!type)
        batch_fields_wrong(
            reader->fields, "the first line should name the columns, \"type\" among them; there are: " COLUMN_LIST);
    reader->header_read = true;
}

static void csv_cell(void *data, size_t size, void *context)
{
    struct reader *reader = context;
    const char *text = data;
    reader->fields->line = reader->csv.row_line;
    if (!reader->header_read) {
        header_cell(reader, text);
    } else if (strlen(text) != size) {
        batch_fields_wrong(reader->fields, "a NUL byte");
    } else if (reader->cell < reader->column_count) {
        enum column column = reader->columns[reader->cell];
        free(reader->fields->texts[column]);
        reader->fields->texts[column] = xstrdup(text);
    }
    reader->cell++;
}

static void csv_row(int end, void *context)
{
    struct reader *reader = context;
    (void)end;
    if (!reader->header_read)
        check_header(reader);
    else if (reader->cell != reader->column_count)
        batch_fields_wrong(reader->fields, "%zu cells, but the header has %zu", reader->cell, reader->column_count);
    else
        reader->each_row(reader->fields, reader->context);
    clear(reader->fields);
    reader->cell = 0;
}

static size_t line_size(const char *at, size_t left)
{
    const char *end = memchr(at, '\n', left);
    return end ? (size_t)(end - at) + 1 : left;
}

static void csv_wrong(struct reader *reader, const struct tool_error *error)
{
    reader->fields->line = reader->csv.row_line;
    batch_fields_wrong(reader->fields, "%s", error->message);
}

static void read_csv_lines(struct reader *reader, const char *text, size_t size)
{
    struct tool_error error;
    while (size) {
        size_t line = csv_lines_next(&reader->csv, text, size, &error);
        if (!line) {
            csv_wrong(reader, &error);
            return;
        }
        if (reader->csv.line == 1 && reader->fields->wrong)
            return; // every row would be wrong
        text += line;
        size -= line;
    }
    if (!csv_lines_finish(&reader->csv, &error))
        csv_wrong(reader, &error);
}

static void read_csv(struct reader *reader, const char *text, size_t size)
{
    reader->fields->line = 1;
    if (size && has_other_separators(text, line_size(text, size))) {
        batch_fields_wrong(reader->fields, "the cells should be separated by commas, not by semicolons or tabs: save "
                                           "the file as \"CSV (comma delimited)\"");
        return;
    }
    csv_lines_begin(&reader->csv, csv_cell, csv_row, reader);
    read_csv_lines(reader, text, size);
    csv_lines_end(&reader->csv);
    free(reader->columns);
    reader->columns = NULL;
}

// ---- JSON lines

// NULL when it is good. The library makes a number that is too large the largest, and a text may hold a NUL byte: both
// would be signed as something else than the file says.
static const char *json_fault(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return NULL;
    case json_type_string:
        return strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value) ? NULL
                                                                                                  : "has a NUL byte";
    case json_type_int:
        return json_object_get_uint64(value) < UINT64_MAX ? NULL : "is too large a number";
    default:
        return "should be a text or a whole number";
    }
}

static bool json_fields(struct reader *reader, struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        int column = find_column(name);
        const char *fault = json_fault(value);
        if (column < 0) {
            batch_fields_wrong(reader->fields, "no column is named \"%s\"; there are: " COLUMN_LIST, shown(name));
            return false;
        }
        if (fault) {
            batch_fields_wrong(reader->fields, "%s %s", shown(name), fault);
            return false;
        }
        if (value)
            reader->fields->texts[column] = xstrdup(json_object_get_string(value));
    }
    return true;
}

// Behind the quote that closes the string which begins `at`; the text is JSON.
static const char *behind_string(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

static char *decode_string(const char *at, size_t size)
{
    char *quoted = xprintf("%.*s", (int)size, at);
    struct json_object *string = json_tokener_parse(quoted);
    char *text = xstrdup(string ? json_object_get_string(string) : "");
    json_object_put(string);
    free(quoted);
    return text;
}

// Of two values json-c keeps the last. False: a name of a column stands there twice.
static bool names_once(struct reader *reader, const char *line, const char *end)
{
    unsigned seen = 0, depth = 0;
    for (const char *at = line; at < end;) {
        if (*at != '"') {
            depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
            at++;
            continue;
        }
        const char *begin = at;
        at = behind_string(begin);
        if (depth != 1 || at[strspn(at, " \t\r")] != ':')
            continue;
        char *name = decode_string(begin, (size_t)(at - begin));
        int column = find_column(name);
        bool twice = column >= 0 && (seen & 1u << column);
        if (twice)
            batch_fields_wrong(reader->fields, "\"%s\" stands there twice", shown(name));
        free(name);
        if (twice)
            return false;
        seen |= column >= 0 ? 1u << column : 0;
    }
    return true;
}

static void json_line(struct reader *reader, struct json_tokener *tokener, const char *line, size_t size)
{
    json_tokener_reset(tokener);
    struct json_object *object = json_tokener_parse_ex(tokener, line, (int)size);
    enum json_tokener_error problem = json_tokener_get_error(tokener);
    if (problem != json_tokener_success)
        batch_fields_wrong(reader->fields, "no JSON: %s",
            problem == json_tokener_continue ? "it ends too soon" : json_tokener_error_desc(problem));
    else if (!json_object_is_type(object, json_type_object))
        batch_fields_wrong(reader->fields, "should be an object, as in {\"type\": \"award\", …}");
    else if (names_once(reader, line, line + size) && json_fields(reader, object))
        reader->each_row(reader->fields, reader->context);
    clear(reader->fields);
    json_object_put(object);
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isspace((unsigned char)line[i]))
            return false;
    return true;
}

static void read_json_lines(struct reader *reader, const char *text, size_t size)
{
    enum { LINE_BYTES_MAX = 1 << 20 };
    struct json_tokener *tokener = json_tokener_new();
    if (!tokener)
        fail(EXIT_FAILED, "out of memory");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    while (size) {
        size_t line = line_size(text, size), trimmed = line;
        while (trimmed && isspace((unsigned char)text[trimmed - 1]))
            trimmed--;
        reader->fields->line++;
        if (trimmed > LINE_BYTES_MAX)
            batch_fields_wrong(reader->fields, "the line is too long");
        else if (!is_blank(text, trimmed))
            json_line(reader, tokener, text, trimmed);
        text += line;
        size -= line;
    }
    json_tokener_free(tokener);
}

// ---- either

// Says which line has the first byte that is not UTF-8.
static bool check_utf8(struct batch_fields *fields, const char *text, size_t size)
{
    mbstate_t state = {0};
    fields->line = 1;
    while (size) {
        size_t character = mbrlen(text, size, &state);
        if (character > size) {
            batch_fields_wrong(fields, "the file is not UTF-8: save it as UTF-8 (in Excel: \"CSV UTF-8\")");
            return false;
        }
        character += !character; // NUL
        fields->line += *text == '\n';
        text += character;
        size -= character;
    }
    fields->line = 0;
    return true;
}

static size_t leading_blanks(const char *text, size_t size)
{
    size_t blank = 0;
    while (blank < size && isspace((unsigned char)text[blank]))
        blank++;
    return blank;
}

void batch_fields_read(
    const char *text, size_t size, batch_fields_fn *each_row, void *context, struct batch_fields *fields)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    struct reader reader = {.fields = fields, .each_row = each_row, .context = context};
    if (!check_utf8(fields, text, size))
        return;
    if (size >= 3 && !memcmp(text, byte_order_mark, 3)) {
        text += 3; // spreadsheets write one
        size -= 3;
    }
    size_t blank = leading_blanks(text, size);
    if (blank < size && text[blank] == '[') {
        fields->line = 1;
        batch_fields_wrong(fields, "a JSON array: write one object a line, without brackets and commas around them, as "
                                   "jq -c '.[]' does");
    } else if (blank < size && text[blank] == '{') {
        read_json_lines(&reader, text, size);
    } else {
        read_csv(&reader, text, size);
    }
    clear(fields);
}
