// When a quest's points expire, in words.
#include "tools/expiry_text.h"
#include "tools/jst.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool set(Points__V1__Expiry *expiry, Points__V1__ExpiryKind kind, uint32_t value)
{
    expiry->kind = kind;
    expiry->value = value;
    return true;
}

// "90d", "3m"; the ledger knows the ranges.
static bool parse_span(const char *text, Points__V1__Expiry *expiry)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno || number == 0 || number > UINT32_MAX)
        return false;
    if (!strcmp(end, "d"))
        return set(expiry, EXPIRY(AFTER_DAYS), (uint32_t)number);
    return !strcmp(end, "m") && set(expiry, EXPIRY(AFTER_MONTHS), (uint32_t)number);
}

bool expiry_parse(const char *text, Points__V1__Expiry *expiry)
{
    uint32_t day;
    points__v1__expiry__init(expiry);
    if (!strcmp(text, "never"))
        return true;
    if (!strcmp(text, "fiscal-year"))
        return set(expiry, EXPIRY(END_OF_FISCAL_YEAR), 0);
    if (!strcmp(text, "next-fiscal-year"))
        return set(expiry, EXPIRY(END_OF_FISCAL_YEAR), 1);
    if (jst_parse_day(text, &day))
        return set(expiry, EXPIRY(ON_DAY), day);
    return parse_span(text, expiry);
}

void expiry_print(const Points__V1__Expiry *expiry, char text[EXPIRY_TEXT_BYTES])
{
    char day[JST_DAY_BYTES];
    switch (expiry ? expiry->kind : EXPIRY(EXPIRY_NONE)) {
    case EXPIRY(ON_DAY):
        jst_print_day(expiry->value, day);
        snprintf(text, EXPIRY_TEXT_BYTES, "%s", day);
        break;
    case EXPIRY(AFTER_DAYS):
        snprintf(text, EXPIRY_TEXT_BYTES, "%" PRIu32 "d", expiry->value);
        break;
    case EXPIRY(AFTER_MONTHS):
        snprintf(text, EXPIRY_TEXT_BYTES, "%" PRIu32 "m", expiry->value);
        break;
    case EXPIRY(END_OF_FISCAL_YEAR):
        snprintf(text, EXPIRY_TEXT_BYTES, "%s", expiry->value ? "next-fiscal-year" : "fiscal-year");
        break;
    default:
        snprintf(text, EXPIRY_TEXT_BYTES, "never");
    }
}
