// The SVG file that a report's --svg names.
#pragma once

#include "tools/command/points.h"

#include <stdio.h>

struct picture {
    const char *path;
    char *bytes;
    size_t size;
    FILE *file; // to draw on
    char *note; // from which ledger, as of when
};

// False: there is no --svg, and nothing to draw. Else draw on `file`, and save.
bool picture_begin(struct context *context, struct picture *picture);
void picture_save(struct picture *picture); // whole, or the process ends
