// A two-way table to publish: counts and what goes with them, and their sums; small ones withheld (suppression.h).
#pragma once

#include "tools/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPEN_NUMBERS_MAX = 4 };
#define OPEN_NOT_KNOWN UINT64_MAX // of a number or of people

struct open_cell {
    uint64_t people;                    // how many are behind it, at least
    uint64_t numbers[OPEN_NUMBERS_MAX]; // published together or not at all
    bool withheld;
};

struct open_table {
    size_t rows, columns;   // of cells; sums are one more row and column, the last
    size_t numbers, adding; // how many a cell has; how many of them, the first ones, add up
    struct open_cell *cells;
};

// All zeros. The caller frees.
struct open_table open_table_new(size_t rows, size_t columns, size_t numbers, size_t adding);
void open_table_free(struct open_table *table);
struct open_cell *open_table_cell(const struct open_table *table, size_t row, size_t column);
// Fills in the numbers of the sums that add up.
void open_table_add_up(const struct open_table *table);
// A cell that is not all zeros is small when fewer people than the threshold are behind it, for all that is known.
void open_table_withhold(const struct open_table *table, uint64_t threshold);
// Adds the numbers of a cell, or X for each.
void open_table_print_cell(const struct open_table *table, size_t row, size_t column, struct table *to);
