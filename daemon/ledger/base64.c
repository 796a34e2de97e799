#include "ledger/base64.h"

#include <sodium.h>

char *base64_write(const uint8_t *bytes, size_t size, char *text)
{
    return sodium_bin2base64(text, BASE64_BYTES(size), bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

bool base64_read(const char *text, size_t text_size, uint8_t *bytes, size_t bytes_max, size_t *size)
{
    for (size_t i = 0; i < text_size; i++)
        if (text[i] & 0x80) // libsodium 1.0.18 reads some of these as if the bit were not set
            return false;
    return sodium_base642bin(bytes, bytes_max, text, text_size, NULL, size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
}
