// What a ledger's codes and numbers are called.
#include "tools/names.h"

#include <inttypes.h>
#include <stdio.h>

static void add_municipalities(void *data, const Points__V1__ProgrammeReply *page)
{
    municipality_names_add(data, page);
}

const struct municipality_names *names_municipalities(struct names *names)
{
    if (!names->municipalities.count)
        names->pages(names->source, PART(MUNICIPALITIES), add_municipalities, &names->municipalities);
    return &names->municipalities;
}

const char *names_municipality(struct names *names, uint32_t code)
{
    const struct municipality_name *name = municipality_names_get(names_municipalities(names), code);
    return name ? name->ja : "?";
}

static void add_programme(void *data, const Points__V1__ProgrammeReply *page)
{
    programme_names_add(data, page);
}

const struct programme_name *names_programme(struct names *names, programme_part part, uint32_t number)
{
    struct programme_names *found = &names->programme[part];
    if (!found->fetched)
        names->pages(names->source, part, add_programme, found);
    found->fetched = true;
    return programme_names_get(found, number);
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < PROGRAMME_PARTS; i++)
        programme_names_free(&names->programme[i]);
    municipality_names_free(&names->municipalities);
}

void names_municipality_cells(struct names *names, struct table *table, uint32_t code)
{
    char text[16] = "";
    const struct municipality_name *name = municipality_names_get(names_municipalities(names), code);
    if (code)
        snprintf(text, sizeof text, "%06" PRIu32, code);
    table_text(table, text);
    table_text(table, name ? name->ja : "");
    table_text(table, name ? name->en : "");
}

void names_purpose_cells(struct names *names, struct table *table, uint32_t purpose)
{
    const struct programme_name *named = purpose ? names_programme(names, PART(PURPOSES), purpose) : NULL;
    if (purpose)
        table_number(table, purpose);
    else
        table_empty(table);
    table_text(table, named ? named->name : "");
}
