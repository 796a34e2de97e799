// The purposes of donations by number, as the programme lists them.
#include "tools/purpose_names.h"
#include "tools/error.h"

#include <stdlib.h>

void purpose_names_add(struct purpose_names *names, const Points__V1__ProgrammeReply *page)
{
    names->rows = xrealloc(names->rows, (names->count + page->n_purposes) * sizeof *names->rows);
    for (size_t i = 0; i < page->n_purposes; i++)
        names->rows[names->count++] =
            (struct purpose_name){page->purposes[i]->purpose, xstrdup(page->purposes[i]->name)};
}

void purpose_names_free(struct purpose_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->rows[i].name);
    free(names->rows);
    *names = (struct purpose_names){0};
}

const char *purpose_names_get(const struct purpose_names *names, uint32_t purpose)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->rows[i].purpose == purpose)
            return names->rows[i].name;
    return NULL;
}
