// Quests and campaigns: their definitions and budgets, and how much was earned, by whom and when.
#pragma once

#include "points/progress.h"
#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#define QUEST_BUDGETS_MAX                                                                                              \
    (UINT64_C(1) << 62) // of all quests, or all campaigns, together: no sum of points can overflow
enum { QUEST_NUMBER_MAX = 1000000000, QUEST_POINTS_MAX = 1000000, QUEST_TIMES_MAX = 255, RECEIPT_YEN_MAX = 1000000000 };

struct tally {
    uint64_t residents, awards, points;
};

// What was awarded for one period, by municipality (position in genesis).
struct quest_period {
    uint32_t period;
    struct tally *municipalities;
};

struct budget {
    uint64_t points, issued_points;
};

struct quest {
    uint32_t number;
    Points__V1__DefineQuest *definition; // ours
    struct budget budget;
    uint64_t residents; // who have an award of it
    uint64_t reversed_points, shortfall_points;
    struct tally *municipalities; // by position in genesis
    struct quest_period *periods; // ascending; only those with awards
    size_t period_count, period_capacity;
    UT_hash_handle hh; // by number
};

struct campaign {
    uint32_t number;
    Points__V1__DefineCampaign *definition; // ours
    struct budget budget;
    uint64_t residents; // who have an award of any of its quests
    UT_hash_handle hh;  // by number
};

struct quests {
    struct quest *all;                                // uthash, in the order of their definition
    struct campaign *campaigns;                       // likewise
    uint64_t budgets_points, campaign_budgets_points; // of all together
    struct progresses progresses;
};

struct quest *quest_get(const struct quests *quests, uint32_t number);       // NULL: none
struct campaign *campaign_get(const struct quests *quests, uint32_t number); // NULL: none
void quests_merge(struct quests *quests, struct account *from, struct account *to);
void quests_free(struct quests *quests);
struct archive;
void quests_archive(struct archive *archive, struct quests *quests, unsigned municipalities);

struct turn;
// Of DefineQuest and ChangeQuest
bool quest_new(struct turn *turn);
bool quest_known(struct turn *turn); // also of Award and SetBudget
bool quest_campaign_known(struct turn *turn);
bool quest_municipalities_known(struct turn *turn);
bool quest_valid(struct turn *turn);
bool quest_change_valid(struct turn *turn);
uint64_t quest_apply_define(struct turn *turn);
uint64_t quest_apply_change(struct turn *turn);
// Of DefineCampaign
bool campaign_new(struct turn *turn);
bool campaign_valid(struct turn *turn);
uint64_t campaign_apply_define(struct turn *turn);
// Of SetBudget
bool budget_campaign_known(struct turn *turn);
bool budget_quest_known(struct turn *turn);
bool budget_covers_issued(struct turn *turn);
bool budget_fits(struct turn *turn);
uint64_t budget_apply(struct turn *turn);
