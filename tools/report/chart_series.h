// Sums laid out for a chart of bars or lines: a series for each municipality or purpose, a column for each span.
#pragma once

#include "tools/chart/chart.h"
#include "tools/command/points.h"
#include "tools/span.h"
#include "tools/sums.h"

enum series_of { SERIES_OF_MUNICIPALITIES, SERIES_OF_PURPOSES };

struct chart_series {
    struct chart_label *columns; // of all spans from the first to the last, those without sums too
    char **names;                // of the series, ascending by code or number
    uint64_t *numbers;           // series by series
    uint64_t *residents;         // of municipalities: by the census, 0: not known; of purposes: 0
    size_t column_count, series_count;
};

// Of figure `which` of the sums, which are united. When there are more series than a chart has room for, the smallest
// are put together as その他. The caller frees.
struct chart_series chart_series_make(
    struct context *context, const struct sums *sums, int which, enum series_of of, span_kind span);
void chart_series_free(struct chart_series *series);
