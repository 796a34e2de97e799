// Asking what a quest or a campaign has issued, and to whom.
#include "points/quest.h"
#include "tools/cells.h"
#include "tools/query/budget_cells.h"
#include "tools/query/queries.h"
#include "tools/shown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// Told of the whole quest only, so not to a municipality.
static void reversal_cells(const struct context *context, struct table *table, const Points__V1__QuestReply *reply)
{
    const uint64_t numbers[] = {reply->reversed_points, reply->shortfall_points};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (quest_told(context))
            table_number(table, numbers[i]);
        else
            table_empty(table);
    }
}

static struct table *quest_summary(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"award_points", TABLE_NUMBER},
        {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}, {"used_points", TABLE_NUMBER},
        {"left_points", TABLE_NUMBER}, {"residents", TABLE_NUMBER}, {"awarded_points", TABLE_NUMBER},
        {"reversed_points", TABLE_NUMBER}, {"shortfall_points", TABLE_NUMBER}};
    struct table *table = table_new("quests", columns, COUNT(columns));
    table_number(table, reply->quest->quest);
    table_text(table, reply->quest->name);
    day_cell(table, reply->quest->first_day);
    day_cell(table, reply->quest->last_day);
    table_number(table, reply->quest->points);
    table_number(table, reply->quest->cap_points);
    budget_cells(table, quest_told(context), reply->budget_points, reply->issued_points);
    table_number(table, reply->residents);
    table_number(table, quest_awarded_points(context, reply));
    reversal_cells(context, table, reply);
    return table;
}

static struct table *quest_municipalities(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {
        MUNICIPALITY_COLUMNS, {"residents", TABLE_NUMBER}, {"awards", TABLE_NUMBER}, {"awarded_points", TABLE_NUMBER}};
    struct table *table = table_new("municipalities", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        context_municipality_cells(context, table, reply->municipalities[i]->municipality);
        table_number(table, reply->municipalities[i]->residents);
        table_number(table, reply->municipalities[i]->awards);
        table_number(table, reply->municipalities[i]->points);
    }
    return table;
}

static struct table *quest_periods(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {
        {"first_day", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"awards", TABLE_NUMBER}, {"awarded_points", TABLE_NUMBER}};
    struct table *table = table_new("periods", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_periods; i++) {
        day_cell(table, reply->periods[i]->first_day);
        context_municipality_cells(context, table, reply->periods[i]->municipality);
        table_number(table, reply->periods[i]->awards);
        table_number(table, reply->periods[i]->points);
    }
    return table;
}

int run_quest(struct context *context)
{
    const char *by = option_get(&context->line, "by");
    Points__V1__GetQuest ask = POINTS__V1__GET_QUEST__INIT;
    ask.quest = (uint32_t)parse_number(&context->line, "QUEST", argument_xget(&context->line, 0), 1, QUEST_NUMBER_MAX);
    ask.from_day = option_day(&context->line, "from", 0);
    ask.to_day = option_day(&context->line, "to", 0);
    if (by && strcmp(by, "municipality") && strcmp(by, "period"))
        fail_usage(&context->line, "--by: \"%s\" is none of: municipality, period", shown(by));
    if ((option_get(&context->line, "from") || option_get(&context->line, "to")) && !(by && !strcmp(by, "period")))
        fail_usage(&context->line, "--from and --to go with --by period");
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_QUEST), &ask);
    if (!response->quest->quest)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = !by                     ? quest_summary(context, response->quest)
                          : !strcmp(by, "period") ? quest_periods(context, response->quest)
                                                  : quest_municipalities(context, response->quest);
    client_free_response(response);
    return context_print(context, table);
}

// ---- campaigns

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

int run_campaign(struct context *context)
{
    static const struct table_column columns[] = {{"campaign", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}, {"used_points", TABLE_NUMBER},
        {"left_points", TABLE_NUMBER}, {"residents", TABLE_NUMBER}, {"quests", TABLE_TEXT}};
    Points__V1__GetCampaign ask = POINTS__V1__GET_CAMPAIGN__INIT;
    ask.campaign =
        (uint32_t)parse_number(&context->line, "CAMPAIGN", argument_xget(&context->line, 0), 1, QUEST_NUMBER_MAX);
    context_session(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_CAMPAIGN), &ask);
    const Points__V1__CampaignReply *reply = response->campaign;
    if (!reply->campaign)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = table_new("campaigns", columns, COUNT(columns));
    table_number(table, reply->campaign->campaign);
    table_text(table, reply->campaign->name);
    table_number(table, reply->campaign->cap_points);
    budget_cells(table, true, reply->budget_points, reply->issued_points);
    table_number(table, reply->residents);
    quests_cell(table, reply);
    client_free_response(response);
    return context_print(context, table);
}
