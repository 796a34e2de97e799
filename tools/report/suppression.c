// Complementary cell suppression: for each small cell, the cheapest cycle through it is withheld.
#include "tools/report/suppression.h"
#include "tools/error.h"

#include <stdlib.h>

// Nodes are numbered: the rows, the sums of columns as a row, the columns, the sums of rows as a column.
struct network {
    struct suppression_cell *cells;
    size_t rows, columns; // of cells, sums included
};

struct step {
    uint64_t cost;     // from the beginning of the path; UINT64_MAX: not reached
    size_t from, cell; // the node before, and the cell whose arc leads here
    bool done;
};

// The cells inside and the sum of all run from row to column, the other sums from column to row.
static bool runs_down(const struct network *network, size_t cell)
{
    bool sum_of_columns = cell / network->columns == network->rows - 1;
    bool sum_of_rows = cell % network->columns == network->columns - 1;
    return sum_of_columns == sum_of_rows;
}

static size_t row_node(const struct network *network, size_t cell)
{
    return cell / network->columns;
}

static size_t column_node(const struct network *network, size_t cell)
{
    return network->rows + cell % network->columns;
}

// Whether one more may flow through a cell from one of its nodes to the other.
static bool passes(const struct network *network, size_t cell, size_t from)
{
    bool forwards = (from == row_node(network, cell)) == runs_down(network, cell);
    return network->cells[cell].least >= (forwards ? 1 : 2);
}

static uint64_t cost_of(const struct suppression_cell *cell)
{
    return cell->withheld ? 0 : cell->least;
}

// ---- the cheapest path, by Dijkstra's algorithm

static void step_over(const struct network *network, struct step *steps, size_t from, size_t cell, size_t to)
{
    uint64_t cost = steps[from].cost + cost_of(&network->cells[cell]);
    if (passes(network, cell, from) && cost < steps[to].cost)
        steps[to] = (struct step){cost, from, cell, false};
}

static void step_on(const struct network *network, struct step *steps, size_t from, size_t without)
{
    bool row = from < network->rows;
    steps[from].done = true;
    for (size_t i = 0; i < (row ? network->columns : network->rows); i++) {
        size_t cell = row ? from * network->columns + i : i * network->columns + from - network->rows;
        size_t to = row ? network->rows + i : i;
        if (cell != without && !steps[to].done)
            step_over(network, steps, from, cell, to);
    }
}

// The node to go on from; SIZE_MAX: none is left.
static size_t nearest(const struct step *steps, size_t count)
{
    size_t nearest = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        if (!steps[i].done && steps[i].cost != UINT64_MAX &&
            (nearest == SIZE_MAX || steps[i].cost < steps[nearest].cost))
            nearest = i;
    return nearest;
}

// Fills `steps` with the cheapest paths from a node that do not use cell `without`; the cost of the one to `to`.
static uint64_t walk(const struct network *network, struct step *steps, size_t from, size_t to, size_t without)
{
    size_t count = network->rows + network->columns;
    for (size_t i = 0; i < count; i++)
        steps[i] = (struct step){.cost = UINT64_MAX};
    steps[from].cost = 0;
    for (size_t at = from; at != SIZE_MAX && at != to; at = nearest(steps, count))
        step_on(network, steps, at, without);
    return steps[to].cost;
}

// ---- one small cell

static void withhold_path(const struct network *network, const struct step *steps, size_t from, size_t to)
{
    for (; to != from; to = steps[to].from)
        network->cells[steps[to].cell].withheld = true;
}

// Withholds the cheaper of the cycles on which the cell may rise or fall.
static void protect(const struct network *network, struct step *steps, size_t cell)
{
    bool down = runs_down(network, cell);
    size_t tail = down ? row_node(network, cell) : column_node(network, cell);
    size_t head = down ? column_node(network, cell) : row_node(network, cell);
    uint64_t rise = walk(network, steps, head, tail, cell);
    uint64_t fall = network->cells[cell].least > 1 ? walk(network, steps, tail, head, cell) : UINT64_MAX;
    if (rise == UINT64_MAX && fall == UINT64_MAX)
        fail(EXIT_FAILED, "a table whose sums are not those of its cells");
    if (fall >= rise)
        walk(network, steps, head, tail, cell);
    withhold_path(network, steps, fall < rise ? tail : head, fall < rise ? head : tail);
}

void suppression_choose(struct suppression_cell *cells, size_t rows, size_t columns)
{
    const struct network network = {cells, rows + 1, columns + 1};
    struct step *steps = xcalloc(network.rows + network.columns, sizeof *steps);
    for (size_t i = 0; i < network.rows * network.columns; i++)
        cells[i].withheld = cells[i].small && cells[i].least;
    for (size_t i = 0; i < network.rows * network.columns; i++)
        if (cells[i].small && cells[i].least)
            protect(&network, steps, i);
    free(steps);
}
