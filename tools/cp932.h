// Text in CP932, the Shift_JIS of Windows, which spreadsheets in Japan take for granted. By iconv(3).
#pragma once

#include <stddef.h>

// Told of each character that CP932 cannot hold: `size` bytes of UTF-8.
typedef void cp932_missing_fn(void *data, const char *character, size_t size);

// A UTF-8 text in CP932, with the geta mark 〓 for each character that it cannot hold. Ends the process when this
// system has no CP932. The caller frees.
char *cp932_text(const char *text, cp932_missing_fn *missing, void *data);
