// Chooses which cells of a table are withheld, for the suppression scenarios. Standard input: rows, columns, a
// threshold, then the numbers of the cells, row by row, sums included. Each number is as many people. Prints
// 1 for each cell that is withheld, else 0.
#include "tools/error.h"
#include "tools/report/suppression.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    size_t rows, columns;
    uint64_t threshold;
    while (scanf("%zu %zu %" SCNu64, &rows, &columns, &threshold) == 3) {
        size_t count = (rows + 1) * (columns + 1);
        struct suppression_cell *cells = xcalloc(count, sizeof *cells);
        for (size_t i = 0; i < count; i++) {
            if (scanf("%" SCNu64, &cells[i].least) != 1)
                return EXIT_FAILED;
            cells[i].people = cells[i].least;
        }
        suppression_choose(cells, rows, columns, threshold);
        for (size_t i = 0; i < count; i++)
            printf("%d%c", cells[i].withheld, i + 1 < count ? ' ' : '\n');
        free(cells);
    }
    return EXIT_SUCCESS;
}
