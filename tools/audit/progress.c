#include "tools/audit/progress.h"
#include "tools/audit/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct progress progress_begin(void)
{
    return (struct progress){.wanted = isatty(STDERR_FILENO), .begin_s = audit_now_s()};
}

void progress_show(struct progress *progress, uint64_t blocks_done, uint64_t blocks, uint64_t transactions)
{
    enum { BLOCKS_A_LOOK = 16 };
    const double patience_s = 1.0, pace_s = 0.2;
    if (!progress->wanted || blocks_done % BLOCKS_A_LOOK)
        return;
    double now = audit_now_s();
    if (now - progress->begin_s < patience_s || now - progress->last_s < pace_s)
        return;
    progress->shown = true;
    progress->last_s = now;
    fprintf(stderr, "\r%3.0f%%  block %" PRIu64 " of %" PRIu64, 100.0 * (double)blocks_done / (double)blocks,
        blocks_done, blocks);
    if (transactions)
        fprintf(stderr, ", %" PRIu64 " transactions, %.0f a second", transactions,
            (double)transactions / (now - progress->begin_s));
    fputs(" \033[K", stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
