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

// Day of the civil year's 1 March, years counted from March: Gregorian arithmetic of H. Hinnant, "chrono-Compatible
// Low-Level Date Algorithms".
static void civil_from_day(uint32_t day, uint32_t *year, uint32_t *month, uint32_t *day_of_month)
{
    uint32_t z = day + 719468;
    uint32_t era = z / 146097, day_of_era = z % 146097;
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t march_month = (5 * day_of_year + 2) / 153;
    *day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static uint32_t day_from_march_1(uint32_t year)
{
    uint32_t era = year / 400, year_of_era = year % 400;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 - 719468;
}

enum { EPOCH_YEAR = 1970, YEAR_MONTHS = 12 };

uint32_t calendar_month(uint32_t day)
{
    uint32_t year, month, day_of_month;
    civil_from_day(day, &year, &month, &day_of_month);
    return (year - EPOCH_YEAR) * YEAR_MONTHS + month - 1;
}

uint32_t calendar_month_begin(uint32_t month)
{
    // The months of a year that begins on 1 March have 31, 30, 31, 30, 31 days, then the same again.
    uint32_t year = EPOCH_YEAR + month / YEAR_MONTHS, month_of_year = month % YEAR_MONTHS;
    uint32_t march_year = month_of_year < 2 ? year - 1 : year, march_month = (month_of_year + 10) % YEAR_MONTHS;
    return day_from_march_1(march_year) + (153 * march_month + 2) / 5;
}

uint32_t calendar_month_first_day(uint32_t day)
{
    uint32_t year, month, day_of_month;
    civil_from_day(day, &year, &month, &day_of_month);
    return day - (day_of_month - 1);
}

uint32_t calendar_fiscal_year_first_day(uint32_t day)
{
    enum { MARCH_DAYS = 31 };
    uint32_t year, month, day_of_month;
    civil_from_day(day, &year, &month, &day_of_month);
    uint32_t start_year = month >= 4 ? year : year - 1;
    return start_year < 1970 ? 0 : day_from_march_1(start_year) + MARCH_DAYS;
}
