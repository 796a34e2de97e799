// Commands of the programme office around quests: campaigns, definitions and changes, budgets, shops.
#include "points/quest.h"
#include "tools/command/quest_options.h"
#include "tools/command/submit.h"

#include <inttypes.h>
#include <stdlib.h>

static uint32_t number_argument(struct context *context, const char *what, size_t index, uint32_t max)
{
    return (uint32_t)parse_number(&context->line, what, argument_xget(&context->line, index), 1, max);
}

// ---- campaigns and quests

static int run_define_campaign(struct context *context)
{
    Points__V1__DefineCampaign body = POINTS__V1__DEFINE_CAMPAIGN__INIT;
    body.campaign = number_argument(context, "CAMPAIGN", 0, QUEST_NUMBER_MAX);
    body.name = (char *)argument_xget(&context->line, 1);
    body.cap_points = option_number(&context->line, "cap", 0, UINT64_MAX, 0);
    return submit_transaction(context, TRANSACTION(DEFINE_CAMPAIGN), &body);
}

static int run_define_quest(struct context *context)
{
    const char *period = option_get(&context->line, "period");
    struct quest_options options = {.quest = POINTS__V1__DEFINE_QUEST__INIT};
    Points__V1__DefineQuest *quest = &options.quest;
    quest->quest = number_argument(context, "QUEST", 0, QUEST_NUMBER_MAX);
    quest->name = (char *)argument_xget(&context->line, 1);
    quest->first_day = parse_day(&context->line, "--first", option_xget(&context->line, "first"));
    option_xget(&context->line, "last");
    quest->period = (Points__V1__Period)parse_enum(
        &context->line, "--period", &points__v1__period__descriptor, period ? period : "weekly", false);
    quest->times = (uint32_t)option_number(&context->line, "times", 1, QUEST_TIMES_MAX, 1);
    if (quest->times == 1)
        quest->times = 0; // one has no other form
    quest->campaign = (uint32_t)option_number(&context->line, "campaign", 1, QUEST_NUMBER_MAX, 0);
    quest_options_read(context, &options);
    return submit_transaction(context, TRANSACTION(DEFINE_QUEST), quest);
}

struct wanted {
    uint32_t quest;
    Points__V1__DefineQuest *found; // a copy of its own
};

static Points__V1__DefineQuest *copy_quest(const Points__V1__DefineQuest *quest)
{
    size_t size = points__v1__define_quest__get_packed_size(quest);
    uint8_t *bytes = xmalloc(size);
    points__v1__define_quest__pack(quest, bytes);
    Points__V1__DefineQuest *copy = points__v1__define_quest__unpack(NULL, size, bytes);
    free(bytes);
    if (!copy)
        fail(EXIT_FAILED, "out of memory");
    return copy;
}

static void look_for_quest(void *data, const Points__V1__ProgrammeReply *page)
{
    struct wanted *wanted = data;
    for (size_t i = 0; i < page->n_quests && !wanted->found; i++)
        if (page->quests[i]->quest && page->quests[i]->quest->quest == wanted->quest)
            wanted->found = copy_quest(page->quests[i]->quest);
}

// The transaction holds the whole definition: what is not given is as it is now.
static int run_change_quest(struct context *context)
{
    struct wanted wanted = {.quest = number_argument(context, "QUEST", 0, QUEST_NUMBER_MAX)};
    struct quest_options options;
    Points__V1__ChangeQuest body = POINTS__V1__CHANGE_QUEST__INIT;
    if (!context->line.option_count || (context->line.option_count == 1 && option_get(&context->line, "id")))
        fail_usage(&context->line, "say what changes; `points programme quests` shows what there is");
    context_programme(context, PART(QUESTS), look_for_quest, &wanted);
    if (!wanted.found)
        fail(EXIT_WRONG_USE, "no quest has the number %" PRIu32 "; see `points programme quests`", wanted.quest);
    options.quest = *wanted.found;
    if (option_get(&context->line, "name"))
        options.quest.name = (char *)option_get(&context->line, "name");
    quest_options_read(context, &options);
    body.definition = &options.quest;
    int code = submit_transaction(context, TRANSACTION(CHANGE_QUEST), &body);
    points__v1__define_quest__free_unpacked(wanted.found, NULL);
    return code;
}

// ---- budgets

static int run_set_budget(struct context *context)
{
    const char *campaign = option_get(&context->line, "campaign");
    Points__V1__SetBudget body = POINTS__V1__SET_BUDGET__INIT;
    if (campaign && context->line.argument_count > 1)
        fail_usage(&context->line, "a budget is a quest's or a campaign's: give QUEST or --campaign");
    if (campaign)
        body.campaign = (uint32_t)parse_number(&context->line, "--campaign", campaign, 1, QUEST_NUMBER_MAX);
    else if (context->line.argument_count < 2)
        fail_usage(&context->line, "of which quest? Give QUEST POINTS, or POINTS --campaign CAMPAIGN");
    else
        body.quest =
            (uint32_t)parse_number(&context->line, "QUEST", argument_xget(&context->line, 0), 1, QUEST_NUMBER_MAX);
    body.points =
        parse_number(&context->line, "POINTS", argument_xget(&context->line, campaign ? 0 : 1), 0, UINT64_MAX);
    return submit_transaction(context, TRANSACTION(SET_BUDGET), &body);
}

// ---- shops

static int run_register_shop(struct context *context)
{
    Points__V1__RegisterShop body = POINTS__V1__REGISTER_SHOP__INIT;
    body.shop = number_argument(context, "SHOP", 0, UINT32_MAX);
    body.name = (char *)argument_xget(&context->line, 1);
    body.municipality = context_municipality(context, argument_xget(&context->line, 2));
    return submit_transaction(context, TRANSACTION(REGISTER_SHOP), &body);
}

static int run_close_shop(struct context *context)
{
    Points__V1__CloseShop body = POINTS__V1__CLOSE_SHOP__INIT;
    body.shop = number_argument(context, "SHOP", 0, UINT32_MAX);
    body.last_day = parse_day(&context->line, "--last", option_xget(&context->line, "last"));
    return submit_transaction(context, TRANSACTION(CLOSE_SHOP), &body);
}

const struct command commands_quests[] = {
    {"define-campaign", "CAMPAIGN NAME [--cap POINTS] [--id ID]",
        "define a group of quests with a cap and a budget over all of them", "operator-1", 1, run_define_campaign},
    {"define-quest",
        "QUEST NAME --first DAY --last DAY [--points POINTS] [--period weekly|daily|monthly|once] [--times NUMBER] "
        "[--campaign CAMPAIGN] " QUEST_OPTIONS " [--id ID]",
        "define a quest under a number; its budget is 0 until set-budget", "operator-1", 1, run_define_quest},
    {"change-quest", "QUEST [--name NAME] [--last DAY] [--points POINTS] " QUEST_OPTIONS " [--id ID]",
        "change a quest, or end it early with --last; what was awarded stays (two operators)", "operator-1", 2,
        run_change_quest},
    {"set-budget", "[QUEST] POINTS [--campaign CAMPAIGN] [--id ID]",
        "set the whole budget of a quest or a campaign (two operators)", "operator-1", 2, run_set_budget},
    {"register-shop", "SHOP NAME MUNICIPALITY [--id ID]", "register a shop whose receipts count", "operator-1", 1,
        run_register_shop},
    {"close-shop", "SHOP --last DAY [--id ID]", "let receipts of later days than DAY count no more", "operator-1", 1,
        run_close_shop},
    {0},
};
