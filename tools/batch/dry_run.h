// A dry run of many awards and reversals: what each would come to, and the report that two operators approve by its
// digest (doc/protocol.md, "Many awards or reversals at once").
#pragma once

#include "proto/formats.h"
#include "tools/error.h"

#include <stddef.h>
#include <stdint.h>

struct dry_run_row {
    uint32_t line; // of the file that it came from
    uint8_t id[ID_BYTES], sha256[HASH_BYTES];
    transaction_type type;
    uint8_t subject[ID_BYTES]; // an award's account, or what is reversed
    uint32_t quest;            // of an award, like the rest
    int64_t occurred_at;
    uint8_t receipt[HASH_BYTES]; // digest; zeros: none
    outcome_code code;
    uint64_t points;
};

struct dry_run {
    struct dry_run_row *rows; // in the order of the envelopes
    size_t count, room;
};

void dry_run_free(struct dry_run *dry_run);

// Adds the transactions of an Envelope's bytes, which must be canonical, as APPLIED with 0 points. False: one is
// neither award nor reversal.
bool dry_run_add(
    struct dry_run *dry_run, const ProtobufCBinaryData *envelope, const uint32_t *lines, struct tool_error *error);
// What the daemon says of the envelope whose transactions are the rows from `first` on. False: the reply does not fit.
bool dry_run_take(
    struct dry_run *dry_run, size_t first, const Points__V1__DryRunReply *reply, struct tool_error *error);

// The report and its digest. The caller frees the text.
char *dry_run_report(const struct dry_run *dry_run, const uint8_t ledger_id[HASH_BYTES], size_t *size);
// Reads the outcomes from a report of just these transactions. The error names the line that says something else.
bool dry_run_read_report(struct dry_run *dry_run, const uint8_t ledger_id[HASH_BYTES], const char *text, size_t size,
    struct tool_error *error);
