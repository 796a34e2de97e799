// A quest with all its periods, however many: one answer of the daemon's may not hold them.
#pragma once

#include "tools/command/points.h"
#include "tools/sums.h"

// The reply without its periods, which are added to `periods` as budget_pace.h has them: up to tomorrow, when an award
// may have occurred at the latest. The caller frees the response, and unites the sums.
Points__V1__Response *quest_periods_fetch(
    struct context *context, uint32_t quest, uint32_t today, struct sums *periods);
