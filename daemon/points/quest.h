// Quests: their definition, who took part, and awards.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#define QUEST_BUDGETS_MAX (UINT64_C(1) << 62) // of all quests together, so that no sum of points can overflow
enum { QUEST_POINTS_MAX = 1000000, QUEST_GRACE_MAX_S = 60 * 7 * 86400 };

struct tally {
    uint64_t residents, awards, points;
};

// What was awarded for one period, by municipality (position in genesis).
struct quest_period {
    uint32_t period;
    struct tally *municipalities;
};

struct quest {
    Points__V1__DefineQuest definition; // its name is ours
    uint64_t budget_points, issued_points;
    struct tally *municipalities; // by position in genesis
    struct quest_period *periods; // ascending; only those with awards
    size_t period_count, period_capacity;
    UT_hash_handle hh; // by definition.quest
};

// One resident's part in one quest. Posting ends 60 periods after a period did, so 64 of them say all that can still
// matter.
struct progress {
    uint32_t next; // of the same account, counted from 1; 0: the last
    uint32_t quest;
    uint32_t awards;
    uint32_t newest_period;
    uint64_t periods; // bit n: newest_period - n is awarded
    uint64_t points;
};

struct quests {
    struct quest *all;       // uthash, by number
    uint64_t budgets_points; // of all together
    struct progress *progress;
    size_t progress_count, progress_capacity;
};

void quests_free(struct quests *quests);

struct turn;
bool quest_not_in_future(struct turn *turn);
bool quest_known(struct turn *turn); // also for SetBudget
bool quest_open(struct turn *turn);
bool quest_in_time(struct turn *turn);
bool quest_not_awarded(struct turn *turn);
bool quest_under_cap(struct turn *turn);
bool quest_in_budget(struct turn *turn);
bool quest_new(struct turn *turn);
bool quest_valid(struct turn *turn);
bool quest_budget_covers_issued(struct turn *turn);
bool quest_budget_fits(struct turn *turn);
uint64_t quest_apply_award(struct turn *turn);
uint64_t quest_apply_define(struct turn *turn);
uint64_t quest_apply_budget(struct turn *turn);
