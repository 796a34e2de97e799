// CSV line by line.
#include "tools/batch/csv_lines.h"

#include <inttypes.h>
#include <string.h>

static void take_cell(void *text, size_t size, void *data)
{
    struct csv_lines *lines = data;
    lines->cell_ended = true;
    lines->cell(text, size, lines->data);
}

static void take_row(int end, void *data)
{
    struct csv_lines *lines = data;
    lines->row(end, lines->data);
}

void csv_lines_begin(
    struct csv_lines *lines, void (*cell)(void *, size_t, void *), void (*row)(int, void *), void *data)
{
    *lines = (struct csv_lines){.cell = cell, .row = row, .data = data};
    if (csv_init(&lines->parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI) != 0)
        fail(EXIT_FAILED, "out of memory");
}

static bool say_wrong(struct csv_lines *lines, bool open_before, struct tool_error *error)
{
    if (csv_error(&lines->parser) != CSV_EPARSE)
        return tool_fail(error, "%s", csv_strerror(csv_error(&lines->parser)));
    if (open_before && !lines->cell_ended) {
        lines->row_line = lines->quote_line;
        return tool_fail(error,
            "a quote is opened here and not closed where the cell ends (line %" PRIu32 " has the next one): close it, "
            "and write a quote inside a cell twice",
            lines->line);
    }
    lines->row_line = lines->line;
    return tool_fail(error, "a quote stands in the middle of a cell: put the cell in quotes, and write a quote inside "
                            "it twice");
}

size_t csv_lines_next(struct csv_lines *lines, const char *text, size_t size, struct tool_error *error)
{
    const char *end = memchr(text, '\n', size);
    size_t line = end ? (size_t)(end - text) + 1 : size;
    bool open_before = lines->parser.quoted;
    lines->line++;
    lines->cell_ended = false;
    if (!open_before)
        lines->row_line = lines->line;
    if (csv_parse(&lines->parser, text, line, take_cell, take_row, lines) != line) {
        say_wrong(lines, open_before, error);
        return 0;
    }
    if (lines->parser.quoted && (!open_before || lines->cell_ended))
        lines->quote_line = lines->line;
    return line;
}

bool csv_lines_finish(struct csv_lines *lines, struct tool_error *error)
{
    if (csv_fini(&lines->parser, take_cell, take_row, lines) == 0)
        return true;
    lines->row_line = lines->quote_line;
    return tool_fail(error, "a quote is opened here and never closed; write a quote inside a cell twice");
}

void csv_lines_end(struct csv_lines *lines)
{
    csv_free(&lines->parser);
}
