// What a command tells, on standard output.
#include "tools/audit/document.h"
#include "tools/error.h"
#include "tools/jst.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct document {
    enum table_format format;
    json_object *object; // NULL: for people, or CSV
};

enum { NAME_WIDTH = 16 };

struct document *document_new(enum table_format format)
{
    struct document *document = xcalloc(1, sizeof *document);
    document->format = format;
    document->object = format == TABLE_JSON ? json_object_new_object() : NULL;
    return document;
}

// For people; `text` is what JSON has as `value`, which it takes over.
static void add(struct document *document, const char *name, const char *text, json_object *value)
{
    if (document->object)
        json_object_object_add(document->object, name, value);
    else
        json_object_put(value);
    if (document->format != TABLE_PEOPLE)
        return;
    char *words = xstrdup(name);
    for (char *at = words; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    printf("%-*s %s\n", NAME_WIDTH, words, text);
    free(words);
}

void document_text(struct document *document, const char *name, const char *text)
{
    add(document, name, text, json_object_new_string(text));
}

void document_number(struct document *document, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    add(document, name, text, json_object_new_uint64(number));
}

void document_boolean(struct document *document, const char *name, bool value)
{
    add(document, name, value ? "yes" : "no", json_object_new_boolean(value));
}

void document_hex(struct document *document, const char *name, const uint8_t *bytes, size_t size)
{
    char *hex = xmalloc(2 * size + 1);
    document_text(document, name, sodium_bin2hex(hex, 2 * size + 1, bytes, size));
    free(hex);
}

void document_time(struct document *document, const char *name, int64_t unix_s)
{
    char text[JST_TIME_BYTES];
    jst_print_time(unix_s, text);
    document_text(document, name, text);
}

// The table's own JSON is an object with its rows under its name.
static void add_rows(struct document *document, const struct table *table)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        fail(EXIT_FAILED, "out of memory");
    table_print(table, TABLE_JSON, file);
    if (fclose(file) != 0)
        fail(EXIT_FAILED, "out of memory");
    json_object *rows = json_tokener_parse(text);
    json_object_object_foreach(rows, name, value)
        json_object_object_add(document->object, name, json_object_get(value));
    json_object_put(rows);
    free(text);
}

static void print_table(struct document *document, struct table *table, bool beside)
{
    if (document->object)
        add_rows(document, table);
    else if (document->format == TABLE_PEOPLE)
        putchar('\n');
    if (!document->object && !(beside && document->format != TABLE_PEOPLE))
        table_print(table, document->format, stdout);
    table_free(table);
}

void document_table(struct document *document, struct table *table)
{
    print_table(document, table, false);
}

void document_table_beside(struct document *document, struct table *table)
{
    print_table(document, table, true);
}

void document_end(struct document *document, const char *format, ...)
{
    if (document->object)
        puts(json_object_to_json_string_ext(
            document->object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(document->object);
    if (format && document->format == TABLE_PEOPLE) {
        va_list arguments;
        va_start(arguments, format);
        putchar('\n');
        vprintf(format, arguments);
        putchar('\n');
        va_end(arguments);
    }
    free(document);
}
