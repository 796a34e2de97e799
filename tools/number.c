// Whole numbers as people write them.
#include "tools/number.h"

#include <errno.h>
#include <stdlib.h>

bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number >= min && *number <= max;
}
