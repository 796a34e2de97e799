// Ids as UUIDv7: 48 bits of milliseconds, 12 bits that count within one, 62 random bits.
#include "tools/uuid7.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

enum { COUNT_MAX = 0xfff };

void uuid7_at(uint64_t unix_ms, const uint8_t random[10], uint8_t id[ID_BYTES])
{
    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
    memcpy(id + 6, random, 10);
    id[6] = (id[6] & 0x0f) | 0x70;
    id[8] = (id[8] & 0x3f) | 0x80;
}

void uuid7_now(uint8_t id[ID_BYTES])
{
    static uint64_t last_ms;
    static unsigned count;
    struct timespec now;
    uint8_t random[10];
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (now_ms > last_ms || count == COUNT_MAX) {
        last_ms = now_ms > last_ms ? now_ms : last_ms + 1; // more than 4,096 in a millisecond borrow from the next
        count = 0;
    } else {
        count++;
    }
    randombytes_buf(random, sizeof random);
    random[0] = (uint8_t)(count >> 8);
    random[1] = (uint8_t)count;
    uuid7_at(last_ms, random, id);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool id_parse(const char *text, uint8_t id[ID_BYTES])
{
    size_t length = strlen(text);
    bool dashes = length == ID_TEXT_BYTES - 1;
    if (!dashes && length != 2 * ID_BYTES)
        return false;
    for (int i = 0; i < ID_BYTES; i++) {
        if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (high < 0 || low < 0)
            return false;
        id[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return true;
}

void id_print(const uint8_t id[ID_BYTES], char text[ID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *text++ = '-';
        *text++ = digits[id[i] >> 4];
        *text++ = digits[id[i] & 15];
    }
    *text = '\0';
}
