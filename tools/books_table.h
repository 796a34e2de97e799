// A line of the trial balance, as `points` and the auditor print it.
#pragma once

#include "proto/formats.h"
#include "tools/table.h"

// The columns that books_cells fills.
#define BOOKS_COLUMNS                                                                                                  \
    {"accounts", TABLE_NUMBER}, {"issued", TABLE_NUMBER}, {"balances", TABLE_NUMBER}, {"held", TABLE_NUMBER},          \
        {"donated", TABLE_NUMBER}, {"converted", TABLE_NUMBER}, {"expired", TABLE_NUMBER},                             \
        {"forfeited", TABLE_NUMBER}, {"reversed", TABLE_NUMBER},                                                       \
    {                                                                                                                  \
        "fees", TABLE_NUMBER                                                                                           \
    }

void books_cells(struct table *table, uint64_t accounts, const Points__V1__Books *books); // NULL: zeros
