// The SDGs quest, week by week, and the outings.
#include "tests/campaign/season_parts.h"

enum { OUTINGS_PER_MILLION = 2500 };

// How many of 65,536 keen people do the SDGs quest this week: less and less, little over New Year, hardly any once the
// budget is gone.
static uint32_t interest(const struct season *season, uint32_t week)
{
    uint32_t share = 62000 - 1000 * week, exhausted_on = season->model->quests[SDGS].exhausted_on;
    if (week == 7)
        share = share * 7 / 10;
    return exhausted_on && exhausted_on < season->today ? share / 5 : share;
}

// Which day of the week, 0 to 6. In the first and the last week most know when the quest begins and ends.
static uint8_t weekday_of_deed(uint32_t week, uint64_t *bits)
{
    bool knows = draw_take(bits, 1000) >= 4;
    if (week == 0 && knows)
        return (uint8_t)(4 + draw_take(bits, 3));
    return (uint8_t)draw_take(bits, week == SDGS_WEEKS - 1 && knows ? 5 : 7);
}

// On Mondays people make up their minds.
static void plan_week(const struct season *season, uint32_t week)
{
    const struct model *model = season->model;
    uint32_t share = interest(season, week);
    for (uint32_t i = 0; i < model->resident_count; i++) {
        struct person *person = &season->population->people[i];
        person->weekday = NO_WEEKDAY;
        if (person->eagerness == 0)
            continue;
        uint64_t bits = draw(model->seed, DRAW_WEEK, i, week);
        uint32_t wanted = share * person->eagerness / 255 * season->keenness[model->residents[i].home] / 1000;
        if (draw_take(&bits, 65536) < wanted)
            person->weekday = weekday_of_deed(week, &bits);
    }
}

static struct award deed_of_today(const struct season *season, uint32_t quest, uint32_t resident, uint64_t *bits)
{
    int64_t at = day_begin(season->today) + 7 * HOUR_S + draw_take(bits, 13 * HOUR_S);
    return (struct award){.resident = resident, .quest = quest, .occurred_at = at};
}

// A deed of today: posted at once, or later, or twice.
static void do_quest(struct season *season, uint32_t resident)
{
    uint64_t bits = draw(season->model->seed, DRAW_DAY, resident, season->today);
    struct award deed = deed_of_today(season, SDGS, resident, &bits);
    uint32_t manner = draw_take(&bits, 10000);
    if (!season->model->residents[resident].last_sequence && manner >= 5)
        return; // no account yet; the backend lets hardly any of these through
    if (manner < 300) {
        award_post_later(season, &deed, 1 + draw_take(&bits, 3));
    } else if (manner < 380) {
        award_post_later(season, &deed, 4 + draw_take(&bits, 10));
    } else if (manner < 382) {
        deed.occurred_at = season->model->now + FUTURE_MAX_S + 1 + draw_take(&bits, HOUR_S); // a clock that is fast
        award_post(season, &deed);
    } else {
        award_post(season, &deed);
        if (manner >= 9880)
            award_post_later(season, &deed, draw_take(&bits, 3) + 1); // the same week under a new id
    }
}

void sdgs_deed(struct season *season, uint32_t resident, uint64_t *bits)
{
    struct award deed = deed_of_today(season, SDGS, resident, bits);
    award_post(season, &deed);
}

void sdgs_of_today(struct season *season)
{
    const struct person *people = season->population->people;
    uint32_t count = season->model->resident_count, weekday = weekday_of(season->today);
    if (season->today < programme_period_first_day(SDGS, 0))
        return;
    uint32_t week = programme_period(SDGS, season->today);
    if (week >= SDGS_WEEKS)
        return;
    if (weekday == 0)
        plan_week(season, week);
    for (uint32_t i = 0; i < count; i++)
        if (people[i].weekday == weekday)
            do_quest(season, i);
}

void outings_go(struct season *season, uint32_t resident, uint64_t *bits)
{
    struct award outing = deed_of_today(season, OUTINGS, resident, bits);
    if (draw_take(bits, 50) == 0)
        award_post_later(season, &outing, 1 + draw_take(bits, 8));
    else
        award_post(season, &outing);
}

void outings_of_today(struct season *season)
{
    const struct quest *terms = &programme_quests[OUTINGS];
    uint32_t people = season->population->count;
    uint64_t bits;
    if (season->today < terms->first_day || season->today > terms->last_day)
        return;
    for (uint32_t i = how_many(season, DRAW_OUTING, people, OUTINGS_PER_MILLION); i > 0; i--) {
        const struct resident *resident = somebody(season, DRAW_OUTING, i, people, &bits);
        if (resident)
            outings_go(season, index_of(season, resident), &bits);
    }
}
