#include "proto/signing.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char *const prefixes[] = {
    [SIGNING_ENVELOPE] = "points.v1 envelope\n",
    [SIGNING_GENESIS] = "points.v1 genesis\n",
    [SIGNING_SESSION] = "points.v1 session\n",
};

enum { PREFIX_BYTES_MAX = 32 };

// Ed25519 reads its message twice, so prefix and bytes are laid side by side.
static size_t lay_out(enum signing_purpose purpose, const uint8_t *bytes, size_t size, uint8_t *message)
{
    size_t prefix_size = strlen(prefixes[purpose]);
    memcpy(message, prefixes[purpose], prefix_size);
    if (size)
        memcpy(message + prefix_size, bytes, size);
    return prefix_size + size;
}

void signing_sign(enum signing_purpose purpose, const uint8_t *bytes, size_t size,
    const uint8_t secret[SIGNING_SECRET_BYTES], uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t message[PREFIX_BYTES_MAX + SIGNING_BYTES_MAX];
    if (size > SIGNING_BYTES_MAX)
        abort();
    size_t message_size = lay_out(purpose, bytes, size, message);
    crypto_sign_ed25519_detached(signature, NULL, message, message_size, secret);
}

bool signing_verify(enum signing_purpose purpose, const uint8_t *bytes, size_t size, const uint8_t key[KEY_BYTES],
    const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t message[PREFIX_BYTES_MAX + SIGNING_BYTES_MAX];
    if (size > SIGNING_BYTES_MAX)
        return false;
    size_t message_size = lay_out(purpose, bytes, size, message);
    return crypto_sign_ed25519_verify_detached(signature, message, message_size, key) == 0;
}
