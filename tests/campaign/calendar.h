// The season's days: from 2021-11-01, the day of genesis, to 2022-04-04. Days are JST days since 1970-01-01.
#pragma once

#include <stdint.h>

// `DECEMBER + 12` is the 12th of December.
enum {
    NOVEMBER = 18931, // 2021; its 1st is a Monday
    DECEMBER = NOVEMBER + 30,
    JANUARY = DECEMBER + 31, // 2022
    FEBRUARY = JANUARY + 31,
    MARCH = FEBRUARY + 28,
    APRIL = MARCH + 31,
    MONTHS = 6,

    SEASON_FIRST_DAY = NOVEMBER + 1,
    SEASON_LAST_DAY = APRIL + 4,
    SEASON_DAYS = SEASON_LAST_DAY - SEASON_FIRST_DAY + 1,

    WEEK_DAYS = 7,
    HOUR_S = 3600,
    DAY_S = 24 * HOUR_S,
};

int64_t day_begin(uint32_t day); // Unix seconds of its 00:00
uint32_t day_of(int64_t time);
uint32_t weekday_of(uint32_t day); // 0: Monday
uint32_t month_of(uint32_t day);   // one of the MONTHS; 0: November
uint32_t month_first_day(uint32_t month);
uint32_t month_last_day(uint32_t month);
