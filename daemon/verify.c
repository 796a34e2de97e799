#include "verify.h"

#include "cosign.h"
#include "ledger/hash.h"
#include "proto/envelope.h"
#include "proto/notice_text.h"
#include "proto/signing.h"
#include "proto/wire.h"

#include <stdio.h>
#include <string.h>

// The id of a request that is not canonical, if it begins with one: its answer should still find its asker.
static uint64_t readable_id(const uint8_t *bytes, size_t size)
{
    enum { TAG_OF_ID = 0x08 };
    struct wire wire = wire_of((struct span){bytes, size});
    return wire_varint(&wire) == TAG_OF_ID ? wire_varint(&wire) : 0;
}

static void refuse_fault(struct job *job, enum canonical_result result, const struct canonical_fault *fault)
{
    refusal_code code = result == CANONICAL_TOO_LARGE ? REFUSAL(TOO_LARGE) : REFUSAL(MALFORMED);
    const char *field = fault->field[0] ? fault->field : "the message";
    job_refuse(job, code, fault->field, "%.80s %.100s", field, fault->problem);
}

static bool read_request(struct job *job)
{
    struct canonical_fault fault;
    job->request_id = readable_id(job->frame, job->frame_size);
    enum canonical_result result =
        canonical_check(&points__v1__request__descriptor, job->frame, job->frame_size, &fault);
    if (result) {
        refuse_fault(job, result, &fault);
        return false;
    }
    job->request = points__v1__request__unpack(&job->arena.allocator, job->frame_size, job->frame);
    if (!job->request || job->request->id == 0) {
        job_refuse(job, REFUSAL(MALFORMED), "id", "a request needs an id that is not 0");
        return false;
    }
    job->request_id = job->request->id;
    return true;
}

static bool signers_ascend(struct job *job, const Points__V1__SignedEnvelope *signed_envelope)
{
    for (size_t i = 1; i < signed_envelope->n_signatures; i++)
        if (memcmp(signed_envelope->signatures[i - 1]->key.data, signed_envelope->signatures[i]->key.data, KEY_BYTES) >=
            0) {
            job_refuse(job, REFUSAL(MALFORMED), "submit.signatures",
                "signatures must be in ascending order of their keys, each key once");
            return false;
        }
    return true;
}

static bool read_envelope(struct job *job, const ProtobufCBinaryData *bytes)
{
    struct canonical_fault fault;
    enum canonical_result result =
        envelope_read(bytes->data, bytes->len, &job->arena.allocator, &job->envelope, &fault);
    if (result) {
        refuse_fault(job, result, &fault);
        return false;
    }
    job->envelope_bytes = (struct span){bytes->data, bytes->len};
    if (!job->envelope)
        job_refuse(job, REFUSAL(TOO_LARGE), "", "the envelope needs too much memory; send fewer transactions");
    return job->envelope != NULL;
}

static bool of_this_ledger(struct job *job, const uint8_t ledger_id[HASH_BYTES])
{
    if (memcmp(job->envelope->ledger_id.data, ledger_id, HASH_BYTES) == 0)
        return true;
    job_refuse(job, REFUSAL(WRONG_LEDGER), "ledger_id",
        "the envelope is for another ledger; ask Hello for the ledger's id and sign again");
    return false;
}

static bool read_texts(struct job *job, const Points__V1__SignedEnvelope *signed_envelope)
{
    struct canonical_fault fault;
    char field[sizeof job->refusal.field];
    if (notice_texts_check(job->envelope, signed_envelope, &fault))
        return true;
    snprintf(field, sizeof field, "submit.%.150s", fault.field);
    job_refuse(job, REFUSAL(MALFORMED), field, "%.80s %.100s", field, fault.problem);
    return false;
}

static bool all_signatures_valid(const Points__V1__SignedEnvelope *signed_envelope)
{
    const ProtobufCBinaryData *envelope = &signed_envelope->envelope;
    for (size_t i = 0; i < signed_envelope->n_signatures; i++) {
        const Points__V1__Signature *signature = signed_envelope->signatures[i];
        if (!signing_verify(
                SIGNING_ENVELOPE, envelope->data, envelope->len, signature->key.data, signature->signature.data))
            return false;
    }
    return true;
}

static void verify_submit(struct job *job, const uint8_t ledger_id[HASH_BYTES])
{
    const Points__V1__SignedEnvelope *signed_envelope = job->request->submit;
    if (!signers_ascend(job, signed_envelope) || !read_envelope(job, &signed_envelope->envelope) ||
        !read_texts(job, signed_envelope) || !of_this_ledger(job, ledger_id))
        return;
    hash_bytes(signed_envelope->envelope.data, signed_envelope->envelope.len, job->envelope_sha256);
    job->signatures_valid = all_signatures_valid(signed_envelope);
}

static void verify_dry_run(struct job *job, const uint8_t ledger_id[HASH_BYTES])
{
    if (read_envelope(job, &job->request->dry_run->envelope))
        of_this_ledger(job, ledger_id);
}

static void verify_authenticate(struct job *job, const uint8_t ledger_id[HASH_BYTES])
{
    uint8_t message[HASH_BYTES + NONCE_BYTES];
    const Points__V1__Authenticate *proof = job->request->authenticate;
    memcpy(message, ledger_id, HASH_BYTES);
    memcpy(message + HASH_BYTES, job->session->nonce, NONCE_BYTES);
    job->signatures_valid =
        signing_verify(SIGNING_SESSION, message, sizeof message, proof->key.data, proof->signature.data);
}

void verify_job(struct job *job, const uint8_t ledger_id[HASH_BYTES], const struct checkpoint_keys *keys)
{
    if (!read_request(job))
        return;
    if (job->request->body_case == REQUEST(SUBMIT))
        verify_submit(job, ledger_id);
    else if (job->request->body_case == REQUEST(DRY_RUN))
        verify_dry_run(job, ledger_id);
    else if (job->request->body_case == REQUEST(AUTHENTICATE))
        verify_authenticate(job, ledger_id);
    else if (job->request->body_case == REQUEST(ADD_COSIGNATURE))
        cosign_verify(job, keys);
}
