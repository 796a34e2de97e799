// The rows of a batch: one table says what each type of row takes.
#include "tools/batch_rows.h"
#include "tools/envelope_builder.h"
#include "tools/jst.h"
#include "tools/uuid7.h"

#include <csv.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { TYPE, ID, ACCOUNT, MUNICIPALITY, QUEST, OCCURRED_AT, PURPOSE, POINTS, CONVERSION, REASON, COLUMN_COUNT };

static const char *const column_names[COLUMN_COUNT] = {
    "type", "id", "account", "municipality", "quest", "occurred_at", "purpose", "points", "conversion", "reason"};

#define TAKES(column) (1u << (column))

static const struct row_type {
    const char *name;
    transaction_type type;
    role_code role;
    unsigned needed, allowed; // columns, besides type and id
} row_types[] = {
    {"award", TRANSACTION(AWARD), ROLE(APP), TAKES(ACCOUNT) | TAKES(QUEST) | TAKES(OCCURRED_AT), 0},
    {"donate", TRANSACTION(DONATE), ROLE(APP), TAKES(ACCOUNT) | TAKES(MUNICIPALITY) | TAKES(PURPOSE) | TAKES(POINTS),
        0},
    {"convert", TRANSACTION(REQUEST_CONVERSION), ROLE(APP), TAKES(ACCOUNT) | TAKES(POINTS), 0},
    {"settle", TRANSACTION(SETTLE_CONVERSION), ROLE(WAON), TAKES(CONVERSION), 0},
    {"refuse", TRANSACTION(REFUSE_CONVERSION), ROLE(WAON), TAKES(CONVERSION), TAKES(REASON)},
    {"open-account", TRANSACTION(OPEN_ACCOUNT), ROLE(APP), TAKES(ACCOUNT) | TAKES(MUNICIPALITY), 0},
    {"move-account", TRANSACTION(MOVE_ACCOUNT), ROLE(APP), TAKES(ACCOUNT) | TAKES(MUNICIPALITY), 0},
};

#define ROW_TYPE_COUNT (sizeof row_types / sizeof *row_types)

struct reader {
    struct batch_rows *rows;
    size_t room;
    batch_find_municipality_fn *find;
    void *context;
    uint32_t line;
    size_t wrong;
    bool header_read;
    size_t cell;          // of the CSV row, from 0
    enum column *columns; // what each CSV cell holds
    size_t column_count;
    char *fields[COLUMN_COUNT]; // of the row at hand; NULL or "": empty
};

// ---- one row

static void wrong(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "line %" PRIu32 ": ", reader->line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    reader->wrong++;
}

static const char *field(const struct reader *reader, enum column column)
{
    return reader->fields[column] ? reader->fields[column] : "";
}

static const struct row_type *find_type(struct reader *reader)
{
    const char *name = field(reader, TYPE);
    for (size_t i = 0; i < ROW_TYPE_COUNT; i++) {
        const char *a = name, *b = row_types[i].name;
        while (*a && (*a == '_' ? '-' : tolower((unsigned char)*a)) == *b)
            a++, b++;
        if (!*a && !*b)
            return &row_types[i];
    }
    wrong(reader, "type \"%s\" is none of: award, donate, convert, settle, refuse, open-account, move-account", name);
    return NULL;
}

static void check_columns(struct reader *reader, const struct row_type *type)
{
    for (enum column column = ACCOUNT; column < COLUMN_COUNT; column++) {
        bool filled = *field(reader, column), needed = type->needed & TAKES(column);
        if (needed && !filled)
            wrong(reader, "%s needs %s", type->name, column_names[column]);
        if (filled && !needed && !(type->allowed & TAKES(column)))
            wrong(reader, "%s takes no %s; leave it empty", type->name, column_names[column]);
    }
}

static uint64_t read_number(struct reader *reader, enum column column, uint64_t min, uint64_t max)
{
    char *end;
    const char *text = field(reader, column);
    if (!*text)
        return 0;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || number < min || number > max)
        wrong(
            reader, "%s \"%s\" is no whole number from %" PRIu64 " to %" PRIu64, column_names[column], text, min, max);
    return number;
}

static void read_id(struct reader *reader, enum column column, uint8_t id[ID_BYTES])
{
    const char *text = field(reader, column);
    if (*text && !id_parse(text, id))
        wrong(reader, "%s \"%s\" is not 32 hex digits (dashes as in a UUID are allowed)", column_names[column], text);
}

static void read_municipality(struct reader *reader, struct batch_row *row)
{
    struct tool_error error;
    const char *text = field(reader, MUNICIPALITY);
    if (*text && !reader->find(reader->context, text, &row->municipality, &error))
        wrong(reader, "%s", error.message);
}

// Texts have rules of their own, which the canonical form knows.
static void check_reason(struct reader *reader, const struct batch_row *row)
{
    static const uint8_t any_ledger[HASH_BYTES];
    struct envelope_builder *builder = xmalloc(sizeof *builder);
    struct batch_transaction made;
    struct tool_error error;
    batch_row_transaction(row, &made);
    envelope_begin(builder, any_ledger);
    if (!envelope_add(builder, &made.transaction))
        wrong(reader, "reason is too long");
    else if (!envelope_check(builder, &error))
        wrong(reader, "%s", error.message);
    free(builder);
}

static void keep(struct reader *reader, const struct batch_row *row)
{
    struct batch_rows *rows = reader->rows;
    if (rows->count == reader->room) {
        reader->room = reader->room ? 2 * reader->room : 1024;
        rows->rows = xrealloc(rows->rows, reader->room * sizeof *rows->rows);
    }
    rows->rows[rows->count++] = *row;
}

static void read_row(struct reader *reader)
{
    size_t wrong_before = reader->wrong;
    const struct row_type *type = find_type(reader);
    if (!type)
        return;
    struct batch_row row = {.line = reader->line, .type = type->type};
    check_columns(reader, type);
    if (*field(reader, ID))
        read_id(reader, ID, row.id);
    else
        uuid7_now(row.id);
    read_id(reader, (type->needed & TAKES(CONVERSION)) ? CONVERSION : ACCOUNT, row.subject);
    read_municipality(reader, &row);
    row.number = (uint32_t)read_number(reader, (type->needed & TAKES(QUEST)) ? QUEST : PURPOSE, 1, UINT32_MAX);
    row.points = read_number(reader, POINTS, 0, UINT64_MAX);
    if (*field(reader, OCCURRED_AT) && !jst_parse_time(field(reader, OCCURRED_AT), &row.occurred_at))
        wrong(reader, "occurred_at \"%s\" is no time; write it as 2021-11-12 09:30 (JST)", field(reader, OCCURRED_AT));
    if (reader->wrong != wrong_before)
        return;
    if (*field(reader, REASON)) {
        row.reason = xstrdup(field(reader, REASON));
        check_reason(reader, &row);
    }
    keep(reader, &row);
}

static void clear_fields(struct reader *reader)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        free(reader->fields[i]);
        reader->fields[i] = NULL;
    }
}

static int find_column(const char *name)
{
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (!strcmp(column_names[i], name))
            return i;
    return -1;
}

#define COLUMN_LIST "type, id, account, municipality, quest, occurred_at, purpose, points, conversion, reason"

// ---- CSV

static void header_cell(struct reader *reader, const char *name)
{
    int column = find_column(name);
    if (column < 0) {
        wrong(reader, "no column is named \"%s\"; there are: " COLUMN_LIST, name);
        column = REASON;
    }
    for (size_t i = 0; i < reader->column_count; i++)
        if ((int)reader->columns[i] == column && find_column(name) >= 0)
            wrong(reader, "column \"%s\" stands there twice", name);
    reader->columns = xrealloc(reader->columns, (reader->column_count + 1) * sizeof *reader->columns);
    reader->columns[reader->column_count++] = (enum column)column;
}

static void check_header(struct reader *reader)
{
    bool type = false;
    for (size_t i = 0; i < reader->column_count; i++)
        type |= reader->columns[i] == TYPE;
    if (!type)
        wrong(reader, "the first line should name the columns, \"type\" among them; there are: " COLUMN_LIST);
    reader->header_read = true;
}

static void csv_cell(void *data, size_t size, void *context)
{
    struct reader *reader = context;
    const char *text = data;
    if (!reader->header_read) {
        header_cell(reader, text);
    } else if (strlen(text) != size) {
        wrong(reader, "a NUL byte");
    } else if (reader->cell < reader->column_count) {
        enum column column = reader->columns[reader->cell];
        free(reader->fields[column]);
        reader->fields[column] = xstrdup(text);
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
        wrong(reader, "%zu cells, but the header has %zu", reader->cell, reader->column_count);
    else
        read_row(reader);
    clear_fields(reader);
    reader->cell = 0;
}

static size_t line_size(const char *at, size_t left)
{
    const char *end = memchr(at, '\n', left);
    return end ? (size_t)(end - at) + 1 : left;
}

static void read_csv(struct reader *reader, const char *text, size_t size)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI) != 0)
        fail(EXIT_FAILED, "out of memory");
    while (size) {
        size_t line = line_size(text, size);
        reader->line++;
        if (csv_parse(&parser, text, line, csv_cell, csv_row, reader) != line) {
            wrong(reader, "%s", csv_strerror(csv_error(&parser)));
            break;
        }
        if (reader->line == 1 && reader->wrong)
            break; // every row would be wrong
        text += line;
        size -= line;
    }
    if (!size && csv_fini(&parser, csv_cell, csv_row, reader) != 0)
        wrong(reader, "%s", csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    free(reader->columns);
    reader->columns = NULL;
}

// ---- JSON lines

static bool json_fields(struct reader *reader, struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        int column = find_column(name);
        enum json_type type = json_object_get_type(value);
        if (column < 0) {
            wrong(reader, "no column is named \"%s\"; there are: " COLUMN_LIST, name);
            return false;
        }
        if (type != json_type_null && type != json_type_string && type != json_type_int) {
            wrong(reader, "%s should be a text or a whole number", name);
            return false;
        }
        if (type != json_type_null)
            reader->fields[column] = xstrdup(json_object_get_string(value));
    }
    return true;
}

static void json_line(struct reader *reader, struct json_tokener *tokener, const char *line, size_t size)
{
    json_tokener_reset(tokener);
    struct json_object *object = json_tokener_parse_ex(tokener, line, (int)size);
    enum json_tokener_error problem = json_tokener_get_error(tokener);
    if (problem != json_tokener_success)
        wrong(reader, "no JSON: %s",
            problem == json_tokener_continue ? "it ends too soon" : json_tokener_error_desc(problem));
    else if (!json_object_is_type(object, json_type_object))
        wrong(reader, "should be an object, as in {\"type\": \"award\", …}");
    else if (json_fields(reader, object))
        read_row(reader);
    clear_fields(reader);
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
        reader->line++;
        if (trimmed > LINE_BYTES_MAX)
            wrong(reader, "the line is too long");
        else if (!is_blank(text, trimmed))
            json_line(reader, tokener, text, trimmed);
        text += line;
        size -= line;
    }
    json_tokener_free(tokener);
}

// ---- the rows together

static int by_id_and_line(const void *left, const void *right)
{
    const struct batch_row *a = *(struct batch_row *const *)left, *b = *(struct batch_row *const *)right;
    int order = memcmp(a->id, b->id, ID_BYTES);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

// One id twice would make one transaction out of two rows, or ID_REUSED for the second.
static void check_ids(struct reader *reader)
{
    const struct batch_rows *rows = reader->rows;
    struct batch_row **sorted = xmalloc(rows->count * sizeof *sorted);
    for (size_t i = 0; i < rows->count; i++)
        sorted[i] = &rows->rows[i];
    qsort(sorted, rows->count, sizeof *sorted, by_id_and_line);
    for (size_t i = 1; i < rows->count; i++) {
        reader->line = sorted[i]->line;
        if (!memcmp(sorted[i - 1]->id, sorted[i]->id, ID_BYTES))
            wrong(reader, "its id stands on line %" PRIu32 " already", sorted[i - 1]->line);
    }
    free(sorted);
}

size_t batch_rows_read(
    const char *text, size_t size, batch_find_municipality_fn *find, void *context, struct batch_rows *rows)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    struct reader reader = {.rows = rows, .find = find, .context = context};
    *rows = (struct batch_rows){0};
    if (size >= 3 && !memcmp(text, byte_order_mark, 3)) {
        text += 3; // spreadsheets write one
        size -= 3;
    }
    size_t blank = 0;
    while (blank < size && isspace((unsigned char)text[blank]))
        blank++;
    if (blank < size && text[blank] == '{')
        read_json_lines(&reader, text, size);
    else
        read_csv(&reader, text, size);
    clear_fields(&reader);
    check_ids(&reader);
    return reader.wrong;
}

void batch_rows_free(struct batch_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->rows[i].reason);
    free(rows->rows);
    *rows = (struct batch_rows){0};
}

role_code batch_row_role(const struct batch_row *row)
{
    for (size_t i = 0; i < ROW_TYPE_COUNT; i++)
        if (row_types[i].type == row->type)
            return row_types[i].role;
    return ROLE(ROLE_NONE);
}

void batch_row_transaction(const struct batch_row *row, struct batch_transaction *made)
{
    ProtobufCBinaryData subject = {ID_BYTES, (uint8_t *)row->subject};
    points__v1__transaction__init(&made->transaction);
    made->transaction.id = (ProtobufCBinaryData){ID_BYTES, (uint8_t *)row->id};
    made->transaction.body_case = row->type;
    made->transaction.award = &made->award; // all bodies lie in the same place
    switch (row->type) {
    case TRANSACTION(AWARD):
        points__v1__award__init(&made->award);
        made->award.account = subject;
        made->award.quest = row->number;
        made->award.occurred_at = row->occurred_at;
        break;
    case TRANSACTION(DONATE):
        points__v1__donate__init(&made->donate);
        made->donate.account = subject;
        made->donate.municipality = row->municipality;
        made->donate.purpose = row->number;
        made->donate.points = row->points;
        break;
    case TRANSACTION(REQUEST_CONVERSION):
        points__v1__request_conversion__init(&made->request_conversion);
        made->request_conversion.account = subject;
        made->request_conversion.points = row->points;
        break;
    case TRANSACTION(SETTLE_CONVERSION):
        points__v1__settle_conversion__init(&made->settle_conversion);
        made->settle_conversion.conversion = subject;
        break;
    case TRANSACTION(REFUSE_CONVERSION):
        points__v1__refuse_conversion__init(&made->refuse_conversion);
        made->refuse_conversion.conversion = subject;
        if (row->reason)
            made->refuse_conversion.reason = row->reason;
        break;
    case TRANSACTION(OPEN_ACCOUNT):
        points__v1__open_account__init(&made->open_account);
        made->open_account.account = subject;
        made->open_account.municipality = row->municipality;
        break;
    default:
        points__v1__move_account__init(&made->move_account);
        made->move_account.account = subject;
        made->move_account.municipality = row->municipality;
        break;
    }
}
