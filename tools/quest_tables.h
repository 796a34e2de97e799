// How quests and campaigns stand, as tables.
#pragma once

#include "proto/formats.h"
#include "tools/table.h"

#include <stdbool.h>

struct table *quest_table(void);
// `told` as in tools/budget_cells.h.
void quest_row(struct table *table, const Points__V1__QuestReply *reply, bool told);
struct table *campaign_table(void);
void campaign_row(struct table *table, const Points__V1__CampaignReply *reply);
