#include "tools/bench/histogram.h"
#include "tools/error.h"

#include <math.h>
#include <string.h>

// Below 2^(bits + 1) each value has a bucket of its own; above, each power of two has 2^bits.
static unsigned bucket_of(unsigned bits, uint64_t value)
{
    unsigned top = 63 - (unsigned)__builtin_clzll(value | 1), shift = top > bits ? top - bits : 0;
    return (shift << bits) + (unsigned)(value >> shift);
}

static uint64_t highest_in(unsigned bits, unsigned bucket)
{
    unsigned shift = bucket >> bits ? (bucket >> bits) - 1 : 0;
    uint64_t part = bucket - (shift << bits);
    return ((part + 1) << shift) - 1;
}

static size_t bucket_count(unsigned bits)
{
    return bucket_of(bits, UINT64_MAX) + (size_t)1;
}

struct histogram *histogram_new(unsigned bits)
{
    struct histogram *histogram = xcalloc(1, sizeof *histogram + bucket_count(bits) * sizeof histogram->buckets[0]);
    histogram->bits = bits;
    return histogram;
}

void histogram_clear(struct histogram *histogram)
{
    histogram->count = histogram->max_ns = 0;
    memset(histogram->buckets, 0, bucket_count(histogram->bits) * sizeof histogram->buckets[0]);
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    for (size_t i = 0; i < bucket_count(into->bits); i++)
        into->buckets[i] += from->buckets[i];
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    histogram->buckets[bucket_of(histogram->bits, ns)]++;
    histogram->count++;
    if (ns > histogram->max_ns)
        histogram->max_ns = ns;
}

uint64_t histogram_quantile_ns(const struct histogram *histogram, double share)
{
    double place = share * (double)histogram->count; // a product just above a whole number is meant to be that number
    uint64_t wanted = (uint64_t)ceil(place - 1e-6), seen = 0;
    for (size_t i = 0; i < bucket_count(histogram->bits) && histogram->count; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted && seen) {
            uint64_t highest = highest_in(histogram->bits, (unsigned)i);
            return highest < histogram->max_ns ? highest : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}
