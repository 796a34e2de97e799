// Base64 as in signed notes and proofs: the standard alphabet, padded.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE64_BYTES(size) (((size) + 2) / 3 * 4 + 1) // of the text, with NUL

// Into `text` of BASE64_BYTES(size), which it returns.
char *base64_write(const uint8_t *bytes, size_t size, char *text);
// Up to `bytes_max` bytes; `size` is how many. False: the text is none, or of more.
bool base64_read(const char *text, size_t text_size, uint8_t *bytes, size_t bytes_max, size_t *size);
