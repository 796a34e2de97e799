// Entries of the ledger as rows.
#include "tools/entry_table.h"
#include "proto/entry.h"
#include "tools/cells.h"
#include "tools/entry_detail.h"
#include "tools/outcome_names.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct table *entry_table(void)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"block", TABLE_ORDINAL},
        {"time", TABLE_TEXT}, {"type", TABLE_TEXT}, {"account", TABLE_TEXT}, {"detail", TABLE_TEXT},
        {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"id", TABLE_TEXT}, {"reason", TABLE_TEXT}};
    struct table *table = table_new("transactions", columns, COUNT(columns));
    table_hide(table, COUNT(columns) - 1);
    return table;
}

void entry_row(
    struct table *table, const Points__V1__LedgerEntry *entry, struct names *names, const struct entries *entries)
{
    table_number(table, entry->sequence);
    table_number(table, entry->block);
    time_cell(table, entry->time);
    table_text(table, transaction_name(entry->transaction->body_case));
    id_cell(table, entry_account(entry->transaction));
    detail_cell(table, entry, names, entries);
    table_text(table, outcome_name(entry->outcome->code));
    table_number(table, entry->outcome->points);
    id_cell(table, &entry->transaction->id);
    reason_cell(table, entry);
}
