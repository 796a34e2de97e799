// How long the budget of a quest or a campaign lasts, at the pace at which its points went of late.
#pragma once

#include "proto/formats.h"
#include "tools/sums.h"

#include <stddef.h>
#include <stdint.h>

// The figures of a quest's period and municipality; `number` is the quest's.
enum { PERIOD_AWARDS, PERIOD_POINTS };

// Points of a quest's latest complete periods that make 28 days or more together, or of all there are: four of a weekly
// quest, 28 of a daily one, one of a monthly one.
struct budget_pace {
    uint64_t points;
    uint32_t days;     // that they went in: the quest's days of these periods; 0: no period is complete
    uint32_t last_day; // of the quest
};

struct budget_pace budget_pace_of(const Points__V1__DefineQuest *quest, const struct sums *periods, uint32_t today);

enum budget_outlook { BUDGET_USED_UP, BUDGET_OVER, BUDGET_NO_PACE, BUDGET_LASTS, BUDGET_RUNS_OUT };

// What becomes of the points that are left, when each quest goes on at its pace, in whole points, from today to its
// last day: `day` is the first on which they do not suffice (BUDGET_RUNS_OUT), or the last of all quests (BUDGET_OVER:
// it has passed).
enum budget_outlook budget_outlook(
    uint64_t left, const struct budget_pace *paces, size_t count, uint32_t today, uint32_t *day);
