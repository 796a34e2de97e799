// The quests, their campaign, and where residents shop.
#include "tests/campaign/check_parts.h"

#include <inttypes.h>

// ---- quests

static void check_places(const struct model *model, const struct quest_tally *ours, const Points__V1__QuestReply *reply)
{
    uint64_t rows_expected = 0, rows = 0;
    for (int i = 0; i < MUNICIPALITIES; i++)
        rows_expected += ours->places[i].awards != 0;
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const Points__V1__QuestMunicipality *row = reply->municipalities[i];
        const struct quest_count *place = &ours->places[position(model, row->municipality)];
        same("quest, residents of a municipality who took part", row->residents, place->residents);
        same("quest, awards of a municipality", row->awards, place->awards);
        same("quest, points of a municipality", row->points, place->points);
        rows += row->awards != 0;
    }
    same("quest, municipalities with awards", rows, rows_expected);
}

static void check_periods(
    const struct model *model, uint32_t quest, const struct quest_tally *ours, const Points__V1__QuestReply *reply)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < reply->n_periods; i++) {
        const Points__V1__QuestPeriod *row = reply->periods[i];
        uint32_t period = programme_period(quest, row->first_day);
        if (period >= SEASON_DAYS || row->first_day != programme_period_first_day(quest, period))
            fail(EXIT_FAILED, "quest: the daemon has a period that begins on day %" PRIu32, row->first_day);
        const struct quest_count *place = &ours->periods[period][position(model, row->municipality)];
        same("quest, awards of a municipality in a period", row->awards, place->awards);
        same("quest, points of a municipality in a period", row->points, place->points);
        seen += row->awards;
    }
    same("quest, awards of all periods", seen, model_quest_total(model, quest).awards);
}

static void check_quest(const struct model *model, uint32_t quest, struct client *client)
{
    Points__V1__GetQuest get = POINTS__V1__GET_QUEST__INIT;
    const struct quest_tally *ours = &model->quests[quest];
    get.quest = quest;
    Points__V1__Response *response = ask(client, REQUEST(GET_QUEST), &get, RESPONSE(QUEST));
    const Points__V1__QuestReply *reply = response->quest;
    same("quest, budget", reply->budget_points, ours->budget);
    same("quest, issued", reply->issued_points, ours->issued);
    same("quest, reversed", reply->reversed_points, ours->reversed);
    same("quest, shortfall", reply->shortfall_points, ours->shortfall);
    same("quest, residents who took part", reply->residents, model_quest_total(model, quest).residents);
    check_places(model, ours, reply);
    check_periods(model, quest, ours, reply);
    client_free_response(response);
}

static void check_campaign(const struct model *model, struct client *client)
{
    Points__V1__GetCampaign get = POINTS__V1__GET_CAMPAIGN__INIT;
    get.campaign = CAMPAIGN;
    Points__V1__Response *response = ask(client, REQUEST(GET_CAMPAIGN), &get, RESPONSE(CAMPAIGN));
    same("campaign, budget", response->campaign->budget_points, model->campaign.budget);
    same("campaign, issued", response->campaign->issued_points, model->campaign.issued);
    same("campaign, residents", response->campaign->residents, model->campaign.residents);
    same("campaign, number of quests", response->campaign->n_quests, 2);
    client_free_response(response);
}

void check_quests(const struct model *model, struct client *client)
{
    for (uint32_t quest = 1; quest <= QUESTS; quest++)
        check_quest(model, quest, client);
    check_campaign(model, client);
}

// ---- circulation

static void check_cell(const struct model *model, const Points__V1__CirculationRow *row)
{
    uint32_t month = month_of(row->first_day);
    if (row->first_day != month_first_day(month))
        fail(EXIT_FAILED, "circulation: the daemon has a month that begins on day %" PRIu32, row->first_day);
    const struct circulation_cell *ours =
        &model->circulation[month][position(model, row->home)][position(model, row->place)];
    same("circulation, receipts of a home at a place in a month", row->receipts, ours->receipts);
    same("circulation, yen of a home at a place in a month", row->amount_yen, ours->amount_yen);
    same("circulation, residents of a home at a place in a month", row->residents, ours->residents);
    same("circulation, points of a home at a place in a month", row->points, ours->points);
}

void check_circulation(const struct model *model, struct client *client)
{
    Points__V1__GetCirculation get = POINTS__V1__GET_CIRCULATION__INIT;
    uint64_t receipts = 0;
    do {
        Points__V1__Response *response = ask(client, REQUEST(GET_CIRCULATION), &get, RESPONSE(CIRCULATION));
        for (size_t i = 0; i < response->circulation->n_rows; i++) {
            check_cell(model, response->circulation->rows[i]);
            receipts += response->circulation->rows[i]->receipts;
        }
        get.offset = response->circulation->next_offset;
        client_free_response(response);
    } while (get.offset);
    same("circulation, receipts", receipts, model_quest_total(model, RECEIPTS).awards);
}
