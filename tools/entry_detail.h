// What stands beside an entry's type: what it was about, and why it was refused.
#pragma once

#include "tools/entries.h"
#include "tools/names.h"
#include "tools/table.h"

#include <stdio.h>

// In words; of an applied reversal, it is looked up what was reversed.
void detail_cell(
    struct table *table, const Points__V1__LedgerEntry *entry, struct names *names, const struct entries *entries);

// The cell of {"reason", TABLE_TEXT}: what a refusal means; empty where there is none. For machines; people have
// reasons_print.
void reason_cell(struct table *table, const Points__V1__LedgerEntry *entry);

// The outcomes that were seen, each of them once.
struct reasons {
    outcome_code *codes;
    size_t count;
};
void reasons_add(struct reasons *reasons, outcome_code code);
void reasons_print(const struct reasons *reasons, FILE *file); // a line for each refusal; what it means
void reasons_free(struct reasons *reasons);
