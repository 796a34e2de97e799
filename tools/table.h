// Rows for people, as JSON, or as CSV (RFC 4180; UTF-8 with a byte order mark, or CP932): one table, four ways to print
// it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum table_format { TABLE_PEOPLE, TABLE_JSON, TABLE_CSV, TABLE_CP932 };
// Numbers stand to the right, have separators for people, and no quotes in JSON. Ordinals name something (a quest, a
// line): people may have to type them, so they have no separators. Booleans are
// yes and no, and true and false in JSON.
enum table_kind { TABLE_TEXT, TABLE_NUMBER, TABLE_ORDINAL, TABLE_BOOLEAN };

struct table_column {
    const char *name; // as in "balance_points"; people see "BALANCE POINTS"
    enum table_kind kind;
};

struct table;

// Takes the environment's locale, and C.UTF-8 where that cannot write Japanese. Call once, first of all.
void table_set_locale(void);

// `name` names the JSON array. Columns and name are borrowed. The caller frees.
struct table *table_new(const char *name, const struct table_column *columns, size_t column_count);
void table_free(struct table *table); // NULL is allowed

// Cells are added from left to right; a full row is followed by the next.
void table_text(struct table *table, const char *text); // copied
void table_number(struct table *table, uint64_t number);
void table_signed(struct table *table, int64_t number);
void table_boolean(struct table *table, bool value);
void table_empty(struct table *table);
void table_withheld(struct table *table);            // "X": there is a number, and it is not told; null in JSON
void table_hide(struct table *table, size_t column); // one of the first 64; from people only
size_t table_rows(const struct table *table);

char *table_with_separators(const char *number); // "1234567" to "1,234,567"; the caller frees

// The number of characters that the format cannot hold (TABLE_CP932 only): 〓 stands for each, and the first hundred
// are told on stderr with their row, counted from the headings as spreadsheets do, and their column.
size_t table_print(const struct table *table, enum table_format format, FILE *file);
