// A small CSV file, by libcsv.
#include "tools/batch/csv_file.h"
#include "tools/batch/csv_lines.h"
#include "tools/error.h"
#include "tools/file.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 30 };

struct reader {
    struct csv_file *file;
    struct csv_row row; // under way
    struct csv_lines lines;
};

static void take_cell(void *data, size_t size, void *context)
{
    struct reader *reader = context;
    if (strlen(data) != size)
        fail(EXIT_WRONG_USE, "%s: line %u: a NUL byte", reader->file->path, reader->lines.row_line);
    reader->row.cells = xrealloc(reader->row.cells, (reader->row.count + 1) * sizeof(char *));
    reader->row.cells[reader->row.count++] = xstrdup(data);
}

static void take_row(int end, void *context)
{
    struct reader *reader = context;
    struct csv_file *file = reader->file;
    (void)end;
    if ((file->count & (file->count - 1)) == 0) // room doubles
        file->rows = xrealloc(file->rows, (file->count ? 2 * file->count : 1) * sizeof *file->rows);
    reader->row.line = reader->lines.row_line;
    file->rows[file->count++] = reader->row;
    reader->row = (struct csv_row){0};
    const struct csv_row *row = &file->rows[file->count - 1];
    if (row->count != file->rows[0].count)
        fail(EXIT_WRONG_USE, "%s: line %u: %zu cells, but the first line has %zu", file->path, row->line, row->count,
            file->rows[0].count);
}

static bool parse(struct csv_lines *lines, const char *text, size_t size, struct tool_error *error)
{
    while (size) {
        size_t line = csv_lines_next(lines, text, size, error);
        if (!line)
            return false;
        text += line;
        size -= line;
    }
    return csv_lines_finish(lines, error);
}

void csv_file_read(const char *path, struct csv_file *file)
{
    static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf}; // spreadsheets write one
    struct tool_error error;
    struct reader reader = {.file = file};
    *file = (struct csv_file){.path = path};
    file->text = file_read(path, FILE_BYTES_MAX, &file->size, &error);
    if (!file->text)
        fail(EXIT_WRONG_USE, "%s", error.message);
    csv_lines_begin(&reader.lines, take_cell, take_row, &reader);
    size_t skipped = file->size >= 3 && !memcmp(file->text, byte_order_mark, 3) ? 3 : 0;
    if (!parse(&reader.lines, (const char *)file->text + skipped, file->size - skipped, &error))
        fail(EXIT_WRONG_USE, "%s: line %u: %s", path, reader.lines.row_line, error.message);
    csv_lines_end(&reader.lines);
    if (!file->count)
        fail(EXIT_WRONG_USE, "%s is empty; its first line should name the columns", path);
}

void csv_file_free(struct csv_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        for (size_t cell = 0; cell < file->rows[i].count; cell++)
            free(file->rows[i].cells[cell]);
        free(file->rows[i].cells);
    }
    free(file->rows);
    free(file->text);
    *file = (struct csv_file){0};
}

size_t csv_file_column(const struct csv_file *file, const char *name, int needed)
{
    for (size_t i = 0; i < file->rows[0].count; i++)
        if (!strcmp(file->rows[0].cells[i], name))
            return i;
    if (needed)
        fail(EXIT_WRONG_USE, "%s has no column \"%s\"; its first line should name the columns", file->path, name);
    return SIZE_MAX;
}

const char *csv_row_cell(const struct csv_row *row, size_t column)
{
    return column < row->count ? row->cells[column] : "";
}
