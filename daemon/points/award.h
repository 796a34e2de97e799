// Awards: what a resident earns for a quest completed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct turn;

bool award_not_in_future(struct turn *turn);
bool award_quest_open(struct turn *turn);
bool award_in_time(struct turn *turn);
bool award_eligible(struct turn *turn);
bool award_receipt_fits(struct turn *turn);
bool award_shop_known(struct turn *turn);
bool award_shop_open(struct turn *turn);
bool award_evidence_new(struct turn *turn);
bool award_not_yet(struct turn *turn);
bool award_place_left(struct turn *turn);
bool award_under_caps(struct turn *turn);
bool award_in_budgets(struct turn *turn);
uint64_t award_apply(struct turn *turn);
uint64_t award_points(const struct turn *turn);
