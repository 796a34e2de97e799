// Whole numbers as people write them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Decimal digits and nothing else: no sign, no blank, no exponent. False: it is none, or not from `min` to `max`.
bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *number);
