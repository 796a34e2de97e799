// What a command was called with: its words and options, taken by its synopsis (tools/synopsis.h), and their values.
#pragma once

#include "proto/formats.h"
#include "tools/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

enum { ARGUMENTS_MAX = 16, OPTIONS_MAX = GENESIS_MUNICIPALITIES_MAX + RECEIPT_STEPS_MAX + 16 };

struct command_line {
    const char *program, *global_synopsis;
    const char *name, *synopsis; // of the command; NULL before it is known
    const char *arguments[ARGUMENTS_MAX];
    size_t argument_count;
    struct {
        const char *name, *value;
    } options[OPTIONS_MAX];
    size_t option_count;
};

// ---- taking it. What is wrong ends the process with EXIT_WRONG_USE and says what would be right, here and below.

struct line_option {
    const char *name, *value; // "" for a flag
    bool global;              // one of global_synopsis, which the caller must see to; others are kept
};

// The option that begins at **at, and moves on past it and its value.
struct line_option line_take_option(struct command_line *line, char ***at, char **end);
void line_take_word(struct command_line *line, const char *word);
void line_check_words(const struct command_line *line); // when all is taken
// Whether the option is --json, --csv or --cp932; sets the format, of which there can be one.
bool line_take_format(const char *name, enum table_format *format);

// ---- using it

const char *argument_get(const struct command_line *line, size_t index); // NULL: not given
const char *argument_xget(const struct command_line *line, size_t index);
const char *option_get(const struct command_line *line, const char *name); // NULL: not given; a flag's value is ""
const char *option_xget(const struct command_line *line, const char *name);
const char *option_nth(
    const struct command_line *line, const char *name, size_t n); // of a repeated one, from 0; or NULL
noreturn void fail_usage(const struct command_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint64_t parse_number(const struct command_line *line, const char *what, const char *text, uint64_t min, uint64_t max);
// Those of an option; `otherwise` when it is not given.
uint64_t option_number(
    const struct command_line *line, const char *name, uint64_t min, uint64_t max, uint64_t otherwise);
uint32_t option_day(const struct command_line *line, const char *name, uint32_t otherwise);
Points__V1__TotalsUnit option_unit(const struct command_line *line, Points__V1__TotalsUnit otherwise); // --by
uint32_t parse_day(const struct command_line *line, const char *what, const char *text);
int64_t parse_time(const struct command_line *line, const char *what, const char *text);
void parse_id(const struct command_line *line, const char *what, const char *text, uint8_t id[ID_BYTES]);
void parse_digest(const struct command_line *line, const char *what, const char *text, uint8_t digest[HASH_BYTES]);
// The number of an enum's value by its name in any case; the first value (none) is not accepted unless `zero_too`.
int parse_enum(const struct command_line *line, const char *what, const ProtobufCEnumDescriptor *type, const char *text,
    bool zero_too);
