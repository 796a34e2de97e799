// Envelopes, serialised while they grow: field 1 is the ledger's id, then field 2 once for each transaction, and
// perhaps field 3, the digest of a dry run.
#include "tools/envelope_builder.h"
#include "proto/canonical.h"
#include "proto/signing.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIELD_LEDGER_ID = 1 << 3 | 2,
    FIELD_TRANSACTIONS = 2 << 3 | 2,
    FIELD_DRY_RUN = 3 << 3 | 2,
    TRANSACTION_HEAD_BYTES_MAX = 4,
    HASH_FIELD_BYTES = 2 + HASH_BYTES,
};

static void put_hash(struct envelope_builder *builder, uint8_t field, const uint8_t hash[HASH_BYTES])
{
    uint8_t *at = builder->bytes + builder->size;
    at[0] = field;
    at[1] = HASH_BYTES;
    memcpy(at + 2, hash, HASH_BYTES);
    builder->size += HASH_FIELD_BYTES;
}

void envelope_begin(struct envelope_builder *builder, const uint8_t ledger_id[HASH_BYTES])
{
    builder->size = 0;
    builder->count = 0;
    builder->texts = NULL;
    builder->text_count = 0;
    put_hash(builder, FIELD_LEDGER_ID, ledger_id);
}

void envelope_set_dry_run(struct envelope_builder *builder, const uint8_t sha256[HASH_BYTES])
{
    put_hash(builder, FIELD_DRY_RUN, sha256);
}

bool envelope_add(struct envelope_builder *builder, const Points__V1__Transaction *transaction)
{
    size_t size = points__v1__transaction__get_packed_size(transaction);
    if (builder->count == ENVELOPE_TRANSACTIONS_MAX || size > ENVELOPE_BYTES_MAX ||
        builder->size + TRANSACTION_HEAD_BYTES_MAX + size + HASH_FIELD_BYTES > ENVELOPE_BYTES_MAX)
        return false;
    uint8_t *at = builder->bytes + builder->size;
    *at++ = FIELD_TRANSACTIONS;
    size_t rest = size;
    for (; rest >= 0x80; rest >>= 7)
        *at++ = (uint8_t)(rest | 0x80);
    *at++ = (uint8_t)rest;
    at += points__v1__transaction__pack(transaction, at);
    builder->size = (size_t)(at - builder->bytes);
    builder->count++;
    return true;
}

bool envelope_check(const struct envelope_builder *builder, struct tool_error *error)
{
    struct canonical_fault fault;
    if (canonical_check(&points__v1__envelope__descriptor, builder->bytes, builder->size, &fault) == CANONICAL_OK)
        return true;
    return tool_fail(error, "%s: %s", *fault.field ? fault.field : "envelope", fault.problem);
}

static int by_key(const void *left, const void *right)
{
    const Points__V1__Signature *const *a = left, *const *b = right;
    return memcmp((*a)->key.data, (*b)->key.data, KEY_BYTES);
}

static size_t pack_sorted(Points__V1__SignedEnvelope *envelope, uint8_t *out)
{
    size_t count = envelope->n_signatures;
    qsort(envelope->signatures, count, sizeof *envelope->signatures, by_key);
    for (size_t i = 1; i < count; i++)
        if (by_key(&envelope->signatures[i - 1], &envelope->signatures[i]) == 0)
            return 0;
    if (points__v1__signed_envelope__get_packed_size(envelope) > SIGNED_ENVELOPE_BYTES_MAX)
        return 0;
    return points__v1__signed_envelope__pack(envelope, out);
}

size_t envelope_sign(const struct envelope_builder *builder, const struct keyfile *keys, size_t key_count, uint8_t *out)
{
    Points__V1__Signature signatures[SIGNATURES_MAX], *pointers[SIGNATURES_MAX];
    uint8_t signed_bytes[SIGNATURES_MAX][SIGNATURE_BYTES];
    if (key_count < 1 || key_count > SIGNATURES_MAX)
        return 0;
    for (size_t i = 0; i < key_count; i++) {
        signing_sign(SIGNING_ENVELOPE, builder->bytes, builder->size, keys[i].secret, signed_bytes[i]);
        points__v1__signature__init(&signatures[i]);
        signatures[i].key = (ProtobufCBinaryData){KEY_BYTES, (uint8_t *)keys[i].public_key};
        signatures[i].signature = (ProtobufCBinaryData){SIGNATURE_BYTES, signed_bytes[i]};
        pointers[i] = &signatures[i];
    }
    Points__V1__SignedEnvelope envelope = POINTS__V1__SIGNED_ENVELOPE__INIT;
    envelope.envelope = (ProtobufCBinaryData){builder->size, (uint8_t *)builder->bytes};
    envelope.signatures = pointers;
    envelope.n_signatures = key_count;
    envelope.texts = (ProtobufCBinaryData *)builder->texts;
    envelope.n_texts = builder->text_count;
    return pack_sorted(&envelope, out);
}

size_t envelope_countersign(const Points__V1__SignedEnvelope *from, const struct keyfile *key, uint8_t *out)
{
    Points__V1__Signature *pointers[SIGNATURES_MAX], mine = POINTS__V1__SIGNATURE__INIT;
    uint8_t signed_bytes[SIGNATURE_BYTES];
    if (from->n_signatures >= SIGNATURES_MAX || from->envelope.len > ENVELOPE_BYTES_MAX)
        return 0;
    signing_sign(SIGNING_ENVELOPE, from->envelope.data, from->envelope.len, key->secret, signed_bytes);
    mine.key = (ProtobufCBinaryData){KEY_BYTES, (uint8_t *)key->public_key};
    mine.signature = (ProtobufCBinaryData){SIGNATURE_BYTES, signed_bytes};
    for (size_t i = 0; i < from->n_signatures; i++)
        pointers[i] = from->signatures[i];
    pointers[from->n_signatures] = &mine;
    Points__V1__SignedEnvelope envelope = *from;
    envelope.signatures = pointers;
    envelope.n_signatures = from->n_signatures + 1;
    return pack_sorted(&envelope, out);
}
