// The file of conversions that wait for their answer, as the WAON side gets it: CSV of fixed columns, its rows
// numbered; the last record has their count, their sums of points and the SHA-256 of their bytes.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct waon_row {
    uint64_t sequence;
    uint8_t conversion[ID_BYTES];
    uint8_t account[ID_BYTES];
    uint64_t points;     // held
    uint64_t fee_points; // of them; the rest is paid out
    int64_t requested_at;
    bool pending;  // in the ledger, as it is now
    uint32_t line; // of the results that answers it; 0: none
};

struct waon_rows {
    struct waon_row *rows;
    size_t count;
    uint64_t points, fee_points;
};

void waon_rows_add(struct waon_rows *rows, const struct waon_row *row);
void waon_rows_free(struct waon_rows *rows);

// Writes it whole or not at all; a file that exists is left alone. What is wrong ends the process. `sha256` is of the
// rows, as the last record has it.
void waon_file_write(const char *path, const struct waon_rows *rows, uint8_t sha256[HASH_BYTES]);
// Reads it back and checks numbers, count, points and digest. What is wrong ends the process. The caller frees.
void waon_file_read(const char *path, struct waon_rows *rows);
