// A small CSV file, read whole into rows of cells.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct csv_row {
    uint32_t line; // of the file, from 1
    char **cells;
    size_t count;
};

struct csv_file {
    const char *path;
    uint8_t *text; // as it is on disk
    size_t size;
    struct csv_row *rows; // the header is the first; blank lines are passed over
    size_t count;
};

// RFC 4180, UTF-8, with a byte order mark or without; a file that cannot be read ends the process with EXIT_WRONG_USE.
// The caller frees.
void csv_file_read(const char *path, struct csv_file *file);
void csv_file_free(struct csv_file *file);
// Where the header has this column; it ends the process when it has none, unless it need not be there: then SIZE_MAX.
size_t csv_file_column(const struct csv_file *file, const char *name, int needed);
const char *csv_row_cell(const struct csv_row *row, size_t column); // "" for a column that is not there
