// Periods of quests, and when their points expire. Periods: days, weeks, months, or all the days of a quest; numbered
// so that the next one has the next number.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stdint.h>

uint32_t period_of(const Points__V1__DefineQuest *quest, uint32_t day);          // the one that holds a JST day
int64_t period_first_day(const Points__V1__DefineQuest *quest, uint32_t period); // negative before 1970
int64_t period_end(const Points__V1__DefineQuest *quest, uint32_t period);       // Unix seconds: 24:00 of its last day
// The last JST day of points awarded today; 0: they never expire.
uint32_t expiry_last_day(const Points__V1__DefineQuest *quest, uint32_t today);
bool expiry_valid(const Points__V1__DefineQuest *quest);

int64_t period_shortest_s(Points__V1__Period period); // how short one can be, for the limit of grace; 0: no such period
