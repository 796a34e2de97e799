// The terms of the programme of 2021/22.
#include "tests/campaign/programme.h"

const char programme_campaign_name[] = "巡って買って応援";

const struct quest programme_quests[QUESTS + 1] = {
    [SDGS] = {.name = "SDGsクエスト",
        .period = PERIOD(WEEKLY),
        .points = 100,
        .cap_points = SDGS_WEEKS * 100,
        .first_day = NOVEMBER + 12,
        .last_day = FEBRUARY + 25,
        .grace_s = 3 * DAY_S},
    [RECEIPTS] = {.name = "お買い物レシート",
        .period = PERIOD(DAILY),
        .first_day = DECEMBER + 1,
        .last_day = FEBRUARY + 28,
        .grace_s = 3 * DAY_S,
        .times = RECEIPTS_A_DAY,
        .campaign = CAMPAIGN,
        .expiry = EXPIRY(END_OF_FISCAL_YEAR)},
    [OUTINGS] = {.name = "公共交通でお出かけ",
        .period = PERIOD(MONTHLY),
        .points = 50,
        .first_day = DECEMBER + 1,
        .last_day = FEBRUARY + 28,
        .grace_s = 3 * DAY_S,
        .campaign = CAMPAIGN,
        .expiry = EXPIRY(AFTER_DAYS),
        .expiry_days = 30},
};

const struct receipt_step programme_steps[RECEIPT_STEPS] = {{500, 10}, {1000, 20}, {3000, 60}, {5000, 100}};

const struct shop programme_shops[SHOPS + 1] = {
    [1] = {.name = "札幌市 商店会", .place = 0},
    [2] = {.name = "小樽市 商店会", .place = 1},
    [3] = {.name = "岩見沢市 商店会", .place = 2},
    [4] = {.name = "江別市 商店会", .place = 3},
    [5] = {.name = "千歳市 商店会", .place = 4},
    [6] = {.name = "恵庭市 商店会", .place = 5},
    [7] = {.name = "北広島市 商店会", .place = 6},
    [8] = {.name = "石狩市 商店会", .place = 7},
    [9] = {.name = "当別町 商店会", .place = 8},
    [10] = {.name = "新篠津村 商店会", .place = 9},
    [11] = {.name = "南幌町 農産物直売所", .place = 10, .last_day = JANUARY + 10}, // closes for the winter
    [12] = {.name = "南幌町 商店会", .place = 10},
    [13] = {.name = "道の駅 サーモンパーク千歳", .place = 4},
    [14] = {.name = "道の駅 花ロードえにわ", .place = 5},
    [15] = {.name = "道の駅 石狩「あいろーど厚田」", .place = 7},
    [16] = {.name = "道の駅 北欧の風 道の駅とうべつ", .place = 8},
    [17] = {.name = "道の駅 しんしのつ", .place = 9},
    [18] = {.name = "道の駅 マオイの丘公園", .place = 11},
};

const struct purpose programme_purposes[PURPOSES + 1] = {
    [1] = {"COVID-19対策", NOVEMBER + 1, MARCH + 31},
    [2] = {"まちづくり", NOVEMBER + 1, MARCH + 31},
    [3] = {"子育て支援", NOVEMBER + 1, MARCH + 31},
    [PURPOSE_OF_DECEMBER] = {"歳末たすけあい", DECEMBER + 1, DECEMBER + 31},
};

uint32_t programme_period(uint32_t quest, uint32_t day)
{
    const struct quest *terms = &programme_quests[quest];
    uint32_t monday = terms->first_day - weekday_of(terms->first_day);
    switch (terms->period) {
    case PERIOD(WEEKLY):
        return (day - monday) / WEEK_DAYS;
    case PERIOD(MONTHLY):
        return month_of(day) - month_of(terms->first_day);
    default:
        return day - terms->first_day;
    }
}

uint32_t programme_period_first_day(uint32_t quest, uint32_t period)
{
    const struct quest *terms = &programme_quests[quest];
    uint32_t monday = terms->first_day - weekday_of(terms->first_day);
    switch (terms->period) {
    case PERIOD(WEEKLY):
        return monday + WEEK_DAYS * period;
    case PERIOD(MONTHLY):
        return month_first_day(month_of(terms->first_day) + period);
    default:
        return terms->first_day + period;
    }
}

uint32_t programme_expiry(uint32_t quest, uint32_t day)
{
    const struct quest *terms = &programme_quests[quest];
    if (terms->expiry == EXPIRY(EXPIRY_NONE))
        return 0;
    return terms->expiry == EXPIRY(AFTER_DAYS) ? day + terms->expiry_days : MARCH + 31;
}
