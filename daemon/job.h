// A job: one request on its way through the pipeline, from its frame to its answer.
#pragma once

#include "proto/arena.h"
#include "proto/canonical.h"
#include "proto/formats.h"
#include "proto/wire.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cosigning;
struct job;
struct ledger_reading;
struct ledger_text;
struct net_connection;

// What a connection has proven. The nonce is set when it opens; the rest belongs to the decide thread, which sees a
// connection's requests in order.
struct session {
    uint8_t nonce[NONCE_BYTES];
    bool proven;
    uint8_t key[KEY_BYTES];
};

// Work that reads the ledger, done by a worker once everything that the job speaks of is durable: fills the response,
// or refuses.
typedef void job_errand(struct job *job, struct ledger_reading *reading, Points__V1__Response *response);

struct job {
    struct job *next;       // in whatever queue holds it
    struct job *later;      // in the decide thread's list of what is not durable yet
    atomic_uint references; // the answer's way, and the decide thread while the block is not durable
    bool verified;          // the lane's

    struct net_connection *connection;
    struct session *session;
    uint8_t *frame; // as it came
    size_t frame_size;
    struct arena arena; // holds everything below

    uint64_t request_id;
    Points__V1__Request *request; // NULL: could not be read
    struct {
        refusal_code code; // REFUSAL_NONE: none
        char message[200];
        char field[160];
    } refusal;

    // Of a submit, or a dry run.
    Points__V1__Envelope *envelope;
    struct span envelope_bytes; // in the request
    Points__V1__Outcomes *outcomes;
    int64_t time; // of its block, or what would be its time; Unix seconds

    // Of a submit.
    uint8_t envelope_sha256[HASH_BYTES];
    bool signatures_valid; // also of Authenticate and AddCosignature

    // Of a submit that was recorded; `block` 0: it was not.
    uint64_t block, first_sequence;
    uint8_t *outcomes_bytes;
    size_t outcomes_size;
    struct ledger_text *texts; // of the notices that it posted
    uint64_t *erased_texts;    // sequence numbers
    size_t text_count, erased_count;

    // Of an AddCosignature.
    struct cosigning *cosigning;
    bool journal_answers; // it is not refused

    // Of a query that reads the ledger: what the decide thread knew.
    job_errand *errand; // NULL: the response is ready
    uint64_t sequence;  // where to begin
    uint64_t balance_points;
    Points__V1__NoticesReply *notices; // but for their texts

    uint8_t *response; // malloc'ed, the net's in the end
    size_t response_size;
};

// Takes the frame. Out of memory ends the process.
struct job *job_new(struct net_connection *connection, struct session *session, uint8_t *frame, size_t frame_size);
void job_hold(struct job *job);
void job_strip(struct job *job);   // of everything but its response: nothing else of it will be asked for
void job_release(struct job *job); // the last one frees it; a response not taken is freed too

// Refuses the request; the first refusal counts. `field` may be NULL.
__attribute__((format(printf, 4, 5))) void job_refuse(
    struct job *job, refusal_code code, const char *field, const char *format, ...);

// In the job's arena, zeroed; a request too large for its arena ends the process, since its limits are ours.
void *job_alloc(struct job *job, size_t size);

// Packs the response (its id is set here), or the refusal when there is one.
void job_respond(struct job *job, Points__V1__Response *response);

// An answer to what was no request, with id 0.
uint8_t *job_fault_response(refusal_code code, const char *message, size_t *size);
