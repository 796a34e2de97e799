// Answers in pages that belong together.
#include "tools/command/pages.h"

// One pass over the pages. False: the ledger moved on between two of them.
static bool take_all(struct context *context, const struct paged *paged, void *data)
{
    uint64_t sequence = 0;
    bool same = true;
    *paged->offset = 0;
    do {
        Points__V1__Response *response = context_call(context, paged->type, paged->body);
        struct page_end end = paged->take(response, data);
        same = *paged->offset == 0 || end.last_sequence == sequence;
        sequence = end.last_sequence;
        *paged->offset = end.next_offset;
        client_free_response(response);
    } while (same && *paged->offset);
    return same;
}

void pages_take(struct context *context, const struct paged *paged, void *data)
{
    enum { TRIES_MAX = 10 };
    for (int i = 0; i < TRIES_MAX; i++) {
        paged->begin(data);
        if (take_all(context, paged, data))
            return;
    }
    fail(EXIT_FAILED, "the ledger moves on faster than all pages of this can be read; ask for fewer days");
}
