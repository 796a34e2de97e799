// A run in slices of time: how much was done in each, and how long it took.
#pragma once

#include "tools/bench/histogram.h"

#include <stddef.h>
#include <stdint.h>

enum { TIMELINE_SLICES_MAX = 240 };

struct timeline {
    uint64_t slice_ns; // doubled whenever there are too many slices
    uint64_t end_ns;   // when the last was done
    size_t count;
    struct timeline_slice {
        uint64_t done;
        struct histogram *latency; // coarse: 3 %
    } slices[TIMELINE_SLICES_MAX];
};

struct timeline *timeline_new(void);
void timeline_free(struct timeline *timeline); // NULL is allowed
// `done` more at so many nanoseconds after the start; one request took `latency_ns`.
void timeline_add(struct timeline *timeline, uint64_t at_ns, uint64_t done, uint64_t latency_ns);
