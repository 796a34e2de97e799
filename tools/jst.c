// Japanese days and times: UTC+9 all year, proleptic Gregorian calendar.
#include "tools/jst.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFSET_S = 9 * 3600, DAY_S = 86400 };

// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms"): years begin in March.
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

// `digits` decimal digits; moves on.
static bool take_number(const char **at, int digits, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

static bool take(const char **at, char wanted)
{
    bool there = **at == wanted;
    *at += there;
    return there;
}

static bool take_day(const char **at, int64_t *days)
{
    int year, month, day, month_back, day_back;
    int64_t year_back;
    if (!take_number(at, 4, &year) || !take(at, '-') || !take_number(at, 2, &month) || !take(at, '-') ||
        !take_number(at, 2, &day) || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = days_from_civil(year, month, day);
    civil_from_days(*days, &year_back, &month_back, &day_back);
    return day_back == day; // the 31st of February comes back as something else
}

bool jst_parse_day(const char *text, uint32_t *day)
{
    int64_t days;
    if (!take_day(&text, &days) || *text)
        return false;
    *day = (uint32_t)days;
    return true;
}

static bool take_clock(const char **at, int64_t *seconds)
{
    int hour, minute, second = 0;
    if (!take_number(at, 2, &hour) || !take(at, ':') || !take_number(at, 2, &minute))
        return false;
    if (take(at, ':') && !take_number(at, 2, &second))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

static bool parse_unix(const char *text, int64_t *unix_s)
{
    char *end;
    errno = 0;
    *unix_s = strtoll(text, &end, 10);
    return (isdigit((unsigned char)*text) || *text == '-') && !*end && !errno;
}

bool jst_parse_time(const char *text, int64_t *unix_s)
{
    int64_t days, seconds = 0;
    if (*text == '@')
        return parse_unix(text + 1, unix_s);
    if (!take_day(&text, &days))
        return false;
    if ((take(&text, ' ') || take(&text, 'T')) && !take_clock(&text, &seconds))
        return false;
    if (!strcmp(text, "+09:00"))
        text += strlen(text);
    *unix_s = days * DAY_S + seconds - OFFSET_S;
    return !*text;
}

void jst_print_day(uint32_t day, char text[JST_DAY_BYTES])
{
    int64_t year;
    int month, day_of_month;
    civil_from_days(day, &year, &month, &day_of_month);
    snprintf(text, JST_DAY_BYTES, "%04" PRId64 "-%02d-%02d", year % 100000000, month, day_of_month);
}

void jst_print_time(int64_t unix_s, char text[JST_TIME_BYTES])
{
    int64_t year, days = unix_s / DAY_S; // any 64-bit time may stand in an envelope: nothing here may overflow
    int second = (int)(unix_s % DAY_S) + OFFSET_S, month, day;
    days += second < 0 ? -1 : second / DAY_S;
    second = (second + DAY_S) % DAY_S;
    civil_from_days(days, &year, &month, &day);
    snprintf(text, JST_TIME_BYTES, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d", year, month, day, second / 3600,
        second / 60 % 60, second % 60);
}
