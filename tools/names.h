// What a ledger's codes and numbers are called: its municipalities, quests, purposes, campaigns and shops. Looked up
// when first needed, wherever the ledger is: a daemon is asked, or a state.
#pragma once

#include "tools/municipality_names.h"
#include "tools/programme_names.h"
#include "tools/table.h"

#include <stdint.h>

// All pages of a part of the programme, in turn; ends the process when they cannot be had.
typedef void names_pages_fn(void *source, programme_part part, programme_page_fn *take, void *data);

struct names {
    names_pages_fn *pages;
    void *source;
    struct municipality_names municipalities; // made when first needed, as those below
    struct programme_names programme[PROGRAMME_PARTS];
};

const struct municipality_names *names_municipalities(struct names *names);
const char *names_municipality(struct names *names, uint32_t code); // in Japanese; "?" for none
// What has this number among the quests, purposes, campaigns or shops; NULL: nothing.
const struct programme_name *names_programme(struct names *names, programme_part part, uint32_t number);
void names_free(struct names *names);

// Adds the cells of the three columns of MUNICIPALITY_COLUMNS; empty ones for 0.
void names_municipality_cells(struct names *names, struct table *table, uint32_t code);
#define MUNICIPALITY_COLUMNS                                                                                           \
    {"municipality", TABLE_TEXT}, {"name_ja", TABLE_TEXT},                                                             \
    {                                                                                                                  \
        "name_en", TABLE_TEXT                                                                                          \
    }
// The cells of {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}; both empty for 0.
void names_purpose_cells(struct names *names, struct table *table, uint32_t purpose);
