// What is signed, and how: Ed25519 over a prefix that names the purpose, then the bytes.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum signing_purpose { SIGNING_ENVELOPE, SIGNING_GENESIS, SIGNING_SESSION };

enum { SIGNING_SECRET_BYTES = 64, SIGNING_BYTES_MAX = ENVELOPE_BYTES_MAX };

// `secret` is libsodium's 64-byte secret key. `size` is at most SIGNING_BYTES_MAX.
void signing_sign(enum signing_purpose purpose, const uint8_t *bytes, size_t size,
    const uint8_t secret[SIGNING_SECRET_BYTES], uint8_t signature[SIGNATURE_BYTES]);

// False also when `size` is above SIGNING_BYTES_MAX.
bool signing_verify(enum signing_purpose purpose, const uint8_t *bytes, size_t size, const uint8_t key[KEY_BYTES],
    const uint8_t signature[SIGNATURE_BYTES]);
