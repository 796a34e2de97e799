#include "job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES_MAX = 8 * 1024 * 1024 };

static void *checked(void *memory)
{
    if (memory)
        return memory;
    fputs("pointsd: out of memory\n", stderr);
    abort();
}

struct job *job_new(struct net_connection *connection, struct session *session, uint8_t *frame, size_t frame_size)
{
    struct job *job = checked(calloc(1, sizeof *job));
    atomic_init(&job->references, 1);
    job->connection = connection;
    job->session = session;
    job->frame = frame;
    job->frame_size = frame_size;
    arena_init(&job->arena, ARENA_BYTES_MAX);
    return job;
}

void job_hold(struct job *job)
{
    atomic_fetch_add_explicit(&job->references, 1, memory_order_relaxed);
}

void job_strip(struct job *job)
{
    arena_free(&job->arena);
    free(job->frame);
    job->frame = NULL;
    job->request = NULL;
}

void job_release(struct job *job)
{
    if (atomic_fetch_sub_explicit(&job->references, 1, memory_order_acq_rel) != 1)
        return;
    job_strip(job);
    free(job->response);
    free(job);
}

void job_refuse(struct job *job, refusal_code code, const char *field, const char *format, ...)
{
    if (job->refusal.code)
        return;
    job->refusal.code = code;
    if (field)
        snprintf(job->refusal.field, sizeof job->refusal.field, "%s", field);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(job->refusal.message, sizeof job->refusal.message, format, arguments);
    va_end(arguments);
}

void *job_alloc(struct job *job, size_t size)
{
    return checked(arena_alloc(&job->arena, size));
}

static uint8_t *pack(const Points__V1__Response *response, size_t *size)
{
    *size = points__v1__response__get_packed_size(response);
    uint8_t *bytes = checked(malloc(*size));
    points__v1__response__pack(response, bytes);
    return bytes;
}

static uint8_t *pack_error(uint64_t id, refusal_code code, const char *message, const char *field, size_t *size)
{
    Points__V1__Error error = POINTS__V1__ERROR__INIT;
    error.code = code;
    error.message = (char *)message;
    error.field = (char *)field;
    Points__V1__Response response = POINTS__V1__RESPONSE__INIT;
    response.id = id;
    response.body_case = RESPONSE(ERROR);
    response.error = &error;
    return pack(&response, size);
}

void job_respond(struct job *job, Points__V1__Response *response)
{
    free(job->response);
    if (!job->refusal.code) {
        response->id = job->request_id;
        size_t size = points__v1__response__get_packed_size(response);
        if (size <= RESPONSE_BYTES_MAX) {
            job->response = pack(response, &job->response_size);
            return;
        }
        job_refuse(job, REFUSAL(OUT_OF_RANGE), "", "the answer would pass %d bytes; ask for less at a time",
            RESPONSE_BYTES_MAX);
    }
    job->response =
        pack_error(job->request_id, job->refusal.code, job->refusal.message, job->refusal.field, &job->response_size);
}

uint8_t *job_fault_response(refusal_code code, const char *message, size_t *size)
{
    return pack_error(0, code, message, "", size);
}
