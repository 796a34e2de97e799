// A series: sums day by day, and over all days.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SERIES_COLUMNS = 10 }; // the most that any series has; what they are is its owner's affair

struct series_day {
    uint32_t day; // JST
    uint64_t sums[SERIES_COLUMNS];
};

struct series {
    struct series_day *days; // ascending
    size_t count, capacity;
    uint64_t whole[SERIES_COLUMNS]; // over all of them
};

// Adds to a day: one that is there, or one after all that are.
void series_add(struct series *series, uint32_t day, const uint64_t more[SERIES_COLUMNS]);
// The position of the first day that is not before this one; `count` when there is none.
size_t series_position(const struct series *series, int64_t day);
void series_free(struct series *series);
struct archive;
void series_archive(struct archive *archive, struct series *series);
