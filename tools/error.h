// What went wrong in a tool's library, for people; and how `points` leaves when it cannot go on.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stdnoreturn.h>

enum { TOOL_ERROR_BYTES = 600 };

enum exit_code {
    EXIT_FAILED = 1,        // anything that has no code of its own
    EXIT_WRONG_USE = 2,     // the command line or an input file is wrong
    EXIT_REFUSED = 3,       // at least one transaction was refused, and the refusal is recorded
    EXIT_REFUSED_WHOLE = 4, // the daemon refused a request or an envelope whole; nothing was recorded
};

struct tool_error {
    refusal_code refusal;           // REFUSAL(NONE): not the daemon's answer but something on the way
    bool question;                  // what was refused is a question, no envelope
    char message[TOOL_ERROR_BYTES]; // for people: what was wrong and what to do
};

// Writes the message with refusal NONE. Returns false, so that a function can end with it.
bool tool_fail(struct tool_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Prints "PROGRAM: …" on stderr.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
// EXIT_FAILED, here and below, is `code` from now on: for a program in which 1 means something else.
void set_exit_failed(int code);
noreturn void fail(enum exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Prints the error and leaves with the code that fits it.
noreturn void fail_with(const struct tool_error *error);

// Memory, or the end of the process.
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
char *xstrdup(const char *text);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
