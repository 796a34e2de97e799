// Ids: 16 bytes, fresh ones as UUIDv7 (RFC 9562), read and written as text.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stdint.h>

enum { ID_TEXT_BYTES = 37 };

// A fresh id, above all that this process made before. One thread at a time.
void uuid7_now(uint8_t id[ID_BYTES]);
// The id for a time and random bits of the caller's.
void uuid7_at(uint64_t unix_ms, const uint8_t random[10], uint8_t id[ID_BYTES]);

// 32 hex digits, with a UUID's dashes or without any.
bool id_parse(const char *text, uint8_t id[ID_BYTES]);
void id_print(const uint8_t id[ID_BYTES], char text[ID_TEXT_BYTES]); // with dashes
