// The two steps of many awards or reversals: the first operator's dry run, and the second's approval.
#pragma once

#include "tools/batch/batch_send.h"
#include "tools/batch/dry_run.h"

// The files of a dry run in its folder, beside the outbox's.
#define DRY_RUN_REPORT "dry-run.txt"
#define DRY_RUN_SUMMARY "summary"

// Asks what the rows would come to, and leaves report, summary and signed envelopes in the folder `dir`. Nothing is
// sent. Returns the exit code.
int dry_run_batch(struct context *context, const char *dir, batch_rows_fn *read, void *data);
// Checks all of it, and shows it; with `sha256`, the report's digest as the first operator told it, adds the key's
// signature and sends. Returns the exit code.
int dry_run_approve(struct context *context, const char *dir, const uint8_t *sha256);

// The key of --key: one, and an operator's, which the connection has proved. What is wrong ends the process.
const struct keyfile *dry_run_operator(struct context *context);
// Asks the daemon what the transactions of an envelope, the rows from `first` on, would come to now.
void dry_run_ask(struct context *context, struct dry_run *dry_run, size_t first, const ProtobufCBinaryData *envelope);
