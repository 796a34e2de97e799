// The design of a campaign, as points-simulate(5) describes it: its quests and budgets, and how residents are thought
// to behave.
#pragma once

#include "tools/command/quest_options.h"
#include "tools/municipality_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DESIGN_QUESTS_MAX = 64,
    DESIGN_AMOUNTS_MAX = 20,
    DESIGN_SAMPLE_MAX = 100000,
    DESIGN_DAYS_MAX = 3660,
    SHARE_WHOLE = 1000000, // shares and probabilities are parts of this
    SHARE_NOT_GIVEN = SHARE_WHOLE + 1,
};
#define BUDGET_NOT_GIVEN UINT64_MAX

// One of the amounts on residents' receipts, and how many of the receipts have it.
struct design_amount {
    uint64_t yen;
    uint32_t share;
};

struct design_quest {
    struct quest_options options; // its definition
    unsigned line;                // of its section
    uint64_t budget_points;       // BUDGET_NOT_GIVEN: it draws on the campaign's alone
    uint32_t completion;          // SHARE_NOT_GIVEN: that of the home
    // Of a receipt quest:
    uint32_t receipts; // a week, in thousandths
    struct design_amount amounts[DESIGN_AMOUNTS_MAX];
    size_t amount_count;
    uint32_t home_share; // of receipts, from shops at home
};

// How residents take part. In the file the second line of a municipality that says nothing of its own is the default.
struct design_participation {
    uint32_t share, completion;
};

struct design {
    const char *path; // borrowed
    const struct municipality_list *municipalities;
    uint64_t seed;
    uint32_t sample;                    // one resident in so many plays
    uint32_t first_day, last_award_day; // of any quest
    uint32_t last_day;                  // that is played
    unsigned campaign_line;             // of its section; 0: the quests belong to no campaign
    Points__V1__DefineCampaign campaign;
    uint64_t campaign_budget_points; // BUDGET_NOT_GIVEN: the quests' own together
    struct design_quest quests[DESIGN_QUESTS_MAX];
    size_t quest_count;
    struct design_participation participation[MUNICIPALITIES_MAX]; // as `municipalities` has them
    uint32_t weekly_spending;                                      // probability
};

// Reads an INI file. Each mistake is printed with its line and what would be right; if there is any, the process ends
// with EXIT_WRONG_USE. `names` are those of the municipalities. The caller frees.
struct design *design_read(
    const char *path, const struct municipality_list *municipalities, const struct municipality_names *names);
void design_free(struct design *design);
