// Checkpoints as signed notes (C2SP signed-note.md, tlog-checkpoint.md), and what witnesses add to them
// (tlog-cosignature.md). A note is a text of three lines, an empty line, and lines "— NAME BASE64", one for each
// signature.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NOTE_NAME_MAX = 100,
    NOTE_SIGNERS_MAX = 4,       // of one ledger at a time
    NOTE_COSIGNATURES_MAX = 30, // of one note
    NOTE_LINE_BYTES_MAX = NOTE_NAME_MAX + 128,
    NOTE_BYTES_MAX = 8192, // room for all of them, and NUL
    NOTE_SECRET_BYTES = 64,
    NOTE_VERIFIER_MAX = NOTE_NAME_MAX + 64,
    NOTE_FAULT_BYTES = 300,
};

struct note_verifier {
    char name[NOTE_NAME_MAX + 1]; // the ledger's origin; of a witness, its own
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

// What is wrong with a note, in words: "the checkpoint …".
struct note_fault {
    char message[NOTE_FAULT_BYTES];
};

// Of a name of at most NOTE_NAME_MAX bytes, as those of ledgers and witnesses are.
struct note_verifier note_verifier_of(const char *name, const uint8_t key[KEY_BYTES]);
// The verifier key that auditors pass about, "NAME+hex8+base64", into `text` of NOTE_VERIFIER_MAX.
void note_verifier_text(const struct note_verifier *verifier, char *text);
// Reads that text. False: it is none, or of another algorithm than Ed25519.
bool note_read_verifier(const char *text, struct note_verifier *verifier);

// A note signed by 1 to NOTE_SIGNERS_MAX signers, whose name is the origin, NUL-terminated, into `note` of
// NOTE_BYTES_MAX.
void note_sign_checkpoint(
    const struct note_signer *const *signers, size_t count, uint64_t size, const uint8_t root[HASH_BYTES], char *note);
// Reads a note's text; whoever signed it, whatever its origin. False: `fault` says what is wrong with its form.
bool note_read_checkpoint(const char *note, struct note_checkpoint *checkpoint, struct note_fault *fault);
// Reads a note, which must be signed by at least one of these verifiers; they have one name, which must be its origin.
// Lines of unknown signers are passed over; a line of one of these that does not verify is a fault, whatever the others
// say. False: `fault` says why.
bool note_open_checkpoint(const char *note, const struct note_verifier *verifiers, size_t count,
    struct note_checkpoint *checkpoint, struct note_fault *fault);
// Of a note that these verifiers opened: the text and their lines alone, each once, into `own` of NOTE_BYTES_MAX.
void note_strip(const char *note, const struct note_verifier *verifiers, size_t count, char *own);

// A witness's line. It says that at that time the witness had seen nothing that contradicts the note.
struct note_cosignature {
    int64_t time; // Unix seconds
    char line[NOTE_LINE_BYTES_MAX];
};

// Of a note's text as it stands, whoever signed it.
void note_cosign(
    const char *note, const struct note_signer *witness, int64_t time, struct note_cosignature *cosignature);
// The name under which the witness with this key has a cosignature in the note. False: it has none.
bool note_find_witness(const char *note, struct note_verifier *witness, struct note_fault *fault);
// The cosignature of this witness. False: it has none in the note, or a wrong one.
bool note_open_cosignature(const char *note, const struct note_verifier *witness, struct note_cosignature *cosignature,
    struct note_fault *fault);
size_t note_line_count(const char *note); // of signatures and cosignatures, of a note that was read
// Adds a line to a note of NOTE_BYTES_MAX; a line of the same name and key gives way. False: no more fit.
bool note_add_line(char *note, const struct note_cosignature *cosignature);
