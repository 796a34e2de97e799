// Municipalities by name and code, as a ledger's genesis lists them.
#include "tools/municipality_names.h"
#include "tools/number.h"
#include "tools/programme_names.h"
#include "tools/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void municipality_names_add(struct municipality_names *names, const Points__V1__ProgrammeReply *page)
{
    names->rows = xrealloc(names->rows, (names->count + page->n_municipalities) * sizeof *names->rows);
    for (size_t i = 0; i < page->n_municipalities; i++) {
        const Points__V1__Municipality *from = page->municipalities[i];
        names->rows[names->count++] =
            (struct municipality_name){from->code, xstrdup(from->name_ja), xstrdup(from->name_en)};
    }
}

static void add_page(void *data, const Points__V1__ProgrammeReply *page)
{
    municipality_names_add(data, page);
}

bool municipality_names_fetch(struct client *client, struct municipality_names *names, struct tool_error *error)
{
    *names = (struct municipality_names){0};
    return programme_pages(client, PART(MUNICIPALITIES), add_page, names, error);
}

void municipality_names_free(struct municipality_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->rows[i].ja);
        free(names->rows[i].en);
    }
    free(names->rows);
    *names = (struct municipality_names){0};
}

static bool is_code(const char *text, uint32_t code)
{
    uint64_t number;
    return number_parse(text, code, code, &number);
}

// 札幌 for 札幌市: the last character (three bytes) says city, town or village.
static bool is_japanese(const char *text, const char *name)
{
    size_t size = strlen(text), whole = strlen(name);
    return !strcmp(text, name) || (whole > 3 && size == whole - 3 && !strncmp(text, name, size));
}

static bool list_all(const struct municipality_names *names, const char *text, struct tool_error *error)
{
    char list[TOOL_ERROR_BYTES - 100];
    size_t at = 0;
    list[0] = '\0';
    for (size_t i = 0; i < names->count && at < sizeof list; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%06u %s %s", i ? ", " : "", names->rows[i].code,
            names->rows[i].ja, names->rows[i].en);
    return tool_fail(error, "no municipality \"%s\"; there are: %s", shown(text), list);
}

bool municipality_names_find(
    const struct municipality_names *names, const char *text, uint32_t *code, struct tool_error *error)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct municipality_name *row = &names->rows[i];
        if (!strcasecmp(text, row->en) || is_japanese(text, row->ja) || is_code(text, row->code)) {
            *code = row->code;
            return true;
        }
    }
    return list_all(names, text, error);
}

const struct municipality_name *municipality_names_get(const struct municipality_names *names, uint32_t code)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->rows[i].code == code)
            return &names->rows[i];
    return NULL;
}
