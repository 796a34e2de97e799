// A small writer of SVG 1.1: shapes and texts, no scripts, nothing from elsewhere. Coordinates are pixels.
#pragma once

#include <stdint.h>
#include <stdio.h>

struct svg_style {
    const char *fill, *stroke; // colours; NULL: none
    double stroke_width;
    const char *dashes; // as in "6 4"; NULL: a whole line
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

struct svg_font {
    double size;
    enum svg_anchor anchor;
    int bold;
    const char *fill;
};

struct svg_point {
    double x, y;
};

// `title` and `summary` are for those who cannot see it.
void svg_begin(FILE *file, double width, double height, const char *title, const char *summary);
void svg_end(FILE *file);

// `hint` is shown under the pointer; NULL: none.
void svg_rectangle(
    FILE *file, double x, double y, double width, double height, const struct svg_style *style, const char *hint);
void svg_line(FILE *file, struct svg_point from, struct svg_point to, const struct svg_style *style);
void svg_path(FILE *file, const struct svg_point *points, size_t count, const struct svg_style *style); // open
void svg_polygon(
    FILE *file, const struct svg_point *points, size_t count, const struct svg_style *style, const char *hint);
void svg_circle(FILE *file, struct svg_point centre, double radius, const struct svg_style *style, const char *hint);
void svg_text(FILE *file, double x, double y, const struct svg_font *font, const char *text);
// The same in no more than `width`: smaller if need be, and then cut.
void svg_text_within(FILE *file, double x, double y, const struct svg_font *font, const char *text, double width);

// About how wide a text is: Japanese characters are as wide as high, others about half.
double svg_text_width(const char *text, double size);
