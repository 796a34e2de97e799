// What a quest or a campaign may issue and has, as tables show it.
#pragma once

#include "tools/command/points.h"

// Whether the asker is told of the whole quest; a municipality sees its own rows, and no budget.
bool quest_told(const struct context *context);
// To a municipality, what the rows that it sees say.
uint64_t quest_issued_points(const struct context *context, const Points__V1__QuestReply *reply);
// The cells of {"budget_points", TABLE_NUMBER}, {"issued_points", TABLE_NUMBER}, {"left_points", TABLE_NUMBER}.
void budget_cells(struct table *table, bool budget_told, uint64_t budget, uint64_t issued);
