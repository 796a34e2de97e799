// The municipalities of the ledger, found by whatever people call them.
#pragma once

#include "tools/client.h"
#include "tools/error.h"

#include <stddef.h>
#include <stdint.h>

struct municipality_name {
    uint32_t code;
    char *ja, *en;
};

struct municipality_names {
    struct municipality_name *rows;
    size_t count;
};

// Adds a page of GetProgramme; names begin as {0}. The caller frees.
void municipality_names_add(struct municipality_names *names, const Points__V1__ProgrammeReply *page);
// Asks the daemon for all; the connection must have proved a key. The caller frees.
bool municipality_names_fetch(struct client *client, struct municipality_names *names, struct tool_error *error);
void municipality_names_free(struct municipality_names *names);

// By Japanese name (札幌市 or 札幌), Latin name in any case, or code with or without its leading zero. False: `error`
// lists them all.
bool municipality_names_find(
    const struct municipality_names *names, const char *text, uint32_t *code, struct tool_error *error);
// NULL when there is none with this code.
const struct municipality_name *municipality_names_get(const struct municipality_names *names, uint32_t code);
