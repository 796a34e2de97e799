// What a quest or a campaign may issue and has, as tables show it.
#pragma once

#include "tools/command/points.h"

// Whether the asker is told of the whole quest; a municipality sees its own rows, and no budget.
bool quest_told(const struct context *context);
// As booked, reversed ones too; to a municipality, what the rows that it sees say.
uint64_t quest_awarded_points(const struct context *context, const Points__V1__QuestReply *reply);
// {"budget_points", TABLE_NUMBER}, {"used_points", TABLE_NUMBER}, {"left_points", TABLE_NUMBER}: what was awarded, less
// what was reversed, is used. All empty where the budget is not told.
void budget_cells(struct table *table, bool told, uint64_t budget, uint64_t used);
