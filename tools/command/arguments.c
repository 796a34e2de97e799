// The command line's values: words and options to numbers, days, times, ids and names.
#include "tools/command/points.h"
#include "tools/command/synopsis.h"
#include "tools/jst.h"
#include "tools/number.h"
#include "tools/shown.h"
#include "tools/uuid7.h"

#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

noreturn void fail_usage(const struct context *context, const char *format, ...)
{
    char problem[TOOL_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    fail(EXIT_WRONG_USE, "%s\nusage: points %s %s", problem, context->command->name, context->command->synopsis);
}

noreturn void fail_missing_word(const struct context *context, size_t index)
{
    const char *name;
    int size = (int)synopsis_word(context->command->synopsis, index, &name);
    fail_usage(context, "%.*s is missing", size, name);
}

const char *argument_get(const struct context *context, size_t index)
{
    return index < context->argument_count ? context->arguments[index] : NULL;
}

const char *argument_xget(const struct context *context, size_t index)
{
    const char *value = argument_get(context, index);
    if (!value)
        fail_missing_word(context, index);
    return value;
}

const char *option_get(const struct context *context, const char *name)
{
    for (size_t i = 0; i < context->option_count; i++)
        if (!strcmp(context->options[i].name, name))
            return context->options[i].value;
    return NULL;
}

const char *option_nth(const struct context *context, const char *name, size_t n)
{
    for (size_t i = 0; i < context->option_count; i++)
        if (!strcmp(context->options[i].name, name) && n-- == 0)
            return context->options[i].value;
    return NULL;
}

const char *option_xget(const struct context *context, const char *name)
{
    const char *value = option_get(context, name);
    if (!value)
        fail_usage(context, "--%s is missing", name);
    return value;
}

uint64_t parse_number(const struct context *context, const char *what, const char *text, uint64_t min, uint64_t max)
{
    uint64_t number;
    if (!number_parse(text, min, max, &number))
        fail_usage(context, "%s: \"%s\" is no whole number from %" PRIu64 " to %" PRIu64, what, shown(text), min, max);
    return number;
}

uint32_t parse_day(const struct context *context, const char *what, const char *text)
{
    uint32_t day;
    if (!jst_parse_day(text, &day))
        fail_usage(context, "%s: \"%s\" is no day; write it as 2021-11-12 (JST)", what, shown(text));
    return day;
}

uint64_t option_number(const struct context *context, const char *name, uint64_t min, uint64_t max, uint64_t otherwise)
{
    char what[40];
    const char *text = option_get(context, name);
    snprintf(what, sizeof what, "--%s", name);
    return text ? parse_number(context, what, text, min, max) : otherwise;
}

uint32_t option_day(const struct context *context, const char *name, uint32_t otherwise)
{
    char what[40];
    const char *text = option_get(context, name);
    snprintf(what, sizeof what, "--%s", name);
    return text ? parse_day(context, what, text) : otherwise;
}

int64_t parse_time(const struct context *context, const char *what, const char *text)
{
    int64_t unix_s;
    if (!jst_parse_time(text, &unix_s))
        fail_usage(context, "%s: \"%s\" is no time; write it as '2021-11-12 09:30' (JST)", what, shown(text));
    return unix_s;
}

void parse_id(const struct context *context, const char *what, const char *text, uint8_t id[ID_BYTES])
{
    if (!id_parse(text, id))
        fail_usage(context, "%s: \"%s\" is not 32 hex digits (dashes as in a UUID are allowed)", what, shown(text));
}

void parse_digest(const struct context *context, const char *what, const char *text, uint8_t digest[HASH_BYTES])
{
    size_t size;
    if (sodium_hex2bin(digest, HASH_BYTES, text, strlen(text), NULL, &size, NULL) != 0 || size != HASH_BYTES)
        fail_usage(context, "%s: \"%s\" is not 64 hex digits (a SHA-256)", what, shown(text));
}

// SOME_NAME and some-name are the same.
static bool same_name(const char *text, const char *name)
{
    for (; *text && *name; text++, name++)
        if (toupper((unsigned char)(*text == '-' ? '_' : *text)) != *name)
            return false;
    return !*text && !*name;
}

int parse_enum(const struct context *context, const char *what, const ProtobufCEnumDescriptor *type, const char *text,
    bool zero_too)
{
    char list[TOOL_ERROR_BYTES / 2] = "";
    for (unsigned i = 0; i < type->n_values; i++) {
        if (type->values[i].value == 0 && !zero_too)
            continue;
        if (same_name(text, type->values[i].name))
            return type->values[i].value;
        size_t at = strlen(list);
        snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", type->values[i].name);
    }
    for (char *at = list; *at; at++)
        *at = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
    fail_usage(context, "%s: \"%s\" is none of: %s", what, shown(text), list);
}

Points__V1__TotalsUnit option_unit(const struct context *context, Points__V1__TotalsUnit otherwise)
{
    const char *unit = option_get(context, "by");
    if (!unit)
        return otherwise;
    return (Points__V1__TotalsUnit)parse_enum(context, "--by", &points__v1__totals_unit__descriptor, unit, true);
}
