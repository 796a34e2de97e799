// Errors and last resorts of the tools.
#include "tools/error.h"
#include "tools/outcome_names.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tool_fail(struct tool_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->refusal = REFUSAL(REFUSAL_NONE);
    error->question = false;
    return false;
}

static void say_list(const char *format, va_list arguments)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
}

static int exit_failed = EXIT_FAILED;

void set_exit_failed(int code)
{
    exit_failed = code;
}

noreturn void fail(enum exit_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
    exit(code == EXIT_FAILED ? exit_failed : (int)code);
}

noreturn void fail_with(const struct tool_error *error)
{
    const char *advice = refusal_advice(error->refusal, error->question);
    if (advice)
        fail(EXIT_REFUSED_WHOLE, "%s\n  %s", error->message, advice);
    fail(error->refusal == REFUSAL(REFUSAL_NONE) ? EXIT_FAILED : EXIT_REFUSED_WHOLE, "%s", error->message);
}

static void *or_leave(void *memory)
{
    if (!memory)
        fail(EXIT_FAILED, "out of memory");
    return memory;
}

void *xmalloc(size_t size)
{
    return or_leave(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return or_leave(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *memory, size_t size)
{
    return or_leave(realloc(memory, size ? size : 1));
}

char *xstrdup(const char *text)
{
    return or_leave(strdup(text));
}

char *xprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    return or_leave(size < 0 ? NULL : text);
}
