// A two-way table to publish.
#include "tools/report/open_table.h"
#include "tools/error.h"
#include "tools/report/suppression.h"

#include <stdlib.h>

struct open_table open_table_new(size_t rows, size_t columns, size_t numbers, size_t adding)
{
    return (struct open_table){
        rows, columns, numbers, adding, xcalloc((rows + 1) * (columns + 1), sizeof(struct open_cell))};
}

void open_table_free(struct open_table *table)
{
    free(table->cells);
    *table = (struct open_table){0};
}

struct open_cell *open_table_cell(const struct open_table *table, size_t row, size_t column)
{
    return &table->cells[row * (table->columns + 1) + column];
}

void open_table_add_up(const struct open_table *table)
{
    for (size_t row = 0; row < table->rows; row++)
        for (size_t column = 0; column < table->columns; column++)
            for (size_t i = 0; i < table->adding; i++) {
                uint64_t number = open_table_cell(table, row, column)->numbers[i];
                open_table_cell(table, row, table->columns)->numbers[i] += number;
                open_table_cell(table, table->rows, column)->numbers[i] += number;
                open_table_cell(table, table->rows, table->columns)->numbers[i] += number;
            }
}

// The smallest of the numbers that are told, at least 1; 0 when all that add up are.
static uint64_t least_number(const struct open_table *table, const struct open_cell *cell)
{
    uint64_t least = UINT64_MAX;
    bool zero = true;
    for (size_t i = 0; i < table->numbers; i++) {
        zero = zero && (i >= table->adding || !cell->numbers[i]);
        least = cell->numbers[i] < least ? cell->numbers[i] : least;
    }
    return zero ? 0 : least ? least : 1;
}

void open_table_withhold(const struct open_table *table, uint64_t threshold)
{
    size_t count = (table->rows + 1) * (table->columns + 1);
    struct suppression_cell *cells = xcalloc(count, sizeof *cells);
    for (size_t i = 0; i < count; i++) {
        cells[i].least = least_number(table, &table->cells[i]);
        cells[i].people = table->cells[i].people;
    }
    suppression_choose(cells, table->rows, table->columns, threshold);
    for (size_t i = 0; i < count; i++)
        table->cells[i].withheld = cells[i].withheld;
    free(cells);
}

void open_table_print_cell(const struct open_table *table, size_t row, size_t column, struct table *to)
{
    const struct open_cell *cell = open_table_cell(table, row, column);
    for (size_t i = 0; i < table->numbers; i++) {
        if (cell->withheld)
            table_withheld(to);
        else if (cell->numbers[i] == OPEN_NOT_KNOWN)
            table_empty(to);
        else
            table_number(to, cell->numbers[i]);
    }
}
