// The command line: words and options taken, and turned into numbers, days, times, ids and names.
#include "tools/command_line.h"
#include "tools/error.h"
#include "tools/jst.h"
#include "tools/number.h"
#include "tools/shown.h"
#include "tools/synopsis.h"
#include "tools/uuid7.h"

#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LIST_BYTES = 2000 }; // of the names that an enum has: the longest, of outcomes, takes half of it

// ---- taking it

static void keep(struct command_line *line, const char *name, const char *value, bool repeats)
{
    if (!repeats && option_get(line, name))
        fail_usage(line, "--%s is given twice", name);
    if (line->option_count == OPTIONS_MAX)
        fail_usage(line, "too many options");
    line->options[line->option_count].name = name;
    line->options[line->option_count++].value = value;
}

static noreturn void fail_unknown_option(const struct command_line *line, const char *name)
{
    char own[TOOL_ERROR_BYTES / 2];
    if (line->name) {
        synopsis_options(line->synopsis, own, sizeof own);
        fail_usage(line, "no option --%s; %s has %s, and all commands have %s", shown(name), line->name,
            *own ? own : "none of its own", line->global_synopsis);
    }
    fail(EXIT_WRONG_USE, "no option --%s before the command; there are: %s", shown(name), line->global_synopsis);
}

struct line_option line_take_option(struct command_line *line, char ***at, char **end)
{
    char *name = *(*at)++ + 2, *value = NULL, *equals = strchr(name, '=');
    struct synopsis_option option;
    if (equals) {
        *equals = '\0';
        value = equals + 1;
    }
    bool global = synopsis_option(line->global_synopsis, name, &option);
    if (!global && !(line->name && synopsis_option(line->synopsis, name, &option)))
        fail_unknown_option(line, name);
    if (option.takes_value && !value && *at < end)
        value = *(*at)++;
    if (option.takes_value != (value != NULL))
        fail(EXIT_WRONG_USE, option.takes_value ? "--%s wants a value" : "--%s takes no value", name);
    struct line_option taken = {name, value ? value : "", global};
    if (!global)
        keep(line, taken.name, taken.value, option.repeats);
    return taken;
}

void line_take_word(struct command_line *line, const char *word)
{
    if (line->argument_count == ARGUMENTS_MAX)
        fail_usage(line, "too many words");
    line->arguments[line->argument_count++] = word;
}

static noreturn void fail_missing_word(const struct command_line *line, size_t index)
{
    const char *name;
    int size = (int)synopsis_word(line->synopsis, index, &name);
    fail_usage(line, "%.*s is missing", size, name);
}

static noreturn void fail_too_much(const struct command_line *line, size_t max)
{
    const char *name, *extra = shown(line->arguments[max]);
    size_t size = max ? synopsis_word(line->synopsis, max - 1, &name) : 0;
    if (size)
        fail_usage(line, "\"%s\" is too much: nothing follows %.*s", extra, (int)size, name);
    fail_usage(line, "\"%s\" is too much: %s takes no words", extra, line->name);
}

void line_check_words(const struct command_line *line)
{
    size_t min, max;
    synopsis_words(line->synopsis, &min, &max);
    if (line->argument_count < min)
        fail_missing_word(line, line->argument_count);
    if (line->argument_count > max)
        fail_too_much(line, max);
}

bool line_take_format(const char *name, enum table_format *format)
{
    static const struct {
        const char *name;
        enum table_format format;
    } formats[] = {{"json", TABLE_JSON}, {"csv", TABLE_CSV}, {"cp932", TABLE_CP932}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(name, formats[i].name) != 0)
            continue;
        if (*format != TABLE_PEOPLE && *format != formats[i].format)
            fail(EXIT_WRONG_USE, "--json, --csv and --cp932 exclude each other; give one of them");
        *format = formats[i].format;
        return true;
    }
    return false;
}

// ---- using it

noreturn void fail_usage(const struct command_line *line, const char *format, ...)
{
    char problem[LIST_BYTES + TOOL_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    fail(EXIT_WRONG_USE, "%s\nusage: %s %s %s", problem, line->program, line->name, line->synopsis);
}

const char *argument_get(const struct command_line *line, size_t index)
{
    return index < line->argument_count ? line->arguments[index] : NULL;
}

const char *argument_xget(const struct command_line *line, size_t index)
{
    const char *value = argument_get(line, index);
    if (!value)
        fail_missing_word(line, index);
    return value;
}

const char *option_get(const struct command_line *line, const char *name)
{
    for (size_t i = 0; i < line->option_count; i++)
        if (!strcmp(line->options[i].name, name))
            return line->options[i].value;
    return NULL;
}

const char *option_nth(const struct command_line *line, const char *name, size_t n)
{
    for (size_t i = 0; i < line->option_count; i++)
        if (!strcmp(line->options[i].name, name) && n-- == 0)
            return line->options[i].value;
    return NULL;
}

const char *option_xget(const struct command_line *line, const char *name)
{
    const char *value = option_get(line, name);
    if (!value)
        fail_usage(line, "--%s is missing", name);
    return value;
}

uint64_t parse_number(const struct command_line *line, const char *what, const char *text, uint64_t min, uint64_t max)
{
    uint64_t number;
    if (!number_parse(text, min, max, &number))
        fail_usage(line, "%s: \"%s\" is no whole number from %" PRIu64 " to %" PRIu64, what, shown(text), min, max);
    return number;
}

uint32_t parse_day(const struct command_line *line, const char *what, const char *text)
{
    uint32_t day;
    if (!jst_parse_day(text, &day))
        fail_usage(line, "%s: \"%s\" is no day; write it as 2021-11-12 (JST)", what, shown(text));
    return day;
}

uint64_t option_number(
    const struct command_line *line, const char *name, uint64_t min, uint64_t max, uint64_t otherwise)
{
    char what[40];
    const char *text = option_get(line, name);
    snprintf(what, sizeof what, "--%s", name);
    return text ? parse_number(line, what, text, min, max) : otherwise;
}

uint32_t option_day(const struct command_line *line, const char *name, uint32_t otherwise)
{
    char what[40];
    const char *text = option_get(line, name);
    snprintf(what, sizeof what, "--%s", name);
    return text ? parse_day(line, what, text) : otherwise;
}

int64_t parse_time(const struct command_line *line, const char *what, const char *text)
{
    int64_t unix_s;
    if (!jst_parse_time(text, &unix_s))
        fail_usage(line, "%s: \"%s\" is no time; write it as '2021-11-12 09:30' (JST)", what, shown(text));
    return unix_s;
}

void parse_id(const struct command_line *line, const char *what, const char *text, uint8_t id[ID_BYTES])
{
    if (!id_parse(text, id))
        fail_usage(line, "%s: \"%s\" is not 32 hex digits (dashes as in a UUID are allowed)", what, shown(text));
}

void parse_digest(const struct command_line *line, const char *what, const char *text, uint8_t digest[HASH_BYTES])
{
    size_t size;
    if (sodium_hex2bin(digest, HASH_BYTES, text, strlen(text), NULL, &size, NULL) != 0 || size != HASH_BYTES)
        fail_usage(line, "%s: \"%s\" is not 64 hex digits (a SHA-256)", what, shown(text));
}

// SOME_NAME and some-name are the same.
static bool same_name(const char *text, const char *name)
{
    for (; *text && *name; text++, name++)
        if (toupper((unsigned char)(*text == '-' ? '_' : *text)) != *name)
            return false;
    return !*text && !*name;
}

int parse_enum(const struct command_line *line, const char *what, const ProtobufCEnumDescriptor *type, const char *text,
    bool zero_too)
{
    char list[LIST_BYTES] = "";
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
    fail_usage(line, "%s: \"%s\" is none of: %s", what, shown(text), list);
}

Points__V1__TotalsUnit option_unit(const struct command_line *line, Points__V1__TotalsUnit otherwise)
{
    const char *unit = option_get(line, "by");
    if (!unit)
        return otherwise;
    return (Points__V1__TotalsUnit)parse_enum(line, "--by", &points__v1__totals_unit__descriptor, unit, true);
}
