// The ledger that a design is played on: a state in memory, with genesis, campaign, quests and budgets as the rules
// take them.
#pragma once

#include "points/points.h"
#include "tools/simulate/simulate_design.h"

enum { SETUP_PURPOSE = 1 }; // what residents give to

// Budgets and places for first residents are 1 / `sample` of the design's. What the rules refuse is printed with its
// line and what it means, and the process ends with EXIT_WRONG_USE. The caller frees with points_free.
struct points_state *setup_state(const struct design *design, uint32_t sample);

uint64_t setup_budget(const struct design *design, size_t quest); // of the quest in the ledger, unscaled
uint64_t setup_campaign_budget(const struct design *design);      // likewise; 0: no campaign
uint32_t setup_shop(size_t municipality);                         // the one shop there, by the position in the list
