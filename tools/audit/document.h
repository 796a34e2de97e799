// What a command tells: facts, each a name and a value, and tables. For people they stand one below the other; in JSON
// they are one object; in CSV there are tables alone.
#pragma once

#include "tools/table.h"

struct document;

struct document *document_new(enum table_format format);
// Names as in "first_sequence"; people see "first sequence".
void document_text(struct document *document, const char *name, const char *text);
void document_number(struct document *document, const char *name, uint64_t number);
void document_boolean(struct document *document, const char *name, bool value);
void document_hex(struct document *document, const char *name, const uint8_t *bytes, size_t size);
void document_time(struct document *document, const char *name, int64_t unix_s); // JST
// Takes the table over. Two tables do not go into one CSV file: all but the command's main one are `beside` it.
void document_table(struct document *document, struct table *table);
void document_table_beside(struct document *document, struct table *table);
// A sentence at the end, for people; in JSON it goes without saying.
void document_end(struct document *document, const char *format, ...) __attribute__((format(printf, 2, 3)));
