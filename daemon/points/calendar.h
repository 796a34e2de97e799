// JST calendars. Days are JST calendar days counted from 1970-01-01; nothing here depends on the machine's time zone.
#pragma once

#include <stdint.h>

enum { CALENDAR_DAY_MAX = 2932896 };            // 9999-12-31
#define CALENDAR_TIME_MAX INT64_C(253402268399) // 9999-12-31 23:59:59 JST

int64_t calendar_day(int64_t time);      // of an instant in Unix seconds; negative before 1970
uint32_t calendar_second(int64_t time);  // of its day, from 0
int64_t calendar_day_begin(int64_t day); // Unix seconds of its 00:00 JST

// In the proleptic Gregorian calendar. Safe for the day of any 64-bit time.
struct calendar_date {
    int64_t year;
    int month, day; // from 1
};
struct calendar_date calendar_date(int64_t day);
int64_t calendar_date_day(struct calendar_date date);

// Weeks begin on Monday; numbered from the one that holds day 0. `day` is not negative.
uint32_t calendar_week(uint32_t day);
int64_t calendar_week_first_day(uint32_t week); // -3 for week 0
int64_t calendar_week_end(uint32_t week);       // Unix seconds: the Monday 00:00 that follows it

// Months are numbered from January 1970.
uint32_t calendar_month(uint32_t day);
uint32_t calendar_month_begin(uint32_t month);         // its first day
uint32_t calendar_month_first_day(uint32_t day);       // of the calendar month that holds it
uint32_t calendar_fiscal_year_first_day(uint32_t day); // the 1 April on or before it; day 0 for days before 1970-04-01
