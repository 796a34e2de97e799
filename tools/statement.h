// An account's statement: what each entry did to its balance, and the balance after it.
#pragma once

#include "tools/entries.h"
#include "tools/entry_detail.h"
#include "tools/names.h"
#include "tools/table.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct statement_line {
    const Points__V1__LedgerEntry *entry;
    int64_t points;  // what it did to the balance that can be spent
    int64_t expired; // what had left that balance before it, since the entry before
};

struct statement {
    struct statement_line *lines; // newest first
    size_t count;
    int64_t balance; // the sum of all: after the newest entry, or what went along with the account when it was merged
    uint64_t merged; // number of the transaction that merged it into another; 0: none did
};

// All of it; entries are the source's. The caller frees. Of a merged account, statement_find_merge must follow, else
// its balance stays where it was before the merge.
struct statement statement_read(const struct entries *entries, const ProtobufCBinaryData *account);
void statement_find_merge(
    struct statement *statement, const struct entries *entries, const Points__V1__AccountReply *account);
void statement_free(struct statement *statement);

// Not more than so many rows, newest first. Reasons are for machines: people have statement_reasons.
struct table *statement_table(
    const struct statement *statement, struct names *names, const struct entries *entries, size_t rows_max);
void statement_reasons(const struct statement *statement, size_t rows_max, FILE *file);
// Where the balance is when it is not that of the newest entry; else NULL, also when the account has had another entry
// since. The caller frees.
char *statement_where(const struct statement *statement, const Points__V1__AccountReply *account);
