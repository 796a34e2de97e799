// What somebody typed or wrote into a file, as messages show it.
#include "tools/shown.h"

#include <stdbool.h>
#include <string.h>

enum { SHOWN_BYTES_MAX = 60, SHOWN_AT_ONCE = 4 };

static const char cut[] = "…";

const char *shown(const char *text)
{
    static _Thread_local char buffers[SHOWN_AT_ONCE][SHOWN_BYTES_MAX + 1];
    static _Thread_local unsigned turn;
    char *out = buffers[turn++ % SHOWN_AT_ONCE];
    size_t size = strlen(text);
    bool long_one = size > SHOWN_BYTES_MAX;
    if (long_one)
        for (size = SHOWN_BYTES_MAX - (sizeof cut - 1); size && (text[size] & 0xc0) == 0x80; size--)
            ;
    for (size_t i = 0; i < size; i++)
        out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    strcpy(out + size, long_one ? cut : "");
    return out;
}
