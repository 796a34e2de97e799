// Envelopes: transactions collected, serialised once in canonical form, and signed.
#pragma once

#include "proto/formats.h"
#include "tools/error.h"
#include "proto/keyfile.h"

#include <stddef.h>
#include <stdint.h>

// What is left of a request by what frames it.
enum { SIGNED_ENVELOPE_BYTES_MAX = REQUEST_BYTES_MAX - 24 };

struct envelope_builder {
    uint8_t bytes[ENVELOPE_BYTES_MAX]; // of an Envelope, ready to be signed whenever count is not 0
    size_t size;
    uint32_t count;                   // transactions
    const ProtobufCBinaryData *texts; // of its PostNotices, borrowed; NULL: none
    size_t text_count;
};

void envelope_begin(struct envelope_builder *builder, const uint8_t ledger_id[HASH_BYTES]);
// False: it does not fit any more, nothing was added; sign this one and begin the next. The transaction's fields are
// the caller's to get right; envelope_check tells. Room for the digest of a dry run is always left.
bool envelope_add(struct envelope_builder *builder, const Points__V1__Transaction *transaction);
// Once, after the last transaction: the digest of the dry run's report that the signers approve.
void envelope_set_dry_run(struct envelope_builder *builder, const uint8_t sha256[HASH_BYTES]);
// Whether the daemon would read these bytes; the error names the field.
bool envelope_check(const struct envelope_builder *builder, struct tool_error *error);
// Signs with 1 to SIGNATURES_MAX distinct keys, in any order. Writes a SignedEnvelope's bytes to `out` of
// SIGNED_ENVELOPE_BYTES_MAX; returns how many, 0 when a key is given twice, their number is wrong or it does not fit.
size_t envelope_sign(
    const struct envelope_builder *builder, const struct keyfile *keys, size_t key_count, uint8_t *out);
// Adds a signature to one read from elsewhere, likewise. 0: the key has signed already, four have, or it does not fit.
size_t envelope_countersign(const Points__V1__SignedEnvelope *from, const struct keyfile *key, uint8_t *out);
