// The municipalities of a ledger that is to be made, sorted by code.
#pragma once

#include "proto/formats.h"

#include <stddef.h>

enum { MUNICIPALITIES_MAX = 80 };

struct municipality_list {
    Points__V1__Municipality rows[MUNICIPALITIES_MAX];
    size_t count;
};

// Reads a CSV file whose first line names code, name_ja and name_en; `path` NULL: the programme's twelve. What is wrong
// ends the process with EXIT_WRONG_USE. The caller frees.
void municipality_list_read(const char *path, struct municipality_list *list);
void municipality_list_free(struct municipality_list *list);
