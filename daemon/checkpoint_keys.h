// The daemon's keys for checkpoints: those that it has, and which of them may sign.
#pragma once

#include "ledger/note.h"
#include "points/points.h"

enum { CHECKPOINT_KEY_FILES = 2 };

_Static_assert((int)CHECKPOINT_KEY_FILES <= (int)NOTE_SIGNERS_MAX, "each signs a note");

struct checkpoint_keys {
    struct note_signer *signers[CHECKPOINT_KEY_FILES]; // in sodium_malloc memory
    const char *paths[CHECKPOINT_KEY_FILES];           // of their files; borrowed
    size_t count;
};

// Those of our keys that may sign the next checkpoint.
struct checkpoint_signers {
    const struct note_signer *signers[CHECKPOINT_KEY_FILES];
    size_t count;
};

// Adds the key of a file, once. False: `error` says why.
bool checkpoint_keys_add(
    struct checkpoint_keys *keys, const char *path, const char *origin, char *error, size_t error_size);
void checkpoint_keys_free(struct checkpoint_keys *keys);

bool checkpoint_key_in_force(const struct points_state *state, const struct note_signer *signer);
struct checkpoint_signers checkpoint_signers(const struct checkpoint_keys *keys, const struct points_state *state);

// Whether at least one of our keys may still sign when the envelope is decided. It is no rule of the ledger which keys
// the daemon has, so an envelope that would leave it without is not decided.
bool checkpoint_keys_stay(
    const struct checkpoint_keys *keys, const struct points_state *state, const Points__V1__Envelope *envelope);
