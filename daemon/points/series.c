#include "points/series.h"
#include "points/archive.h"
#include "points/memory.h"

#include <stdlib.h>

size_t series_position(const struct series *series, int64_t day)
{
    size_t from = 0, to = series->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (series->days[middle].day < day)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void series_add(struct series *series, uint32_t day, const uint64_t more[SERIES_COLUMNS])
{
    size_t at = series_position(series, day);
    if (at == series->count) {
        series->days = memory_grow(series->days, series->count, &series->capacity, sizeof *series->days);
        series->days[series->count++] = (struct series_day){.day = day};
    }
    for (int i = 0; i < SERIES_COLUMNS; i++) {
        series->days[at].sums[i] += more[i];
        series->whole[i] += more[i];
    }
}

void series_free(struct series *series)
{
    memory_free(series->days, series->capacity, sizeof *series->days);
    *series = (struct series){0};
}

void series_archive(struct archive *archive, struct series *series)
{
    archive_array(archive, &series->days, &series->count, &series->capacity, sizeof *series->days);
    ARCHIVE(archive, series->whole);
}
