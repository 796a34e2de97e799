// Residents of municipalities. The ledger does not hold them: they are what the build found.
#include "tools/population.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char municipality_csv[] =
#include "tools/municipalities_csv.inc"
    ;

// Lines of code, two names, kind and population, behind one of headings.
uint64_t population_of(uint32_t municipality)
{
    for (const char *line = municipality_csv; *line; line = strchr(line, '\n') + 1) {
        uint32_t code;
        uint64_t residents;
        if (sscanf(line, "%6" SCNu32 ",%*[^,],%*[^,],%*[^,],%" SCNu64, &code, &residents) == 2 && code == municipality)
            return residents;
    }
    return 0;
}
