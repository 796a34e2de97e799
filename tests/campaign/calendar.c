// Days, weeks and months of the season.
#include "tests/campaign/calendar.h"

enum { JST_S = 9 * HOUR_S };

static const uint32_t months[MONTHS + 1] = {NOVEMBER, DECEMBER, JANUARY, FEBRUARY, MARCH, APRIL, APRIL + 30};

int64_t day_begin(uint32_t day)
{
    return (int64_t)day * DAY_S - JST_S;
}

uint32_t day_of(int64_t time)
{
    return (uint32_t)((time + JST_S) / DAY_S);
}

uint32_t weekday_of(uint32_t day)
{
    return (day - SEASON_FIRST_DAY) % WEEK_DAYS;
}

uint32_t month_of(uint32_t day)
{
    uint32_t month = 0;
    while (month + 1 < MONTHS && day > months[month + 1])
        month++;
    return month;
}

uint32_t month_first_day(uint32_t month)
{
    return months[month] + 1;
}

uint32_t month_last_day(uint32_t month)
{
    return months[month + 1];
}
