#include "tools/bench/timeline.h"
#include "tools/error.h"

#include <stdlib.h>

enum { SLICE_NS_MIN = 50 * 1000 * 1000, LATENCY_BITS = 5 };

struct timeline *timeline_new(void)
{
    struct timeline *timeline = xcalloc(1, sizeof *timeline);
    timeline->slice_ns = SLICE_NS_MIN;
    for (size_t i = 0; i < TIMELINE_SLICES_MAX; i++)
        timeline->slices[i].latency = histogram_new(LATENCY_BITS);
    return timeline;
}

void timeline_free(struct timeline *timeline)
{
    for (size_t i = 0; timeline && i < TIMELINE_SLICES_MAX; i++)
        free(timeline->slices[i].latency);
    free(timeline);
}

// Two slices become one.
static void widen(struct timeline *timeline)
{
    for (size_t i = 0; i < TIMELINE_SLICES_MAX; i++) {
        struct timeline_slice *from = &timeline->slices[i], *into = &timeline->slices[i / 2];
        if (from == into)
            continue; // the first
        into->done += from->done;
        histogram_merge(into->latency, from->latency);
        from->done = 0;
        histogram_clear(from->latency);
    }
    timeline->slice_ns *= 2;
    timeline->count = (timeline->count + 1) / 2;
}

void timeline_add(struct timeline *timeline, uint64_t at_ns, uint64_t done, uint64_t latency_ns)
{
    while (at_ns / timeline->slice_ns >= TIMELINE_SLICES_MAX)
        widen(timeline);
    size_t at = at_ns / timeline->slice_ns;
    struct timeline_slice *slice = &timeline->slices[at];
    slice->done += done;
    histogram_add(slice->latency, latency_ns);
    if (at >= timeline->count)
        timeline->count = at + 1;
    if (at_ns > timeline->end_ns)
        timeline->end_ns = at_ns;
}
