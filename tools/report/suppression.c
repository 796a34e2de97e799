// Complementary cell suppression: for each small cell, the cheapest cycles through it are withheld.
#include "tools/report/suppression.h"
#include "tools/error.h"

#include <stdlib.h>

// Nodes are numbered: the rows, the sums of columns as a row, the columns, the sums of rows as a column.
struct network {
    struct suppression_cell *cells;
    size_t rows, columns; // of cells, sums included
    uint64_t threshold;
    struct arc *arcs;   // of the cells
    struct step *steps; // of the nodes
};

struct arc {
    int64_t flow; // of people, while a cut is looked for
    bool cut;     // belongs to the cut that is to be crossed elsewhere
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

static size_t tail_of(const struct network *network, size_t cell)
{
    return runs_down(network, cell) ? row_node(network, cell) : column_node(network, cell);
}

static size_t head_of(const struct network *network, size_t cell)
{
    return runs_down(network, cell) ? column_node(network, cell) : row_node(network, cell);
}

static bool is_small(const struct network *network, size_t cell)
{
    return network->cells[cell].least && network->cells[cell].people < network->threshold;
}

// ---- ways that a path may go: whether through a cell, from its tail forwards or from its head

typedef bool passes_fn(const struct network *network, size_t cell, bool forwards);

// One more may flow through it.
static bool can_change(const struct network *network, size_t cell, bool forwards)
{
    return network->cells[cell].least >= (forwards ? 1 : 2);
}

// The same, crossing the cut by its own cells in one direction only: that in which the small cell is changed.
static bool can_change_rising(const struct network *network, size_t cell, bool forwards)
{
    return can_change(network, cell, forwards) && (forwards || !network->arcs[cell].cut);
}

static bool can_change_falling(const struct network *network, size_t cell, bool forwards)
{
    return can_change(network, cell, forwards) && (!forwards || !network->arcs[cell].cut);
}

// More people may flow through it: backwards without end, since what a withheld arc enters has no sum that is known.
static bool has_room(const struct network *network, size_t cell, bool forwards)
{
    const struct suppression_cell *at = &network->cells[cell];
    return at->withheld && (!forwards || (int64_t)at->people > network->arcs[cell].flow);
}

static uint64_t cost_of(const struct suppression_cell *cell)
{
    return cell->withheld ? 0 : cell->least;
}

// ---- the cheapest path, by Dijkstra's algorithm

static void step_over(const struct network *network, passes_fn *passes, size_t from, size_t cell, size_t to)
{
    uint64_t cost = network->steps[from].cost + cost_of(&network->cells[cell]);
    if (passes(network, cell, from == tail_of(network, cell)) && cost < network->steps[to].cost)
        network->steps[to] = (struct step){cost, from, cell, false};
}

static void step_on(const struct network *network, passes_fn *passes, size_t from)
{
    bool row = from < network->rows;
    network->steps[from].done = true;
    for (size_t i = 0; i < (row ? network->columns : network->rows); i++) {
        size_t cell = row ? from * network->columns + i : i * network->columns + from - network->rows;
        size_t to = row ? network->rows + i : i;
        if (!network->steps[to].done)
            step_over(network, passes, from, cell, to);
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

// Fills the steps with the cheapest paths from a node; the cost of the one to `to`. UINT64_MAX: none, and all nodes
// that can be reached are.
static uint64_t walk(const struct network *network, passes_fn *passes, size_t from, size_t to)
{
    size_t count = network->rows + network->columns;
    for (size_t i = 0; i < count; i++)
        network->steps[i] = (struct step){.cost = UINT64_MAX};
    network->steps[from].cost = 0;
    for (size_t at = from; at != SIZE_MAX && at != to; at = nearest(network->steps, count))
        step_on(network, passes, at);
    return network->steps[to].cost;
}

// ---- a cycle through a small cell

static void withhold_path(const struct network *network, size_t from, size_t to)
{
    for (; to != from; to = network->steps[to].from)
        network->cells[network->steps[to].cell].withheld = true;
}

// Withholds the cheaper of the cycles on which the cell may rise or fall, and that cross the cut by another cell.
static void protect(const struct network *network, size_t cell)
{
    size_t tail = tail_of(network, cell), head = head_of(network, cell);
    uint64_t rise = walk(network, can_change_rising, head, tail);
    uint64_t fall = network->cells[cell].least > 1 ? walk(network, can_change_falling, tail, head) : UINT64_MAX;
    if (rise == UINT64_MAX && fall == UINT64_MAX)
        fail(EXIT_FAILED, "a table whose sums are not those of its cells");
    if (fall >= rise)
        walk(network, can_change_rising, head, tail);
    withhold_path(network, fall < rise ? tail : head, fall < rise ? head : tail);
}

// ---- the sums of withheld cells that are known

// The people that can be sent along the path that was found, `most` at most.
static int64_t room_on_path(const struct network *network, size_t from, size_t to, int64_t most)
{
    for (; to != from; to = network->steps[to].from) {
        size_t cell = network->steps[to].cell;
        int64_t room = (int64_t)network->cells[cell].people - network->arcs[cell].flow;
        if (to == head_of(network, cell) && room < most)
            most = room;
    }
    return most;
}

static void send_on_path(const struct network *network, size_t from, size_t to, int64_t people)
{
    for (; to != from; to = network->steps[to].from) {
        size_t cell = network->steps[to].cell;
        network->arcs[cell].flow += to == head_of(network, cell) ? people : -people;
    }
}

// Marks the cells of the known sum of the fewest people that the cell is part of; false: they are enough, or none is.
static bool find_small_sum(const struct network *network, size_t cell)
{
    size_t tail = tail_of(network, cell), head = head_of(network, cell), count = network->rows * network->columns;
    int64_t wanted = (int64_t)network->threshold;
    for (size_t i = 0; i < count; i++)
        network->arcs[i] = (struct arc){0};
    while (wanted > 0 && walk(network, has_room, tail, head) != UINT64_MAX) {
        int64_t people = room_on_path(network, tail, head, wanted);
        send_on_path(network, tail, head, people);
        wanted -= people;
    }
    for (size_t i = 0; i < count && wanted > 0; i++)
        network->arcs[i].cut = network->cells[i].withheld && network->steps[tail_of(network, i)].done &&
                               !network->steps[head_of(network, i)].done;
    return wanted > 0;
}

static void protect_alone(const struct network *network, size_t cell)
{
    network->arcs[cell].cut = true;
    protect(network, cell);
    network->arcs[cell].cut = false;
}

void suppression_choose(struct suppression_cell *cells, size_t rows, size_t columns, uint64_t threshold)
{
    struct network network = {cells, rows + 1, columns + 1, threshold, NULL, NULL};
    size_t count = network.rows * network.columns;
    network.arcs = xcalloc(count, sizeof *network.arcs);
    network.steps = xcalloc(network.rows + network.columns, sizeof *network.steps);
    for (size_t i = 0; i < count; i++)
        cells[i].withheld = is_small(&network, i);
    for (size_t i = 0; i < count; i++)
        if (is_small(&network, i))
            protect_alone(&network, i);
    for (size_t i = 0; i < count; i++)
        while (is_small(&network, i) && find_small_sum(&network, i))
            protect(&network, i);
    free(network.steps);
    free(network.arcs);
}
