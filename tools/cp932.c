// Text in CP932, a character at a time, so that one that cannot be held costs nothing but itself.
#include "tools/cp932.h"
#include "tools/error.h"

#include <iconv.h>
#include <string.h>

enum { CP932_BYTES_MAX = 2 }; // of a character

static const char geta[] = "\x81\xac"; // 〓: what Japanese printers have always put where a type was missing

// Kept until the end: tables are printed a cell at a time.
static iconv_t converter(void)
{
    static iconv_t made;
    if (!made)
        made = iconv_open("CP932", "UTF-8");
    if (made == (iconv_t)-1)
        fail(EXIT_FAILED, "this system's C library knows no CP932 (its gconv modules are missing); --csv writes UTF-8");
    return made;
}

// Bytes of the UTF-8 character at `at`, which is not its end; a stray byte is a character by itself.
static size_t character_size(const char *at)
{
    size_t size = 1;
    while ((at[size] & 0xc0) == 0x80)
        size++;
    return size;
}

// Appends the character; false: CP932 has none.
static bool convert(const char *from, size_t size, char **to)
{
    char *in = (char *)from;
    size_t room = CP932_BYTES_MAX;
    char *end = *to;
    if (iconv(converter(), &in, &size, &end, &room) == (size_t)-1)
        return false;
    *to = end;
    return true;
}

char *cp932_text(const char *text, cp932_missing_fn *missing, void *data)
{
    char *made = xmalloc(CP932_BYTES_MAX * strlen(text) + 1), *to = made;
    while (*text) {
        size_t size = character_size(text);
        if (!convert(text, size, &to)) {
            missing(data, text, size);
            to = stpcpy(to, geta);
        }
        text += size;
    }
    *to = '\0';
    return made;
}
