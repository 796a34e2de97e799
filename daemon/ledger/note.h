// Checkpoints as signed notes (C2SP signed-note.md, tlog-checkpoint.md).
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOTE_NAME_MAX = 100, NOTE_BYTES_MAX = 1024, NOTE_SECRET_BYTES = 64, NOTE_VERIFIER_MAX = NOTE_NAME_MAX + 64 };

struct note_verifier {
    char name[NOTE_NAME_MAX + 1]; // the ledger's origin
    uint8_t key[KEY_BYTES];
};

struct note_signer {
    struct note_verifier verifier;
    uint8_t secret[NOTE_SECRET_BYTES]; // libsodium's form
};

struct note_checkpoint {
    char origin[NOTE_NAME_MAX + 1];
    uint64_t size; // blocks
    uint8_t root[HASH_BYTES];
};

// The verifier key that auditors pass about, "NAME+hex8+base64", into `text` of NOTE_VERIFIER_MAX.
void note_verifier_text(const struct note_verifier *verifier, char *text);
// Reads that text. False: it is none, or of another algorithm than Ed25519.
bool note_read_verifier(const char *text, struct note_verifier *verifier);
// A signed note of the signer's own name, NUL-terminated, into `note` of NOTE_BYTES_MAX.
void note_sign_checkpoint(const struct note_signer *signer, uint64_t size, const uint8_t root[HASH_BYTES], char *note);
// Reads a note and checks that this verifier signed it and that its origin is the verifier's name. Lines of unknown
// signers are passed over. False: not such a note, or no valid signature of this verifier.
bool note_open_checkpoint(const char *note, const struct note_verifier *verifier, struct note_checkpoint *checkpoint);
// What a note says, whoever signed it: for whoever has no key at hand. False: its text is no checkpoint.
bool note_read_checkpoint(const char *note, struct note_checkpoint *checkpoint);
