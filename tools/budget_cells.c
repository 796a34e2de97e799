// What a quest or a campaign may issue and has, as tables show it.
#include "tools/budget_cells.h"

uint64_t quest_awarded_points(const Points__V1__QuestReply *reply, bool told)
{
    uint64_t awarded = 0;
    if (told)
        return reply->issued_points + reply->reversed_points;
    for (size_t i = 0; i < reply->n_municipalities; i++)
        awarded += reply->municipalities[i]->points;
    return awarded;
}

void budget_cells(struct table *table, bool told, uint64_t budget, uint64_t used)
{
    const uint64_t numbers[] = {budget, used, budget - used};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (told)
            table_number(table, numbers[i]);
        else
            table_empty(table);
    }
}
