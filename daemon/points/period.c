#include "points/period.h"
#include "points/calendar.h"

enum { DAY_S = 86400, WEEK_DAYS = 7, MONTH_DAYS_MIN = 28 };

uint32_t period_of(const Points__V1__DefineQuest *quest, uint32_t day)
{
    switch (quest->period) {
    case PERIOD(DAILY):
        return day;
    case PERIOD(MONTHLY):
        return calendar_month(day);
    case PERIOD(ONCE):
        return 0;
    default:
        return calendar_week(day);
    }
}

int64_t period_first_day(const Points__V1__DefineQuest *quest, uint32_t period)
{
    switch (quest->period) {
    case PERIOD(DAILY):
        return period;
    case PERIOD(MONTHLY):
        return calendar_month_begin(period);
    case PERIOD(ONCE):
        return quest->first_day;
    default:
        return calendar_week_first_day(period);
    }
}

int64_t period_end(const Points__V1__DefineQuest *quest, uint32_t period)
{
    int64_t next_day =
        quest->period == PERIOD(ONCE) ? (int64_t)quest->last_day + 1 : period_first_day(quest, period + 1);
    return calendar_day_begin(next_day);
}

int64_t period_shortest_s(Points__V1__Period period)
{
    switch (period) {
    case PERIOD(DAILY):
        return DAY_S;
    case PERIOD(WEEKLY):
    case PERIOD(ONCE):
        return WEEK_DAYS * DAY_S;
    case PERIOD(MONTHLY):
        return MONTH_DAYS_MIN * DAY_S;
    default:
        return 0;
    }
}
