// What a command shows: facts, remarks and tables.
#include "tools/audit/document.h"
#include "tools/audit/audit.h"
#include "tools/jst.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct document document_begin(struct audit *audit)
{
    return (struct document){.audit = audit,
        .format = audit->format,
        .object = audit->format == TABLE_JSON ? json_object_new_object() : NULL};
}

void document_end(struct document *document)
{
    if (!document->object)
        return;
    puts(json_object_to_json_string_ext(document->object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(document->object);
}

// For people: an empty line where one kind of thing follows another, and about tables.
static void begin_part(struct document *document, enum document_part part)
{
    if (document->last != DOCUMENT_NOTHING && (document->last != part || part == DOCUMENT_TABLE))
        putchar('\n');
    document->last = part;
}

static void fact(struct document *document, const char *name, const char *text, const char *remark)
{
    if (document->format != TABLE_PEOPLE)
        return;
    begin_part(document, DOCUMENT_FACT);
    char *words = xstrdup(name);
    for (char *at = words; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    printf("%-19s  %s%s\n", words, text, remark);
    free(words);
}

void document_text(struct document *document, const char *name, const char *text)
{
    fact(document, name, text, "");
    if (document->object)
        json_object_object_add(document->object, name, json_object_new_string(text));
}

void document_number(struct document *document, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    fact(document, name, text, "");
    document_hidden(document, name, number);
}

void document_time(struct document *document, const char *name, int64_t unix_s, const char *remark)
{
    char time[JST_TIME_BYTES];
    jst_print_time(unix_s, time);
    char *text = xprintf("%s JST", time);
    fact(document, name, text, remark);
    free(text);
    document_hidden_time(document, name, unix_s);
}

void document_hidden(struct document *document, const char *name, uint64_t number)
{
    if (document->object)
        json_object_object_add(document->object, name, json_object_new_uint64(number));
}

void document_hidden_time(struct document *document, const char *name, int64_t unix_s)
{
    char time[JST_TIME_BYTES];
    jst_print_time(unix_s, time);
    if (document->object)
        json_object_object_add(document->object, name, json_object_new_string(time));
}

void document_boolean(struct document *document, const char *name, bool value)
{
    if (document->object)
        json_object_object_add(document->object, name, json_object_new_boolean(value));
}

void document_hex(struct document *document, const char *name, const uint8_t *bytes, size_t size)
{
    char *hex = xmalloc(2 * size + 1);
    document_text(document, name, sodium_bin2hex(hex, 2 * size + 1, bytes, size));
    free(hex);
}

// ---- sentences

static void tell_people(struct document *document, const char *text)
{
    begin_part(document, DOCUMENT_REMARK);
    puts(text);
}

void document_remark(struct document *document, const char *format, ...)
{
    char text[TOOL_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (document->format == TABLE_PEOPLE)
        tell_people(document, text);
    else
        say("%s", text);
}

void document_sentence(struct document *document, const char *format, ...)
{
    char text[TOOL_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (document->format == TABLE_PEOPLE)
        tell_people(document, text);
}

// ---- tables

// As it is printed alone, so that a table is the same wherever it stands.
static json_object *parsed(const struct table *table)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        fail(EXIT_FAILED, "out of memory");
    table_print(table, TABLE_JSON, file);
    if (fclose(file) != 0)
        fail(EXIT_FAILED, "out of memory");
    json_object *object = json_tokener_parse(text);
    free(text);
    if (!object)
        fail(EXIT_FAILED, "out of memory");
    return object;
}

static void add_table(json_object *object, const char *name, const struct table *table)
{
    json_object *alone = parsed(table);
    json_object_object_foreach(alone, own_name, rows)
    {
        json_object_object_add(object, name ? name : own_name, json_object_get(rows));
    }
    json_object_put(alone);
}

void document_table(struct document *document, const char *name, const char *title, struct table *table)
{
    if (document->object) {
        add_table(document->object, name, table);
    } else if (document->format == TABLE_PEOPLE) {
        begin_part(document, DOCUMENT_TABLE);
        if (title)
            printf("%s\n\n", title);
        table_print(table, TABLE_PEOPLE, stdout);
    } else {
        document->audit->characters_lost += table_print(table, document->format, stdout);
    }
    table_free(table);
}

void document_table_beside(struct document *document, const char *name, const char *title, struct table *table)
{
    if (document->object || document->format == TABLE_PEOPLE)
        document_table(document, name, title, table);
    else
        table_free(table);
}
