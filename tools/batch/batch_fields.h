// A batch's file, CSV with a header line or JSON lines, taken apart into the texts of its rows.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum column {
    TYPE,
    ID,
    ACCOUNT,
    MUNICIPALITY,
    QUEST,
    OCCURRED_AT,
    PURPOSE,
    POINTS,
    CONVERSION,
    REASON,
    RECEIPT_DIGEST,
    SHOP,
    YEN,
    TARGET,
    COLUMN_COUNT
};

extern const char *const batch_column_names[COLUMN_COUNT];

struct batch_fields {
    uint32_t line;             // of the file, from 1
    char *texts[COLUMN_COUNT]; // of the row at hand; NULL or "": empty
    size_t wrong;              // how often batch_fields_wrong was called
};

typedef void batch_fields_fn(struct batch_fields *fields, void *context);

// Hands over each row in turn; `fields` begins as {0}. JSON lines when the text begins with '{'.
void batch_fields_read(
    const char *text, size_t size, batch_fields_fn *each_row, void *context, struct batch_fields *fields);
// Says on stderr what is wrong with the line, and counts it.
void batch_fields_wrong(struct batch_fields *fields, const char *format, ...) __attribute__((format(printf, 2, 3)));
