// A small writer of SVG.
#include "tools/chart/svg.h"
#include "tools/error.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Fonts that have Japanese: Linux, Windows, macOS.
static const char fonts[] = "Noto Sans CJK JP, Noto Sans JP, Yu Gothic, Meiryo, Hiragino Sans, sans-serif";

// U+FFFE and U+FFFF, which XML does not allow.
static bool is_noncharacter(const char *text)
{
    return !strncmp(text, "\xef\xbf\xbe", 3) || !strncmp(text, "\xef\xbf\xbf", 3);
}

static void put_text(FILE *file, const char *text)
{
    for (; *text; text += is_noncharacter(text) ? 3 : 1) {
        switch (is_noncharacter(text) ? ' ' : *text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default: // control characters have no place in XML either
            fputc((unsigned char)*text < 0x20 || is_noncharacter(text) ? ' ' : *text, file);
        }
    }
}

// With one decimal and a point, whatever the locale.
static void put_decimal(FILE *file, double number)
{
    long tenths = lround(number * 10);
    fprintf(file, "%s%ld.%ld", tenths < 0 ? "-" : "", labs(tenths) / 10, labs(tenths) % 10);
}

static void put_number(FILE *file, const char *name, double number)
{
    fprintf(file, " %s=\"", name);
    put_decimal(file, number);
    fputc('"', file);
}

static void put_attribute(FILE *file, const char *name, const char *value)
{
    fprintf(file, " %s=\"", name);
    put_text(file, value);
    fputc('"', file);
}

static void put_style(FILE *file, const struct svg_style *style)
{
    put_attribute(file, "fill", style->fill ? style->fill : "none");
    if (style->stroke) {
        put_attribute(file, "stroke", style->stroke);
        put_number(file, "stroke-width", style->stroke_width);
    }
    if (style->dashes)
        put_attribute(file, "stroke-dasharray", style->dashes);
}

// Ends an element, with its hint inside if it has one.
static void put_end(FILE *file, const char *element, const char *hint)
{
    if (!hint) {
        fputs("/>\n", file);
        return;
    }
    fputs("><title>", file);
    put_text(file, hint);
    fprintf(file, "</title></%s>\n", element);
}

void svg_begin(FILE *file, double width, double height, const char *title, const char *summary)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"", file);
    put_number(file, "width", width);
    put_number(file, "height", height);
    fprintf(file, " viewBox=\"0 0 %ld %ld\"", lround(width), lround(height));
    put_attribute(file, "font-family", fonts);
    fputs(" xml:lang=\"ja\">\n<title>", file);
    put_text(file, title);
    fputs("</title>\n<desc>", file);
    put_text(file, summary);
    fputs("</desc>\n", file);
    svg_rectangle(file, 0, 0, width, height, &(struct svg_style){.fill = "#ffffff"}, NULL);
}

void svg_end(FILE *file)
{
    fputs("</svg>\n", file);
}

void svg_rectangle(
    FILE *file, double x, double y, double width, double height, const struct svg_style *style, const char *hint)
{
    fputs("<rect", file);
    put_number(file, "x", x);
    put_number(file, "y", y);
    put_number(file, "width", width);
    put_number(file, "height", height);
    put_style(file, style);
    put_end(file, "rect", hint);
}

void svg_line(FILE *file, struct svg_point from, struct svg_point to, const struct svg_style *style)
{
    fputs("<line", file);
    put_number(file, "x1", from.x);
    put_number(file, "y1", from.y);
    put_number(file, "x2", to.x);
    put_number(file, "y2", to.y);
    put_style(file, style);
    put_end(file, "line", NULL);
}

static void put_points(FILE *file, const char *element, const struct svg_point *points, size_t count)
{
    fprintf(file, "<%s points=\"", element);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? " " : "", file);
        put_decimal(file, points[i].x);
        fputc(',', file);
        put_decimal(file, points[i].y);
    }
    fputc('"', file);
}

void svg_path(FILE *file, const struct svg_point *points, size_t count, const struct svg_style *style)
{
    put_points(file, "polyline", points, count);
    put_style(file, style);
    put_end(file, "polyline", NULL);
}

void svg_polygon(
    FILE *file, const struct svg_point *points, size_t count, const struct svg_style *style, const char *hint)
{
    put_points(file, "polygon", points, count);
    put_style(file, style);
    put_end(file, "polygon", hint);
}

void svg_circle(FILE *file, struct svg_point centre, double radius, const struct svg_style *style, const char *hint)
{
    fputs("<circle", file);
    put_number(file, "cx", centre.x);
    put_number(file, "cy", centre.y);
    put_number(file, "r", radius);
    put_style(file, style);
    put_end(file, "circle", hint);
}

void svg_text(FILE *file, double x, double y, const struct svg_font *font, const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    fputs("<text", file);
    put_number(file, "x", x);
    put_number(file, "y", y);
    put_number(file, "font-size", font->size);
    put_attribute(file, "text-anchor", anchors[font->anchor]);
    if (font->bold)
        put_attribute(file, "font-weight", "bold");
    put_attribute(file, "fill", font->fill);
    fputc('>', file);
    put_text(file, text);
    fputs("</text>\n", file);
}

static size_t character_size(const char *text)
{
    size_t size = 1;
    while ((text[size] & 0xc0) == 0x80)
        size++;
    return size;
}

void svg_text_within(FILE *file, double x, double y, const struct svg_font *font, const char *text, double width)
{
    enum { SIZE_MIN = 11 };
    struct svg_font smaller = *font;
    double wanted = svg_text_width(text, font->size);
    if (wanted > width)
        smaller.size = fmax(SIZE_MIN, font->size * width / wanted);
    if (svg_text_width(text, smaller.size) <= width) {
        svg_text(file, x, y, &smaller, text);
        return;
    }
    char *cut = xstrdup("…");
    for (size_t size = 0; text[size]; size += character_size(text + size)) {
        char *longer = xprintf("%.*s…", (int)size, text);
        bool fits = svg_text_width(longer, smaller.size) <= width;
        free(fits ? cut : longer);
        if (!fits)
            break;
        cut = longer;
    }
    svg_text(file, x, y, &smaller, cut);
    free(cut);
}

double svg_text_width(const char *text, double size)
{
    double width = 0;
    for (; *text; text++)
        if ((*text & 0xc0) != 0x80) // the first byte of a character
            width += (unsigned char)*text >= 0xe0 ? 1 : 0.58;
    return width * size;
}
