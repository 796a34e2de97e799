// Tables: libsmartcols for people and JSON, CSV by csv_rows.
#include "tools/table.h"
#include "tools/csv_rows.h"
#include "tools/error.h"

#include <ctype.h>
#include <inttypes.h>
#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct table {
    const char *name;
    const struct table_column *columns;
    size_t column_count;
    char **cells;
    size_t cell_count, cell_room;
    uint64_t hidden; // a bit for each column that people do not see
};

static const char withheld[] = "X"; // as Japanese statistics mark it

void table_set_locale(void)
{
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8"))
        setlocale(LC_CTYPE, "C.UTF-8");
}

struct table *table_new(const char *name, const struct table_column *columns, size_t column_count)
{
    struct table *table = xcalloc(1, sizeof *table);
    *table = (struct table){.name = name, .columns = columns, .column_count = column_count};
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

static void add(struct table *table, char *cell)
{
    if (table->cell_count == table->cell_room) {
        table->cell_room = table->cell_room ? 2 * table->cell_room : 64;
        table->cells = xrealloc(table->cells, table->cell_room * sizeof *table->cells);
    }
    table->cells[table->cell_count++] = cell;
}

void table_text(struct table *table, const char *text)
{
    add(table, xstrdup(text ? text : ""));
}

void table_number(struct table *table, uint64_t number)
{
    add(table, xprintf("%" PRIu64, number));
}

void table_signed(struct table *table, int64_t number)
{
    add(table, xprintf("%" PRId64, number));
}

void table_boolean(struct table *table, bool value)
{
    add(table, xstrdup(value ? "yes" : "no"));
}

void table_empty(struct table *table)
{
    add(table, xstrdup(""));
}

void table_withheld(struct table *table)
{
    add(table, xstrdup(withheld));
}

void table_hide(struct table *table, size_t column)
{
    table->hidden |= UINT64_C(1) << column;
}

size_t table_rows(const struct table *table)
{
    return table->cell_count / table->column_count;
}

// ---- CSV

static size_t print_csv(const struct table *table, bool cp932, FILE *file)
{
    struct csv_rows rows;
    csv_rows_begin(&rows, table->columns, table->column_count, cp932, file);
    for (size_t i = 0; i < table->cell_count; i++)
        csv_rows_cell(&rows, table->cells[i]);
    return rows.lost;
}

// ---- people and JSON

static char *heading(const char *name)
{
    char *text = xstrdup(name);
    for (char *at = text; *at; at++)
        *at = *at == '_' ? ' ' : (char)toupper((unsigned char)*at);
    return text;
}

char *table_with_separators(const char *number)
{
    bool negative = *number == '-';
    number += negative;
    size_t digits = strlen(number), at = 0;
    char *text = xmalloc(digits + digits / 3 + 3);
    if (negative)
        text[at++] = '-';
    for (size_t i = 0; i < digits; i++) {
        if (i && (digits - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = number[i];
    }
    text[at] = '\0';
    return text;
}

static bool is_number(enum table_kind kind)
{
    return kind == TABLE_NUMBER || kind == TABLE_ORDINAL;
}

static void add_columns(const struct table *table, bool json, struct libscols_table *made)
{
    for (size_t i = 0; i < table->column_count; i++) {
        enum table_kind kind = table->columns[i].kind;
        char *name = json ? xstrdup(table->columns[i].name) : heading(table->columns[i].name);
        bool hidden = !json && i < 64 && table->hidden >> i & 1;
        int flags = (is_number(kind) ? SCOLS_FL_RIGHT : 0) | (hidden ? SCOLS_FL_HIDDEN : 0);
        struct libscols_column *column = scols_table_new_column(made, name, 0, flags);
        free(name);
        if (!column)
            fail(EXIT_FAILED, "out of memory");
        scols_column_set_json_type(column, kind == TABLE_BOOLEAN ? SCOLS_JSON_BOOLEAN // of "yes" and "no"
                                           : is_number(kind)     ? SCOLS_JSON_NUMBER
                                                                 : SCOLS_JSON_STRING);
    }
}

static void add_lines(const struct table *table, bool json, struct libscols_table *made)
{
    struct libscols_line *line = NULL;
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t at = i % table->column_count;
        if (at == 0 && !(line = scols_table_new_line(made, NULL)))
            fail(EXIT_FAILED, "out of memory");
        enum table_kind kind = table->columns[at].kind;
        const char *cell = table->cells[i];
        if (json && kind != TABLE_TEXT && (!*cell || !strcmp(cell, withheld)))
            continue; // null
        char *text =
            kind == TABLE_NUMBER && !json && strcmp(cell, withheld) ? table_with_separators(cell) : xstrdup(cell);
        if (scols_line_refer_data(line, at, text) != 0)
            fail(EXIT_FAILED, "out of memory");
    }
}

static void print_scols(const struct table *table, bool json, FILE *file)
{
    struct libscols_table *made = scols_new_table();
    if (!made)
        fail(EXIT_FAILED, "out of memory");
    scols_table_set_name(made, table->name);
    scols_table_enable_json(made, json);
    scols_table_set_stream(made, file);
    add_columns(table, json, made);
    add_lines(table, json, made);
    scols_print_table(made);
    scols_unref_table(made);
}

size_t table_print(const struct table *table, enum table_format format, FILE *file)
{
    if (format == TABLE_CSV || format == TABLE_CP932)
        return print_csv(table, format == TABLE_CP932, file);
    if (format == TABLE_PEOPLE && table->cell_count == 0)
        fprintf(file, "(no %s)\n", table->name);
    else if (format == TABLE_JSON && table->cell_count == 0)
        fprintf(file, "{\n   \"%s\": []\n}\n", table->name);
    else
        print_scols(table, format == TABLE_JSON, file);
    return 0;
}
