// From a transaction to its outcome: build, sign, send or write to a file, print what was decided.
#pragma once

#include "tools/command/points.h"

// Makes a transaction of a body, which is of the type's message, with --id or a fresh id; signs with the command's
// keys, and sends it, or writes it to --out. Returns the exit code.
int submit_transaction(struct context *context, transaction_type type, void *body);
// Likewise of a PostNotice, with its text.
int submit_notice(struct context *context, Points__V1__PostNotice *body, const ProtobufCBinaryData *text);
// Sends a SignedEnvelope's bytes and prints the outcomes. Returns the exit code.
int submit_signed(struct context *context, const uint8_t *bytes, size_t size);

// A file with a SignedEnvelope, checked for its form; ends the process when it is none. The caller frees both.
Points__V1__SignedEnvelope *submit_read_file(const char *path, uint8_t **bytes, size_t *size);
// Whole or not at all: a temporary file beside it, synced, renamed. Ends the process on failure.
void submit_write_file(const char *path, const uint8_t *bytes, size_t size);
// Prints what an envelope holds, one row a transaction.
void submit_print_envelope(struct context *context, const Points__V1__SignedEnvelope *envelope);

// The outcome at a position, a duplicate's original in its stead. `duplicate_of` is 0 unless it is one.
Points__V1__Outcome submit_outcome(const Points__V1__SubmitReply *reply, size_t position, uint64_t *duplicate_of);
// Where that outcome stands in the ledger; of ID_REUSED, the transaction that holds the id.
uint64_t submit_sequence(const Points__V1__SubmitReply *reply, size_t position, const Points__V1__Outcome *outcome,
    uint64_t duplicate_of);
// Whether the reply's columns are whole for so many transactions.
bool submit_reply_fits(const Points__V1__SubmitReply *reply, size_t count);
