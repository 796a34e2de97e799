// CSV line by line, by libcsv: which line a row begins on, and where a quote was left open.
#pragma once

#include "tools/error.h"

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_lines {
    struct csv_parser parser;
    void (*cell)(void *text, size_t size, void *data); // libcsv's callbacks; text ends with a NUL byte
    void (*row)(int end, void *data);
    void *data;
    uint32_t row_line;         // where the row at hand begins, from 1; after a mistake, where that is
    uint32_t line, quote_line; // the last one that was read; where the quote that is open there was opened
    bool cell_ended;           // on the last line
};

// RFC 4180, strictly. Ends the process when there is no memory.
void csv_lines_begin(
    struct csv_lines *lines, void (*cell)(void *, size_t, void *), void (*row)(int, void *), void *data);
// Reads the first line of a text that is not empty; returns its size with its end. 0: `error` says what is wrong.
size_t csv_lines_next(struct csv_lines *lines, const char *text, size_t size, struct tool_error *error);
// The text has ended. False: in the middle of something.
bool csv_lines_finish(struct csv_lines *lines, struct tool_error *error);
void csv_lines_end(struct csv_lines *lines);
