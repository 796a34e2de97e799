// The trial balance as a table.
#pragma once

#include "tools/names.h"
#include "tools/table.h"

#include <stdbool.h>

// Whether the total's issued is the sum of its other books, and each of its books the sum of the municipalities'.
bool books_add_up(const Points__V1__TrialBalanceReply *reply);
// By municipality. There issued and `moved`, what residents brought with them or took along, are the sum of the others.
// With `sums`, a last line has the whole: for people; machines add up themselves.
struct table *books_table(const Points__V1__TrialBalanceReply *reply, struct names *names, bool sums);
