// Two accounts of one resident become one: a merge must not let anybody earn twice.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct turn;

// MergeAccounts names two accounts: these look at both.
bool merge_both_known(struct turn *turn);
bool merge_both_open(struct turn *turn);
bool merge_none_frozen(struct turn *turn);
bool merge_of_two(struct turn *turn);
uint64_t merge_apply(struct turn *turn);
