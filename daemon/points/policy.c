#include "points/policy.h"
#include "points/calendar.h"
#include "points/points.h"
#include "points/rules.h"
#include "points/state.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    const char *name, *unit;
    uint64_t min, max, standard;
} table[POLICY_COUNT] = {
    [POLICY(FUTURE_MAX_S)] = {"FUTURE_MAX_S", "s", 0, 3600, 60},
    [POLICY(CONVERSION_OPENS_AT)] = {"CONVERSION_OPENS_AT", "Unix time", 0, CALENDAR_TIME_MAX, CALENDAR_TIME_MAX},
    [POLICY(CONVERSION_UNIT_POINTS)] = {"CONVERSION_UNIT_POINTS", "points", 1, 1000000, 1},
    [POLICY(CONVERSION_MIN_POINTS)] = {"CONVERSION_MIN_POINTS", "points", 1, 1000000000, 1},
    [POLICY(CONVERSION_DAY_MAX_POINTS)] = {"CONVERSION_DAY_MAX_POINTS", "points", 0, 1000000000, 0},
    [POLICY(CONVERSION_MONTH_MAX_POINTS)] = {"CONVERSION_MONTH_MAX_POINTS", "points", 0, 1000000000, 0},
    [POLICY(TOTALS_SHARED)] = {"TOTALS_SHARED", "0 or 1", 0, 1, 0},
    [POLICY(REFUND_GRACE_DAYS)] = {"REFUND_GRACE_DAYS", "days", 0, 3660, 30},
    [POLICY(REVERSAL_DONATION_DAYS)] = {"REVERSAL_DONATION_DAYS", "days", 0, 366, 14},
    [POLICY(CONVERSION_FEE_POINTS)] = {"CONVERSION_FEE_POINTS", "points", 0, 1000000, 0},
};

void policy_defaults(uint64_t policies[POLICY_COUNT])
{
    for (int policy = 0; policy < POLICY_COUNT; policy++)
        policies[policy] = table[policy].standard;
}

bool policy_in_range(Points__V1__Policy policy, uint64_t value)
{
    return policy > POLICY(POLICY_NONE) && (int)policy < POLICY_COUNT && value >= table[policy].min &&
           value <= table[policy].max;
}

bool policy_valid(struct turn *turn)
{
    const Points__V1__SetPolicy *set = turn->transaction->set_policy;
    return policy_in_range(set->policy, set->value);
}

uint64_t policy_apply(struct turn *turn)
{
    const Points__V1__SetPolicy *set = turn->transaction->set_policy;
    turn->state->policies[set->policy] = set->value;
    return 0;
}

bool points_policy_table(char *out, size_t size)
{
    size_t used = (size_t)snprintf(
        out, size, "| policy | unit | minimum | maximum | default |\n| --- | --- | --- | --- | --- |\n");
    for (int policy = 1; (int)policy < POLICY_COUNT && used < size; policy++)
        used += (size_t)snprintf(out + used, size - used, "| %s | %s | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n",
            table[policy].name, table[policy].unit, table[policy].min, table[policy].max, table[policy].standard);
    return used < size;
}
