// Latencies counted in buckets whose width grows with the value (as in HdrHistogram): each power of two is cut into
// equal buckets, so what is read is never below the true value and above it by less than one part in 2^bits.
#pragma once

#include <stdint.h>

enum { HISTOGRAM_BITS_MAX = 12 };

struct histogram {
    unsigned bits;
    uint64_t count, max_ns;
    uint64_t buckets[]; // histogram_buckets of them
};

// `bits` is 1 to HISTOGRAM_BITS_MAX: 8 is 0.4 %. The caller frees with free().
struct histogram *histogram_new(unsigned bits);
void histogram_clear(struct histogram *histogram);
// Both have the same bits.
void histogram_merge(struct histogram *into, const struct histogram *from);
void histogram_add(struct histogram *histogram, uint64_t ns);
// The least value, as far as buckets tell, that a share of 0 to 1 of the values do not pass; 0 when there are none.
uint64_t histogram_quantile_ns(const struct histogram *histogram, double share);
