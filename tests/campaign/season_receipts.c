// 巡って買って応援: trips to shops and roadside stations, and the receipts that people bring home.
#include "tests/campaign/season_parts.h"

enum {
    TRAVELLERS_ONE_IN = 12, // who takes part: the first so many of the list
    KEEN_ONE_IN = 10,       // of them, who make a quarter of the trips
    TRIPS_WEEKDAY = 35000,  // a day, per million travellers
    TRIPS_WEEKEND = 70000,
};

// At home as often as not; else anywhere in the region. A shop that has closed is visited by hardly anybody.
static uint8_t choose_shop(const struct season *season, uint8_t home, uint64_t *bits)
{
    bool at_home = draw_take(bits, 100) < 50, misled = draw_take(bits, 100) < 3;
    for (;;) {
        uint8_t shop = (uint8_t)(1 + draw_take(bits, SHOPS));
        uint32_t last_day = programme_shops[shop].last_day;
        bool closed = last_day && season->today > last_day;
        if ((!at_home || programme_shops[shop].place == home) && (!closed || misled))
            return shop;
    }
}

static uint32_t amount_yen(uint64_t *bits)
{
    uint32_t manner = draw_take(bits, 100);
    if (manner < 2)
        return 120 + draw_take(bits, 380);
    if (manner < 42)
        return 500 + draw_take(bits, 1000);
    if (manner < 75)
        return 1500 + draw_take(bits, 1500);
    return manner < 95 ? 3000 + draw_take(bits, 4000) : 7000 + draw_take(bits, 20000);
}

// The same receipt, registered by somebody else of the family too.
static void show_at_home(struct season *season, struct award award)
{
    award.resident = (award.resident + 1) % season->population->count;
    if (may_spend(&season->model->residents[award.resident]))
        award_post_later(season, &award, 1);
}

void receipts_buy(struct season *season, uint32_t resident, uint64_t *bits)
{
    uint8_t shop = choose_shop(season, season->model->residents[resident].home, bits);
    struct award award = {.resident = resident, .quest = RECEIPTS};
    award.occurred_at = day_begin(season->today) + 9 * HOUR_S + draw_take(bits, 10 * HOUR_S);
    award.receipt = (struct receipt){season->receipts++, amount_yen(bits), shop, programme_shops[shop].place};
    uint32_t manner = draw_take(bits, 1000);
    if (manner < 4)
        award.receipt.place = (uint8_t)((award.receipt.place + 1) % MUNICIPALITIES); // misread
    if (manner < 950)
        award_post(season, &award);
    else
        award_post_later(season, &award, manner < 990 ? 1 + draw_take(bits, 3) : 4 + draw_take(bits, 6));
    if (draw_take(bits, 150) == 0)
        show_at_home(season, award);
}

void receipts_of_today(struct season *season)
{
    const struct quest *terms = &programme_quests[RECEIPTS];
    uint32_t travellers = season->population->count / TRAVELLERS_ONE_IN;
    uint32_t exhausted_on = season->model->quests[RECEIPTS].exhausted_on;
    uint32_t trips = weekday_of(season->today) < 5 ? TRIPS_WEEKDAY : TRIPS_WEEKEND;
    uint64_t bits;
    if (season->today < terms->first_day || season->today > terms->last_day)
        return;
    if (exhausted_on && exhausted_on < season->today)
        trips /= 5;
    for (uint32_t i = how_many(season, DRAW_TRIP, travellers, trips); i > 0; i--) {
        uint32_t among = i % 4 ? travellers : travellers / KEEN_ONE_IN + 1;
        const struct resident *resident = somebody(season, DRAW_TRIP, i, among, &bits);
        if (!resident)
            continue;
        uint32_t stops = 1 + (draw_take(&bits, 100) < 25) + (draw_take(&bits, 100) < 8);
        for (uint32_t stop = 0; stop < stops; stop++)
            receipts_buy(season, index_of(season, resident), &bits);
    }
}
