#include "tools/json_text.h"
#include "ledger/base64.h"

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
    char text[BASE64_BYTES(PIECE_BYTES)];
    fputc('"', file);
    while (size) {
        size_t piece = size < PIECE_BYTES ? size : PIECE_BYTES;
        fputs(base64_write(bytes, piece, text), file);
        bytes += piece;
        size -= piece;
    }
    fputc('"', file);
}
