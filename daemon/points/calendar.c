// JST calendars: days, weeks, months and fiscal years, and the Gregorian arithmetic beneath them.
#include "points/calendar.h"

enum { JST_OFFSET_S = 9 * 3600, DAY_S = 86400, MONDAY_OFFSET = 3, WEEK_DAYS = 7 }; // day 0 was a Thursday

int64_t calendar_day(int64_t time)
{
    int64_t day = time / DAY_S, rest = time % DAY_S;
    if (rest < 0) {
        day--;
        rest += DAY_S;
    }
    return rest + JST_OFFSET_S >= DAY_S ? day + 1 : day;
}

uint32_t calendar_second(int64_t time)
{
    return (uint32_t)((time % DAY_S + DAY_S + JST_OFFSET_S) % DAY_S);
}

int64_t calendar_day_begin(int64_t day)
{
    return day * DAY_S - JST_OFFSET_S;
}

uint32_t calendar_week(uint32_t day)
{
    return (day + MONDAY_OFFSET) / WEEK_DAYS;
}

int64_t calendar_week_first_day(uint32_t week)
{
    return (int64_t)week * WEEK_DAYS - MONDAY_OFFSET;
}

int64_t calendar_week_end(uint32_t week)
{
    return calendar_day_begin(calendar_week_first_day(week + 1));
}

// Gregorian arithmetic of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, eras of
// 400 years on a 1 March.
enum { ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_DAY_OF_ERAS = 719468 };

struct calendar_date calendar_date(int64_t day)
{
    int64_t days = day + EPOCH_DAY_OF_ERAS;
    int64_t era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS, of_era = days - era * ERA_DAYS;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    struct calendar_date date = {.year = year_of_era + era * ERA_YEARS};
    date.day = (int)(of_year - (153 * march_month + 2) / 5 + 1);
    date.month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    date.year += date.month <= 2;
    return date;
}

int64_t calendar_date_day(struct calendar_date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - (ERA_YEARS - 1)) / ERA_YEARS, year_of_era = year - era * ERA_YEARS;
    int64_t of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - EPOCH_DAY_OF_ERAS;
}

enum { EPOCH_YEAR = 1970, YEAR_MONTHS = 12 };

uint32_t calendar_month(uint32_t day)
{
    struct calendar_date date = calendar_date(day);
    return (uint32_t)((date.year - EPOCH_YEAR) * YEAR_MONTHS + date.month - 1);
}

uint32_t calendar_month_begin(uint32_t month)
{
    struct calendar_date date = {EPOCH_YEAR + month / YEAR_MONTHS, (int)(month % YEAR_MONTHS) + 1, 1};
    return (uint32_t)calendar_date_day(date);
}

uint32_t calendar_month_first_day(uint32_t day)
{
    return day - (uint32_t)(calendar_date(day).day - 1);
}

uint32_t calendar_fiscal_year_first_day(uint32_t day)
{
    enum { APRIL = 4 };
    struct calendar_date date = calendar_date(day);
    int64_t first_day = calendar_date_day((struct calendar_date){date.year - (date.month < APRIL), APRIL, 1});
    return first_day < 0 ? 0 : (uint32_t)first_day;
}
