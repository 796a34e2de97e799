// Key files: NAME.key holds an Ed25519 seed as text, mode 0600; NAME.pub beside it the public key.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEYFILE_ERROR_BYTES = 400 };

struct keyfile_error {
    char message[KEYFILE_ERROR_BYTES]; // for people: what was wrong and what to do
};

struct keyfile {
    uint8_t public_key[KEY_BYTES];
    uint8_t *secret; // libsodium's 64 bytes, in sodium_malloc memory
};

// Makes a fresh key, writes PATH (which must not exist yet) and its .pub, both synced. `holder` goes into a comment
// line. `key` may be NULL; else the caller frees it.
bool keyfile_create(const char *path, const char *holder, struct keyfile *key, struct keyfile_error *error);
// Refuses a public key, and a file that group or others may read or write. The caller frees.
bool keyfile_load(const char *path, struct keyfile *key, struct keyfile_error *error);
void keyfile_free(struct keyfile *key);

// The public key from a file NAME.pub, from the .pub beside a NAME.key, or from 64 hex digits. Never reads a secret.
bool keyfile_read_public(const char *path_or_hex, uint8_t key[KEY_BYTES], struct keyfile_error *error);
