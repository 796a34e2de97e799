// Asking what a quest or a campaign has issued, and to whom.
#include "points/quest.h"
#include "tools/cells.h"
#include "tools/query/queries.h"
#include "tools/quest_tables.h"
#include "tools/shown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct table *quest_summary(struct context *context, const Points__V1__QuestReply *reply)
{
    struct table *table = quest_table();
    quest_row(table, reply, context_quests_told(context));
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

int run_campaign(struct context *context)
{
    Points__V1__GetCampaign ask = POINTS__V1__GET_CAMPAIGN__INIT;
    ask.campaign =
        (uint32_t)parse_number(&context->line, "CAMPAIGN", argument_xget(&context->line, 0), 1, QUEST_NUMBER_MAX);
    context_session(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_CAMPAIGN), &ask);
    const Points__V1__CampaignReply *reply = response->campaign;
    if (!reply->campaign)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = campaign_table();
    campaign_row(table, reply);
    client_free_response(response);
    return context_print(context, table);
}
