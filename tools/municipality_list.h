// The municipalities of a ledger that is to be made, sorted by code.
#pragma once

#include "proto/formats.h"

#include <stddef.h>
#include <stdint.h>

enum { MUNICIPALITIES_MAX = 80 };

struct municipality_list {
    Points__V1__Municipality rows[MUNICIPALITIES_MAX];
    uint32_t residents[MUNICIPALITIES_MAX]; // RESIDENTS_UNKNOWN: the file does not say
    size_t count;
};

#define RESIDENTS_UNKNOWN UINT32_MAX

// Reads a CSV file whose first line names code, name_ja, name_en and, if there is such a column, population_2020 (or
// another year) with up to 99,999,999 residents; `path` NULL: the programme's twelve. What is wrong ends the process
// with EXIT_WRONG_USE. The caller frees.
void municipality_list_read(const char *path, struct municipality_list *list);
void municipality_list_free(struct municipality_list *list);
