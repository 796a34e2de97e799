// An account as tables.
#include "tools/account_tables.h"
#include "tools/cells.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct table *account_table(const Points__V1__AccountReply *reply, struct names *names)
{
    static const struct table_column columns[] = {{"account", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"balance_points", TABLE_NUMBER}, {"held_points", TABLE_NUMBER}, {"status", TABLE_TEXT},
        {"merged_into", TABLE_TEXT}, {"last_sequence", TABLE_ORDINAL}};
    struct table *table = table_new("accounts", columns, COUNT(columns));
    id_cell(table, &reply->account);
    names_municipality_cells(names, table, reply->municipality);
    table_number(table, reply->balance_points);
    table_number(table, reply->held_points);
    enum_cell(table, &points__v1__account_status__descriptor, (int)reply->status);
    id_cell(table, &reply->merged_into);
    table_number(table, reply->last_sequence);
    return table;
}

struct table *lots_table(const Points__V1__AccountReply *reply)
{
    static const struct table_column columns[] = {{"last_day", TABLE_TEXT}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("lots", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_lots; i++) {
        day_cell(table, reply->lots[i]->last_day);
        table_number(table, reply->lots[i]->points);
    }
    return table;
}

struct table *progress_table(const Points__V1__AccountReply *reply)
{
    static const struct table_column columns[] = {
        {"quest", TABLE_ORDINAL}, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"last_period", TABLE_TEXT}};
    struct table *table = table_new("quests", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_progress; i++) {
        table_number(table, reply->progress[i]->quest);
        table_number(table, reply->progress[i]->awards);
        table_number(table, reply->progress[i]->points);
        day_cell(table, reply->progress[i]->last_period_day);
    }
    return table;
}
