// Asking what a quest has issued, and to whom.
#include "tools/cells.h"
#include "tools/queries.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// A municipality is told no budget, and what was issued only as far as it sees the rows.
static void quest_points_cells(const struct context *context, struct table *table, const Points__V1__QuestReply *reply)
{
    if (context->role != ROLE(MUNICIPALITY)) {
        table_number(table, reply->budget_points);
        table_number(table, reply->issued_points);
        table_number(table, reply->budget_points - reply->issued_points);
        return;
    }
    uint64_t issued = 0;
    for (size_t i = 0; i < reply->n_municipalities; i++)
        issued += reply->municipalities[i]->points;
    table_empty(table);
    table_number(table, issued);
    table_empty(table);
}

static struct table *quest_summary(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"award_points", TABLE_NUMBER},
        {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}, {"issued_points", TABLE_NUMBER},
        {"left_points", TABLE_NUMBER}, {"residents", TABLE_NUMBER}};
    struct table *table = table_new("quests", columns, COUNT(columns));
    table_number(table, reply->quest->quest);
    table_text(table, reply->quest->name);
    day_cell(table, reply->quest->first_day);
    day_cell(table, reply->quest->last_day);
    table_number(table, reply->quest->points);
    table_number(table, reply->quest->cap_points);
    quest_points_cells(context, table, reply);
    table_number(table, reply->residents);
    return table;
}

static struct table *quest_municipalities(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {
        MUNICIPALITY_COLUMNS, {"residents", TABLE_NUMBER}, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("municipalities", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        context_municipality_cells(context, table, reply->municipalities[i]->municipality);
        table_number(table, reply->municipalities[i]->residents);
        table_number(table, reply->municipalities[i]->awards);
        table_number(table, reply->municipalities[i]->points);
    }
    return table;
}

static struct table *quest_weeks(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {
        {"week", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("weeks", columns, COUNT(columns));
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
    const char *by = option_get(context, "by"), *from = option_get(context, "from"), *to = option_get(context, "to");
    Points__V1__GetQuest ask = POINTS__V1__GET_QUEST__INIT;
    ask.quest = (uint32_t)parse_number(context, "QUEST", argument_xget(context, 0), 1, UINT32_MAX);
    ask.from_day = from ? parse_day(context, "--from", from) : 0;
    ask.to_day = to ? parse_day(context, "--to", to) : 0;
    if (by && strcmp(by, "municipality") && strcmp(by, "week"))
        fail_usage(context, "--by: \"%s\" is none of: municipality, week", by);
    if ((from || to) && !(by && !strcmp(by, "week")))
        fail_usage(context, "--from and --to go with --by week");
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, REQUEST(GET_QUEST), &ask);
    if (!response->quest->quest)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = !by                   ? quest_summary(context, response->quest)
                          : !strcmp(by, "week") ? quest_weeks(context, response->quest)
                                                : quest_municipalities(context, response->quest);
    client_free_response(response);
    return context_print(context, table);
}
