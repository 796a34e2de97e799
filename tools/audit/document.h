// What a command shows: facts, remarks and tables, in this order. For people one below the other; as JSON one object;
// as CSV its one table.
#pragma once

#include "tools/table.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct audit;

enum document_part { DOCUMENT_NOTHING, DOCUMENT_FACT, DOCUMENT_REMARK, DOCUMENT_TABLE };

// On standard output.
struct document {
    struct audit *audit;
    enum table_format format;
    json_object *object;     // NULL: not in JSON
    enum document_part last; // that people have seen
};

struct document document_begin(struct audit *audit);
void document_end(struct document *document); // prints what is not printed yet

// Facts: "some name     value" for people, some_name in JSON; they are left out of CSV.
void document_text(struct document *document, const char *name, const char *text);
void document_number(struct document *document, const char *name, uint64_t number);
// JST; the remark is for people, "" for none.
void document_time(struct document *document, const char *name, int64_t unix_s, const char *remark);
void document_hex(struct document *document, const char *name, const uint8_t *bytes, size_t size);
// For machines: people are told in sentences.
void document_hidden(struct document *document, const char *name, uint64_t number);
void document_hidden_time(struct document *document, const char *name, int64_t unix_s);
void document_boolean(struct document *document, const char *name, bool value);
// For people, on a line of its own; on standard error where standard output is for machines.
void document_remark(struct document *document, const char *format, ...) __attribute__((format(printf, 2, 3)));
// A sentence for people; elsewhere it goes without saying.
void document_sentence(struct document *document, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The title is for people, NULL: none; the name for JSON, NULL: the table's own. Frees the table.
// Characters that CP932 does not hold are the audit's to tell.
void document_table(struct document *document, const char *name, const char *title, struct table *table);
// Two tables do not go into one CSV file: all but the command's main one stand beside it, and are left out there.
void document_table_beside(struct document *document, const char *name, const char *title, struct table *table);
