// What a quest or a campaign may issue and has, as tables show it.
#pragma once

#include "proto/formats.h"
#include "tools/table.h"

#include <stdbool.h>
#include <stdint.h>

// As booked, reversed ones too. `told`: whether the reply tells of the whole quest; a municipality sees its own rows
// alone, and no budget.
uint64_t quest_awarded_points(const Points__V1__QuestReply *reply, bool told);
// {"budget_points", TABLE_NUMBER}, {"used_points", TABLE_NUMBER}, {"left_points", TABLE_NUMBER}: what was awarded, less
// what was reversed, is used. All empty where the budget is not told.
void budget_cells(struct table *table, bool told, uint64_t budget, uint64_t used);
