// What the programme has under numbers.
#include "tools/programme_names.h"
#include "tools/error.h"

#include <stdlib.h>

bool programme_pages(
    struct client *client, programme_part part, programme_page_fn *take, void *data, struct tool_error *error)
{
    Points__V1__GetProgramme ask = POINTS__V1__GET_PROGRAMME__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_PROGRAMME);
    request.get_programme = &ask;
    ask.part = part;
    do {
        Points__V1__Response *response = client_call(client, &request, error);
        if (!response)
            return false;
        take(data, response->programme);
        ask.offset = response->programme->next_offset;
        client_free_response(response);
    } while (ask.offset);
    return true;
}

static int by_number(const void *left, const void *right)
{
    const struct programme_name *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static void add(struct programme_names *names, uint32_t number, const char *name, uint32_t municipality)
{
    names->rows[names->count++] = (struct programme_name){number, municipality, xstrdup(name)};
}

void programme_names_add(struct programme_names *names, const Points__V1__ProgrammeReply *page)
{
    size_t more = page->n_quests + page->n_purposes + page->n_campaigns + page->n_shops;
    names->rows = xrealloc(names->rows, (names->count + more) * sizeof *names->rows);
    for (size_t i = 0; i < page->n_quests; i++)
        if (page->quests[i]->quest)
            add(names, page->quests[i]->quest->quest, page->quests[i]->quest->name, 0);
    for (size_t i = 0; i < page->n_purposes; i++)
        add(names, page->purposes[i]->purpose, page->purposes[i]->name, 0);
    for (size_t i = 0; i < page->n_campaigns; i++)
        if (page->campaigns[i]->campaign)
            add(names, page->campaigns[i]->campaign->campaign, page->campaigns[i]->campaign->name, 0);
    for (size_t i = 0; i < page->n_shops; i++)
        if (page->shops[i]->shop)
            add(names, page->shops[i]->shop->shop, page->shops[i]->shop->name, page->shops[i]->shop->municipality);
    qsort(names->rows, names->count, sizeof *names->rows, by_number);
}

void programme_names_free(struct programme_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->rows[i].name);
    free(names->rows);
    *names = (struct programme_names){0};
}

const struct programme_name *programme_names_get(const struct programme_names *names, uint32_t number)
{
    struct programme_name key = {.number = number};
    if (!names->count)
        return NULL;
    return bsearch(&key, names->rows, names->count, sizeof key, by_number);
}
