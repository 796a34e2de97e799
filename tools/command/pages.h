// Answers in pages that belong together: read anew when the ledger moves on between two of them.
#pragma once

#include "tools/command/points.h"

struct page_end {
    uint64_t last_sequence; // pages with the same number belong together
    uint32_t next_offset;   // 0: that was the last
};

struct paged {
    request_type type;
    void *body;
    uint32_t *offset;          // the body's
    void (*begin)(void *data); // throws away what was taken before
    struct page_end (*take)(const Points__V1__Response *response, void *data);
};

// Ends the process when the ledger moves on each time.
void pages_take(struct context *context, const struct paged *paged, void *data);
