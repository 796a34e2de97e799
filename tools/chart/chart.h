// Charts as SVG pictures, for people who would rather look: stacked bars, lines, heat maps. With Japanese texts;
// colours that the colour-blind can tell apart, and never colour alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CHART_SERIES_MAX = 12 }; // as many as there are styles

struct chart_label {
    char *text;
    char *under; // a second line; NULL: none
};

// Bars and lines: a value for each series and column.
struct chart {
    const char *title;
    const char *unit;        // of the values
    const char *columns_are; // as in "月"
    const char *note;        // beneath: what it was made from
    char **series;           // their names
    size_t series_count;
    struct chart_label *columns;
    size_t column_count;
    const double *values; // series by series
    int decimals;         // that the values are told with
};

// Each bar is a column, each part of it a series; the legend tells the sums.
void chart_bars(FILE *file, const struct chart *chart);
// Each line is a series, named at its end.
void chart_lines(FILE *file, const struct chart *chart);

// A square of values: from each name (a row) to each name (a column).
struct heat_map {
    char *title;
    uint64_t *values; // row by row
};

struct heat_maps {
    const char *title, *unit, *note;
    const char *rows_are, *columns_are; // as in "居住地"
    char **names;
    size_t name_count;
    const struct heat_map *maps; // one beneath the other, with the same scale of colours
    size_t map_count;
    bool sums; // whether rows and columns add up to something
};

void chart_heat_maps(FILE *file, const struct heat_maps *maps);
