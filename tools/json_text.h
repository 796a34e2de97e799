// JSON written as it comes: the parts that need more than fprintf(3).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void json_text(const char *text, FILE *file);                    // UTF-8, in quotes
void json_base64(const uint8_t *bytes, size_t size, FILE *file); // standard, padded, in quotes
