// Totals of donations and of conversions as tables.
#pragma once

#include "tools/names.h"
#include "tools/table.h"

#include <stdbool.h>
#include <stddef.h>

// With `sums`, a last line has them, where there is more than one row: for people; machines add up themselves.
struct table *donation_totals_table(
    const Points__V1__DonationTotal *rows, size_t count, struct names *names, bool sums);
struct table *conversion_totals_table(
    const Points__V1__ConversionTotal *rows, size_t count, struct names *names, bool sums);
