// The verifiers' work: reads a request's bytes and checks its signatures. Needs no state, so any number of threads do
// it.
#pragma once

#include "checkpoint_keys.h"
#include "job.h"

// Fills the job's request, envelope, hash, cosigning and signatures_valid, or its refusal (MALFORMED, TOO_LARGE,
// WRONG_LEDGER).
void verify_job(struct job *job, const uint8_t ledger_id[HASH_BYTES], const struct checkpoint_keys *keys);
