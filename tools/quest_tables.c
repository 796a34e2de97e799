// How quests and campaigns stand, as tables.
#include "tools/quest_tables.h"
#include "tools/budget_cells.h"
#include "tools/cells.h"
#include "tools/error.h"

#include <inttypes.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct table *quest_table(void)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"award_points", TABLE_NUMBER},
        {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}, {"used_points", TABLE_NUMBER},
        {"left_points", TABLE_NUMBER}, {"residents", TABLE_NUMBER}, {"awarded_points", TABLE_NUMBER},
        {"reversed_points", TABLE_NUMBER}, {"shortfall_points", TABLE_NUMBER}};
    return table_new("quests", columns, COUNT(columns));
}

// Told of the whole quest only, so not to a municipality.
static void reversal_cells(struct table *table, const Points__V1__QuestReply *reply, bool told)
{
    const uint64_t numbers[] = {reply->reversed_points, reply->shortfall_points};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (told)
            table_number(table, numbers[i]);
        else
            table_empty(table);
    }
}

void quest_row(struct table *table, const Points__V1__QuestReply *reply, bool told)
{
    table_number(table, reply->quest->quest);
    table_text(table, reply->quest->name);
    day_cell(table, reply->quest->first_day);
    day_cell(table, reply->quest->last_day);
    table_number(table, reply->quest->points);
    table_number(table, reply->quest->cap_points);
    budget_cells(table, told, reply->budget_points, reply->issued_points);
    table_number(table, reply->residents);
    table_number(table, quest_awarded_points(reply, told));
    reversal_cells(table, reply, told);
}

// ---- campaigns

struct table *campaign_table(void)
{
    static const struct table_column columns[] = {{"campaign", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}, {"used_points", TABLE_NUMBER},
        {"left_points", TABLE_NUMBER}, {"residents", TABLE_NUMBER}, {"quests", TABLE_TEXT}};
    return table_new("campaigns", columns, COUNT(columns));
}

// "1, 4"
static void quests_cell(struct table *table, const Points__V1__CampaignReply *reply)
{
    char *list = xstrdup("");
    for (size_t i = 0; i < reply->n_quests; i++) {
        char *longer = xprintf("%s%s%" PRIu32, list, i ? ", " : "", reply->quests[i]);
        free(list);
        list = longer;
    }
    table_text(table, list);
    free(list);
}

void campaign_row(struct table *table, const Points__V1__CampaignReply *reply)
{
    table_number(table, reply->campaign->campaign);
    table_text(table, reply->campaign->name);
    table_number(table, reply->campaign->cap_points);
    budget_cells(table, true, reply->budget_points, reply->issued_points);
    table_number(table, reply->residents);
    quests_cell(table, reply);
}
