// What the programme has under numbers: quests, purposes, campaigns, shops. Their names, and where a shop is.
#pragma once

#include "proto/formats.h"
#include "tools/client.h"

#include <stddef.h>
#include <stdint.h>

typedef Points__V1__ProgrammePart programme_part;
#define PART(name) POINTS__V1__PROGRAMME_PART__##name
enum { PROGRAMME_PARTS = PART(SHOPS) + 1 };

// All pages of a part of the programme, in turn; the connection must have proved a key.
typedef void programme_page_fn(void *data, const Points__V1__ProgrammeReply *page);
bool programme_pages(
    struct client *client, programme_part part, programme_page_fn *take, void *data, struct tool_error *error);

struct programme_name {
    uint32_t number;
    uint32_t municipality; // of a shop; else 0
    char *name;
};

struct programme_names { // of one part, ascending numbers
    struct programme_name *rows;
    size_t count;
    bool fetched; // all of them
};

// Adds a page of GetProgramme; names begin as {0}. The caller frees.
void programme_names_add(struct programme_names *names, const Points__V1__ProgrammeReply *page);
void programme_names_free(struct programme_names *names);

const struct programme_name *programme_names_get(
    const struct programme_names *names, uint32_t number); // NULL: none has this number
