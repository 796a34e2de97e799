// The purposes of donations by number.
#pragma once

#include "proto/formats.h"

#include <stddef.h>
#include <stdint.h>

struct purpose_name {
    uint32_t purpose;
    char *name;
};

struct purpose_names {
    struct purpose_name *rows;
    size_t count;
};

// Adds a page of GetProgramme's purposes to names that began as {0}. The caller frees.
void purpose_names_add(struct purpose_names *names, const Points__V1__ProgrammeReply *page);
void purpose_names_free(struct purpose_names *names);

const char *purpose_names_get(const struct purpose_names *names, uint32_t purpose); // NULL: none has this number
