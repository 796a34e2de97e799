// What came of a simulation, as tables. Figures of a sample are scaled up to all residents.
#pragma once

#include "tools/command/points.h"
#include "tools/simulate/simulate_play.h"

// A whole number of those who play, scaled up.
uint64_t scaled(const struct play *play, uint64_t number);

// The caller frees. `every_quest`: rows of each quest and, if there are several, of all together (without a number in
// the column of quests); else these only, without that column.
typedef struct table *simulate_table_fn(struct context *context, const struct play *play, bool every_quest);

simulate_table_fn quests_table; // always of each quest, and of the campaign, if there is one
simulate_table_fn municipalities_table;
simulate_table_fn weeks_table;
simulate_table_fn refusals_table; // by outcome
simulate_table_fn expiry_table;   // by last day, of all quests together

// Points that have expired or will, by last day, ascending, as played. The caller frees.
struct expiry_sum {
    uint32_t last_day;
    bool expired;
    uint64_t points;
};
struct expiry_sum *expiry_sums(const struct play *play, size_t *count);
