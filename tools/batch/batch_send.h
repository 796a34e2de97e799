// Rows to signed envelopes, on disk in an outbox before the first is sent; then through a pipeline to the daemon.
#pragma once

#include "tools/batch/batch_rows.h"
#include "tools/command/points.h"

// Gives the rows of the source, at least one, or ends the process. They are freed after that.
typedef void batch_rows_fn(struct context *context, void *data, struct batch_rows *rows);

// Goes on with the outbox in the folder `dir` if it holds one of this source; else `read` gives the rows for a fresh
// one. Sends what is not answered yet, and prints what became of all, refused
// rows under the heading. Returns the exit code.
int batch_send(struct context *context, const char *dir, const uint8_t source_sha256[HASH_BYTES], batch_rows_fn *read,
    void *data, const char *refused_heading);
