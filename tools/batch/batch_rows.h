// The rows of a batch: transactions from CSV or JSON lines, all checked before any is used.
#pragma once

#include "proto/formats.h"
#include "tools/envelope_builder.h"
#include "tools/error.h"

#include <stddef.h>
#include <stdint.h>

struct batch_row {
    uint32_t line; // of the file, from 1
    transaction_type type;
    uint8_t id[ID_BYTES];
    uint8_t subject[ID_BYTES]; // account, conversion to settle or refuse, or transaction to reverse
    uint32_t municipality;     // of an award: the shop's
    uint32_t number;           // quest or purpose
    int64_t occurred_at;
    uint64_t points; // of an award: the receipt's yen
    char *reason;    // NULL: none
    uint32_t shop;   // of an award with a receipt; else 0
    uint8_t receipt_digest[HASH_BYTES];
};

struct batch_rows {
    struct batch_row *rows;
    size_t count;
};

// A row's transaction and room for its body; points into the row.
struct batch_transaction {
    Points__V1__Transaction transaction;
    union {
        struct {
            Points__V1__Award award;
            Points__V1__Receipt receipt;
        };
        Points__V1__Donate donate;
        Points__V1__RequestConversion request_conversion;
        Points__V1__SettleConversion settle_conversion;
        Points__V1__RefuseConversion refuse_conversion;
        Points__V1__OpenAccount open_account;
        Points__V1__MoveAccount move_account;
        Points__V1__CloseAccount close_account;
        Points__V1__Reverse reverse;
    };
};

// What only the ledger knows: codes of municipalities.
struct batch_lookup {
    void *context;
    // By any of its names, as municipality_names_find.
    bool (*municipality)(void *context, const char *text, uint32_t *code, struct tool_error *error);
    bool (*shop)(void *context, uint32_t shop, uint32_t *code, struct tool_error *error); // where it is
};

// Reads CSV with a header line, or JSON lines when the text begins with '{'. Every wrong row is printed on stderr with
// its line number; returns how many were wrong. A row without an id gets a fresh one. The caller frees in any case.
size_t batch_rows_read(const char *text, size_t size, const struct batch_lookup *lookup, struct batch_rows *rows);
void batch_rows_free(struct batch_rows *rows);

void batch_row_transaction(const struct batch_row *row, struct batch_transaction *made);
// Whether the ledger would read the row's texts; the error names the field.
bool batch_row_check(const struct batch_row *row, struct tool_error *error);
// Their transactions as envelopes that are full but for the last, in turn; `lines` are those of its transactions.
typedef void batch_envelope_fn(void *data, struct envelope_builder *builder, const uint32_t *lines);
void batch_rows_pack(
    const struct batch_rows *rows, const uint8_t ledger_id[HASH_BYTES], batch_envelope_fn *each, void *data);
// Who signs such rows: ROLE(APP), ROLE(WAON), or two of ROLE(OPERATOR).
role_code batch_row_role(const struct batch_row *row);
