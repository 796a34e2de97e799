// Japanese days and times as text; the calendar itself is points/calendar.h.
#include "tools/jst.h"
#include "points/calendar.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    int year, month, day;
    if (!take_number(at, 4, &year) || !take(at, '-') || !take_number(at, 2, &month) || !take(at, '-') ||
        !take_number(at, 2, &day) || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = calendar_date_day((struct calendar_date){year, month, day});
    return calendar_date(*days).day == day; // the 31st of February comes back as something else
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
    return (hour < 24 && minute < 60 && second < 60) || (hour == 24 && !minute && !second);
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
    *unix_s = calendar_day_begin(days) + seconds;
    return !*text;
}

void jst_print_day(uint32_t day, char text[JST_DAY_BYTES])
{
    struct calendar_date date = calendar_date(day);
    snprintf(text, JST_DAY_BYTES, "%04" PRId64 "-%02d-%02d", date.year % 100000000, date.month, date.day);
}

void jst_print_time(int64_t unix_s, char text[JST_TIME_BYTES])
{
    struct calendar_date date = calendar_date(calendar_day(unix_s));
    uint32_t second = calendar_second(unix_s);
    snprintf(text, JST_TIME_BYTES, "%04" PRId64 "-%02d-%02d %02u:%02u:%02u", date.year, date.month, date.day,
        second / 3600, second / 60 % 60, second % 60);
}
