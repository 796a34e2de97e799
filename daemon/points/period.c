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

// ---- expiry

enum { EXPIRY_DAYS_MAX = 3660, EXPIRY_MONTHS_MAX = 120 };

static uint32_t months_later(uint32_t day, uint32_t months)
{
    uint32_t begin = calendar_month_first_day(day), month = calendar_month(day) + months;
    uint32_t later = calendar_month_begin(month) + (day - begin), last = calendar_month_begin(month + 1) - 1;
    return later < last ? later : last;
}

static uint32_t fiscal_year_end(uint32_t day, uint32_t years)
{
    struct calendar_date date = calendar_date(day);
    int64_t year = date.year + (date.month >= 4) + years;
    return (uint32_t)calendar_date_day((struct calendar_date){year, 3, 31});
}

uint32_t expiry_last_day(const Points__V1__DefineQuest *quest, uint32_t today)
{
    if (!quest->expiry)
        return 0;
    switch (quest->expiry->kind) {
    case EXPIRY(ON_DAY):
        return quest->expiry->value > today ? quest->expiry->value : today;
    case EXPIRY(AFTER_DAYS):
        return today + quest->expiry->value;
    case EXPIRY(AFTER_MONTHS):
        return months_later(today, quest->expiry->value);
    default:
        return fiscal_year_end(today, quest->expiry->value);
    }
}

bool expiry_valid(const Points__V1__DefineQuest *quest)
{
    uint32_t value = quest->expiry ? quest->expiry->value : 0;
    if (!quest->expiry)
        return true;
    switch (quest->expiry->kind) {
    case EXPIRY(ON_DAY):
        return value >= quest->last_day && value <= CALENDAR_DAY_MAX;
    case EXPIRY(AFTER_DAYS):
        return value >= 1 && value <= EXPIRY_DAYS_MAX;
    case EXPIRY(AFTER_MONTHS):
        return value >= 1 && value <= EXPIRY_MONTHS_MAX;
    case EXPIRY(END_OF_FISCAL_YEAR):
        return value <= 1;
    default:
        return false;
    }
}
