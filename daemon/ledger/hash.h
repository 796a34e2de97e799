// SHA-256, and RFC 6962's two uses of it.
#pragma once

#include "proto/formats.h"

#include <stddef.h>
#include <stdint.h>

// Thread-safe: each thread has a context of its own. Out of memory ends the process.
void hash_bytes(const uint8_t *bytes, size_t size, uint8_t hash[HASH_BYTES]);
void hash_leaf(const uint8_t *bytes, size_t size, uint8_t hash[HASH_BYTES]); // SHA-256(0x00 ‖ bytes)
void hash_node(const uint8_t left[HASH_BYTES], const uint8_t right[HASH_BYTES],
    uint8_t hash[HASH_BYTES]); // SHA-256(0x01 ‖ left ‖ right)
