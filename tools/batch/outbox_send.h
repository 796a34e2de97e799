// Sends what an outbox holds through a pipeline to the daemon, and keeps the answers in it.
#pragma once

#include "tools/batch/outbox.h"
#include "tools/command/points.h"

// Signs an envelope of the outbox afresh, or adds a signature: writes the bytes of a SignedEnvelope to `out` of
// SIGNED_ENVELOPE_BYTES_MAX and returns how many. 0: these keys cannot.
typedef size_t outbox_sign_fn(void *data, const Points__V1__SignedEnvelope *stored, uint8_t *out);

// Sends every envelope that has no answer yet, as `sign` makes it (NULL: as it is stored). Returns when all are
// answered; else ends the process: a connection that is lost, or an envelope that is refused whole.
void outbox_send(struct context *context, struct outbox *outbox, outbox_sign_fn *sign, void *data);
