// Cosignatures of witnesses: verified by a worker, judged by the decide thread, kept by the journal.
#pragma once

#include "checkpoint_keys.h"
#include "decide.h"
#include "job.h"

// What an AddCosignature says.
struct cosigning {
    struct note_checkpoint checkpoint;
    struct note_verifier witness; // key, and the name of its line
    struct note_cosignature cosignature;
    struct note_fault fault;  // why its signatures do not verify
    char own[NOTE_BYTES_MAX]; // the text and the daemon's lines alone
};

// The worker's part: form, ledger, signatures. Fills job->cosigning, or refuses.
void cosign_verify(struct job *job, const struct checkpoint_keys *keys);
// The decide thread's: whether the key is a witness's, and the checkpoint this ledger's. Refuses, or leaves the answer
// to the journal.
void cosign_judge(struct decide *decide, struct job *job);
// The journal's: adds the line to what is kept of that day, makes it durable and answers. False: the commit failed, as
// with ledger_append.
bool cosign_keep(struct ledger *ledger, struct job *job, struct ledger_error *error);
