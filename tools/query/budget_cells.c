// What a quest or a campaign may issue and has, as tables show it.
#include "tools/query/budget_cells.h"

bool quest_told(const struct context *context)
{
    return context->role != ROLE(MUNICIPALITY);
}

uint64_t quest_issued_points(const struct context *context, const Points__V1__QuestReply *reply)
{
    uint64_t issued = 0;
    if (quest_told(context))
        return reply->issued_points;
    for (size_t i = 0; i < reply->n_municipalities; i++)
        issued += reply->municipalities[i]->points;
    return issued;
}

void budget_cells(struct table *table, bool budget_told, uint64_t budget, uint64_t issued)
{
    if (budget_told)
        table_number(table, budget);
    else
        table_empty(table);
    table_number(table, issued);
    if (budget_told)
        table_number(table, budget - issued);
    else
        table_empty(table);
}
