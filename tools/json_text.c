#include "tools/json_text.h"

#include <sodium.h>

void json_text(const char *text, FILE *file)
{
    static const char *const short_escapes[0x80] = {['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\t'] = "\\t"};
    fputc('"', file);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x80 && short_escapes[byte])
            fputs(short_escapes[byte], file);
        else if (byte < 0x20)
            fprintf(file, "\\u%04x", byte);
        else
            fputc(byte, file);
    }
    fputc('"', file);
}

void json_base64(const uint8_t *bytes, size_t size, FILE *file)
{
    enum { PIECE_BYTES = 3 * 1024 }; // without padding, but for the last
    char text[PIECE_BYTES / 3 * 4 + 1];
    fputc('"', file);
    while (size) {
        size_t piece = size < PIECE_BYTES ? size : PIECE_BYTES;
        sodium_bin2base64(text, sizeof text, bytes, piece, sodium_base64_VARIANT_ORIGINAL);
        fputs(text, file);
        bytes += piece;
        size -= piece;
    }
    fputc('"', file);
}
