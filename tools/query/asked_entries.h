// Entries of the ledger that the daemon is asked for.
#pragma once

#include "tools/command/points.h"
#include "tools/entries.h"

struct asked_entries {
    struct entries entries;
    struct context *context;
    Points__V1__Response **responses; // which hold the entries
    size_t count;
};

// The connection's key must be proved. The source is `asked` itself, which must stay where it is.
void asked_entries_begin(struct asked_entries *asked, struct context *context);
void asked_entries_free(struct asked_entries *asked);
