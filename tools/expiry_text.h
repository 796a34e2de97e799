// When a quest's points expire, as people write it: "never", "2022-03-31", "90d", "3m", "fiscal-year",
// "next-fiscal-year".
#pragma once

#include "proto/formats.h"

#include <stdbool.h>

enum { EXPIRY_TEXT_BYTES = 24 };

// False: it is none of these. "never" has kind EXPIRY_NONE, which a definition says by having no expiry at all.
bool expiry_parse(const char *text, Points__V1__Expiry *expiry);
void expiry_print(const Points__V1__Expiry *expiry, char text[EXPIRY_TEXT_BYTES]); // NULL: "never"
