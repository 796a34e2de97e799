// What was paid out of donations, added up by the day of payment.
#pragma once

#include "tools/names.h"
#include "tools/sums.h"
#include "tools/table.h"

#include <stdbool.h>
#include <stdint.h>

// The figures of the sums.
enum { PAYMENTS_SETTLEMENTS, PAYMENTS_POINTS };

struct payments_span {
    Points__V1__TotalsUnit unit;
    uint32_t from_day, to_day; // JST days, inclusive; 0: from the first, to the last
};

// Adds those of the page's settlements that lie in the span; `number` is the purpose's. For sums_unite afterwards.
void payments_add(struct sums *sums, const Points__V1__SettlementsReply *page, const struct payments_span *span);
// With `total`, a last line has the sums, where there is more than one row.
struct table *payments_table(const struct sums *sums, struct names *names, bool total);
