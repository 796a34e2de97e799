// CSV written row by row (RFC 4180): in UTF-8 with a byte order mark, by which alone spreadsheets take a file for
// UTF-8, or in CP932.
#pragma once

#include "tools/table.h"

struct csv_rows {
    FILE *file;
    bool cp932;
    const struct table_column *columns; // borrowed
    size_t column_count, column;
    uint64_t row; // that is being written, counted from the headings as spreadsheets do, from 1
    size_t lost;  // characters that CP932 does not have: 〓 stands for each; the first hundred are told on stderr
};

// Writes the headings.
void csv_rows_begin(
    struct csv_rows *rows, const struct table_column *columns, size_t column_count, bool cp932, FILE *file);
// Cells are added from left to right; a full row is followed by the next.
void csv_rows_cell(struct csv_rows *rows, const char *text);
