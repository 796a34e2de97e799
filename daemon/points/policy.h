// Policies: the programme's limits, kept in the ledger.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stdint.h>

enum { POLICY_COUNT = POLICY(CONVERSION_FEE_POINTS) + 1 };

struct turn;

void policy_defaults(uint64_t policies[POLICY_COUNT]);
bool policy_in_range(Points__V1__Policy policy, uint64_t value);

bool policy_valid(struct turn *turn);
uint64_t policy_apply(struct turn *turn);
