// How long a budget lasts at the pace of late.
#include "tools/report/budget_pace.h"
#include "tools/span.h"

enum { PACE_DAYS = 28 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint64_t points_of_period(const struct sums *periods, uint32_t quest, uint32_t first_day)
{
    uint64_t points = 0;
    for (size_t i = 0; i < periods->count; i++)
        if (periods->rows[i].first_day == first_day && periods->rows[i].number == quest)
            points += periods->rows[i].figures[PERIOD_POINTS];
    return points;
}

struct budget_pace budget_pace_of(const Points__V1__DefineQuest *quest, const struct sums *periods, uint32_t today)
{
    const span_kind span = span_of_period(quest->period);
    struct budget_pace pace = {.last_day = quest->last_day};
    if (span == SPAN_WHOLE)
        return pace; // one period, which is complete when all is over
    uint32_t end = most(span_begin(span, today), span_begin(span, quest->first_day));
    if (today > quest->last_day)
        end = span_next(span, span_begin(span, quest->last_day));
    while (pace.days < PACE_DAYS && end > quest->first_day) { // `end` is the day after the period
        uint32_t begin = span_begin(span, end - 1);
        pace.points += points_of_period(periods, quest->quest, begin);
        pace.days += least(end, quest->last_day + 1) - most(begin, quest->first_day);
        end = begin;
    }
    return pace;
}

// What goes from today to `day`, both included, at least.
static unsigned __int128 spent_until(const struct budget_pace *pace, uint32_t today, uint32_t day)
{
    uint32_t end = least(day, pace->last_day) + 1;
    return pace->days && end > today ? (unsigned __int128)pace->points * (end - today) / pace->days : 0;
}

static unsigned __int128 all_spent_until(const struct budget_pace *paces, size_t count, uint32_t today, uint32_t day)
{
    unsigned __int128 spent = 0;
    for (size_t i = 0; i < count; i++)
        spent += spent_until(&paces[i], today, day);
    return spent;
}

// The first day on which more is wanted than is left; the amount only grows with the days.
static uint32_t first_day_short(
    uint64_t left, const struct budget_pace *paces, size_t count, uint32_t today, uint32_t last)
{
    uint32_t from = today, to = last;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (all_spent_until(paces, count, today, middle) > left)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

enum budget_outlook budget_outlook(
    uint64_t left, const struct budget_pace *paces, size_t count, uint32_t today, uint32_t *day)
{
    uint32_t days = 0;
    *day = 0;
    for (size_t i = 0; i < count; i++) {
        *day = most(*day, paces[i].last_day);
        days += today <= paces[i].last_day ? paces[i].days : 0;
    }
    if (!left)
        return BUDGET_USED_UP;
    if (today > *day)
        return BUDGET_OVER;
    if (!days)
        return BUDGET_NO_PACE;
    if (all_spent_until(paces, count, today, *day) <= left)
        return BUDGET_LASTS;
    *day = first_day_short(left, paces, count, today, *day);
    return BUDGET_RUNS_OUT;
}
