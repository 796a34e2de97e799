// Entries of the ledger as rows.
#pragma once

#include "tools/entries.h"
#include "tools/names.h"
#include "tools/table.h"

struct table *entry_table(void);
void entry_row(
    struct table *table, const Points__V1__LedgerEntry *entry, struct names *names, const struct entries *entries);
