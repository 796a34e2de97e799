// Japanese calendar days and times, read and written; nothing here depends on the machine's time zone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { JST_DAY_BYTES = 16, JST_TIME_BYTES = 32 };

// "2021-11-12" to days since 1970-01-01; years 1970 to 9999. False: no such day.
bool jst_parse_day(const char *text, uint32_t *day);
// "2021-11-12", "2021-11-12 09:30", "2021-11-12 09:30:15" (T for the blank and +09:00 behind are allowed), or "@" and
// Unix seconds. 24:00 is the beginning of the next day.
bool jst_parse_time(const char *text, int64_t *unix_s);

void jst_print_day(uint32_t day, char text[JST_DAY_BYTES]);
void jst_print_time(int64_t unix_s, char text[JST_TIME_BYTES]); // "2021-11-12 09:30:15"
