// Charts as SVG pictures: stacked bars and lines. Heat maps are heat_map.c's.
#include "tools/chart/chart.h"
#include "tools/chart/chart_text.h"
#include "tools/chart/svg.h"
#include "tools/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 1280,
    HEIGHT = 720,
    LEFT = 110,
    TOP = 130,
    PLOT_WIDTH = 800,
    PLOT_HEIGHT = 470,
    RIGHT = LEFT + PLOT_WIDTH,
    BOTTOM = TOP + PLOT_HEIGHT,
    LEGEND = RIGHT + 40,
    LEGEND_WIDTH = WIDTH - LEGEND - 40,
    VALUES = 220, // of the last column, from LEGEND
    TICKS_MAX = 6,
};

// The colours of Okabe and Ito (2008), without their yellow and black; the second six are tints of them with an edge.
// Neighbours differ in brightness, too.
static const struct svg_style styles[CHART_SERIES_MAX] = {
    {"#0072b2", "#0072b2", 1, NULL},
    {"#e69f00", "#e69f00", 1, NULL},
    {"#009e73", "#009e73", 1, NULL},
    {"#d55e00", "#d55e00", 1, NULL},
    {"#56b4e9", "#56b4e9", 1, NULL},
    {"#cc79a7", "#cc79a7", 1, NULL},
    {"#cfe3f0", "#0072b2", 1, NULL},
    {"#fbedcf", "#e69f00", 1, NULL},
    {"#cfece4", "#009e73", 1, NULL},
    {"#f7dfcf", "#d55e00", 1, NULL},
    {"#e3f3fc", "#56b4e9", 1, NULL},
    {"#f6e6ee", "#cc79a7", 1, NULL},
};

static const struct svg_style axis_line = {.stroke = "#333333", .stroke_width = 1.2};
static const struct svg_style grid_line = {.stroke = "#dddddd", .stroke_width = 1};

// ---- the frame

static double value(const struct chart *chart, size_t series, size_t column)
{
    return chart->values[series * chart->column_count + column];
}

static double column_sum(const struct chart *chart, size_t column)
{
    double sum = 0;
    for (size_t i = 0; i < chart->series_count; i++)
        sum += value(chart, i, column);
    return sum;
}

static double series_sum(const struct chart *chart, size_t series)
{
    double sum = 0;
    for (size_t i = 0; i < chart->column_count; i++)
        sum += value(chart, series, i);
    return sum;
}

// The distance of ticks: 1, 2 or 5 times a power of ten, so that there are at most TICKS_MAX up to `top`.
static double tick_step(double top, int decimals)
{
    static const double factors[] = {1, 2, 5};
    double power = pow(10, -decimals);
    for (;; power *= 10)
        for (size_t i = 0; i < 3; i++)
            if (power * factors[i] * TICKS_MAX >= top)
                return power * factors[i];
}

// The value at the top end of the axis.
static double scale_top(double top, int decimals)
{
    double step = tick_step(top, decimals);
    return top > 0 ? ceil(top / step - 1e-9) * step : step;
}

static double height_of(double value, double top)
{
    return BOTTOM - value / top * PLOT_HEIGHT;
}

static void draw_value_axis(FILE *file, const struct chart *chart, double top)
{
    const struct svg_font font = {15, SVG_END, 0, "#333333"}, unit = {15, SVG_END, 0, "#333333"};
    double step = tick_step(top, chart->decimals);
    for (int i = 0; i * step <= top * 1.001; i++) {
        char text[CHART_NUMBER_BYTES];
        double y = height_of(i * step, top);
        svg_line(file, (struct svg_point){LEFT, y}, (struct svg_point){RIGHT, y}, i ? &grid_line : &axis_line);
        chart_number(i * step, chart->decimals, text);
        svg_text(file, LEFT - 10, y + 5, &font, text);
    }
    char *label = xprintf("(%s)", chart->unit);
    svg_text(file, LEFT - 10, TOP - 22, &unit, label);
    free(label);
}

static double column_middle(const struct chart *chart, size_t column)
{
    return LEFT + PLOT_WIDTH * ((double)column + 0.5) / (double)chart->column_count;
}

// Every how many columns there is room for a label.
static size_t label_step(const struct chart *chart, double size)
{
    double widest = 1;
    for (size_t i = 0; i < chart->column_count; i++)
        widest = fmax(widest, svg_text_width(chart->columns[i].text, size));
    return (size_t)ceil((widest + 12) * (double)chart->column_count / PLOT_WIDTH);
}

static void draw_columns_axis(FILE *file, const struct chart *chart)
{
    const struct svg_font font = {15, SVG_MIDDLE, 0, "#333333"}, under = {15, SVG_MIDDLE, 0, "#666666"};
    size_t step = label_step(chart, font.size);
    const char *last = "";
    for (size_t i = 0; i < chart->column_count; i += step) {
        const struct chart_label *label = &chart->columns[i];
        svg_text(file, column_middle(chart, i), BOTTOM + 24, &font, label->text);
        if (label->under && strcmp(label->under, last)) {
            svg_text(file, column_middle(chart, i), BOTTOM + 46, &under, label->under);
            last = label->under;
        }
    }
    svg_text(file, RIGHT, BOTTOM + 70, &(struct svg_font){15, SVG_END, 0, "#333333"}, chart->columns_are);
}

static void draw_frame(FILE *file, const struct chart *chart)
{
    svg_begin(file, WIDTH, HEIGHT, chart->title, chart->note);
    svg_text_within(file, 40, 58, &(struct svg_font){28, SVG_START, 1, "#111111"}, chart->title, WIDTH - 80);
    svg_text(file, 40, HEIGHT - 22, &(struct svg_font){14, SVG_START, 0, "#666666"}, chart->note);
    if (!chart->series_count || !chart->column_count)
        svg_text(file, LEFT + PLOT_WIDTH / 2.0, TOP + PLOT_HEIGHT / 2.0,
            &(struct svg_font){20, SVG_MIDDLE, 0, "#666666"}, "データがありません");
}

static char *hint_of(const struct chart *chart, size_t series, size_t column)
{
    char number[CHART_NUMBER_BYTES];
    const struct chart_label *label = &chart->columns[column];
    chart_number(value(chart, series, column), chart->decimals, number);
    return xprintf(
        "%s %s%s: %s %s", chart->series[series], label->under ? label->under : "", label->text, number, chart->unit);
}

// ---- bars

static void draw_bar(FILE *file, const struct chart *chart, size_t column, double top)
{
    double width = fmin(PLOT_WIDTH * 0.68 / (double)chart->column_count, 90);
    double x = column_middle(chart, column) - width / 2, sum = 0;
    for (size_t i = 0; i < chart->series_count; i++) {
        double upper = height_of(sum + value(chart, i, column), top), lower = height_of(sum, top);
        char *hint = hint_of(chart, i, column);
        if (value(chart, i, column) > 0)
            svg_rectangle(file, x, upper, width, lower - upper, &styles[i % CHART_SERIES_MAX], hint);
        free(hint);
        sum += value(chart, i, column);
    }
    char text[CHART_NUMBER_BYTES];
    chart_number(sum, chart->decimals, text);
    if (sum > 0 && svg_text_width(text, 14) <= PLOT_WIDTH / (double)chart->column_count)
        svg_text(file, column_middle(chart, column), height_of(sum, top) - 8,
            &(struct svg_font){14, SVG_MIDDLE, 1, "#333333"}, text);
}

static void draw_legend_line(FILE *file, double y, const char *name, double sum, double all, int decimals)
{
    const struct svg_font number_font = {15, SVG_END, 0, "#111111"};
    char number[CHART_NUMBER_BYTES], share[CHART_NUMBER_BYTES];
    chart_number(sum, decimals, number);
    chart_number(all > 0 ? sum * 100 / all : 0, 1, share);
    char *percent = xprintf("%s %%", share);
    svg_text_within(file, LEGEND + 28, y, &(struct svg_font){15, SVG_START, 0, "#111111"}, name,
        LEGEND_WIDTH - 70 - 28 - 12 - svg_text_width(number, number_font.size));
    svg_text(file, LEGEND + LEGEND_WIDTH - 70, y, &number_font, number);
    svg_text(file, LEGEND + LEGEND_WIDTH, y, &number_font, percent);
    free(percent);
}

// From the top of the bars down, then all of it.
static void draw_legend(FILE *file, const struct chart *chart)
{
    double y = TOP + 4, all = 0;
    for (size_t i = 0; i < chart->series_count; i++)
        all += series_sum(chart, i);
    for (size_t i = chart->series_count; i-- > 0; y += 32) {
        svg_rectangle(file, LEGEND, y, 18, 18, &styles[i % CHART_SERIES_MAX], NULL);
        draw_legend_line(file, y + 15, chart->series[i], series_sum(chart, i), all, chart->decimals);
    }
    svg_line(file, (struct svg_point){LEGEND, y}, (struct svg_point){LEGEND + LEGEND_WIDTH, y}, &axis_line);
    draw_legend_line(file, y + 24, "合計", all, all, chart->decimals);
}

void chart_bars(FILE *file, const struct chart *chart)
{
    double top = 0;
    draw_frame(file, chart);
    for (size_t i = 0; i < chart->column_count; i++)
        top = fmax(top, column_sum(chart, i));
    top = scale_top(top, chart->decimals);
    draw_value_axis(file, chart, top);
    draw_columns_axis(file, chart);
    for (size_t i = 0; i < chart->column_count; i++)
        draw_bar(file, chart, i, top);
    if (chart->series_count)
        draw_legend(file, chart);
    svg_end(file);
}

// ---- lines

static void draw_marker(FILE *file, struct svg_point at, size_t series, const char *hint)
{
    enum { SHAPES = 6 };
    static const struct svg_point shapes[SHAPES][4] = {
        {{0, 0}},                                // a circle
        {{-5, -5}, {5, -5}, {5, 5}, {-5, 5}},    // a square
        {{0, -6.5}, {6, 5}, {-6, 5}, {0, -6.5}}, // a triangle
        {{0, -7}, {7, 0}, {0, 7}, {-7, 0}},      // a diamond
        {{0, 6.5}, {6, -5}, {-6, -5}, {0, 6.5}}, // a triangle on its head
        {{-7, -3}, {7, -3}, {7, 3}, {-7, 3}},    // a bar
    };
    const struct svg_style *own = &styles[series % CHART_SERIES_MAX];
    struct svg_style style = {.fill = series < SHAPES ? own->fill : "#ffffff", own->stroke, 2, NULL};
    struct svg_point points[4];
    if (series % SHAPES == 0) {
        svg_circle(file, at, 5.5, &style, hint);
        return;
    }
    for (int i = 0; i < 4; i++)
        points[i] = (struct svg_point){at.x + shapes[series % SHAPES][i].x, at.y + shapes[series % SHAPES][i].y};
    svg_polygon(file, points, 4, &style, hint);
}

static void draw_series(FILE *file, const struct chart *chart, size_t series, double top)
{
    enum { MARKERS_MAX = 40 }; // more would hide the line
    struct svg_style style = {
        NULL, styles[series % CHART_SERIES_MAX].stroke, 2.5, series < CHART_SERIES_MAX / 2 ? NULL : "7 4"};
    struct svg_point *points = xcalloc(chart->column_count, sizeof *points);
    for (size_t i = 0; i < chart->column_count; i++)
        points[i] = (struct svg_point){column_middle(chart, i), height_of(value(chart, series, i), top)};
    svg_path(file, points, chart->column_count, &style);
    for (size_t i = 0; chart->column_count <= MARKERS_MAX && i < chart->column_count; i++) {
        char *hint = hint_of(chart, series, i);
        draw_marker(file, points[i], series, hint);
        free(hint);
    }
    free(points);
}

struct end_label {
    size_t series;
    double y, at; // where the line ends, and where the label stands
};

static int by_height(const void *left, const void *right)
{
    const struct end_label *a = left, *b = right;
    return (a->y > b->y) - (a->y < b->y);
}

// Labels as near to the ends of their lines as there is room for: without their distances, the places must not fall
// from one to the next, so neighbours that would are put at their mean (the pool of adjacent violators).
static void spread(struct end_label *labels, size_t count)
{
    const double distance = fmin(28, (double)PLOT_HEIGHT / (double)count);
    const double lowest = BOTTOM - distance * (double)(count - 1);
    qsort(labels, count, sizeof *labels, by_height);
    for (size_t i = 0; i < count; i++) {
        size_t first = i;
        double sum = labels[i].y - distance * (double)i;
        for (; first && labels[first - 1].at > sum / (double)(i - first + 1); first--)
            sum += labels[first - 1].at;
        for (size_t pooled = first; pooled <= i; pooled++)
            labels[pooled].at = sum / (double)(i - first + 1);
    }
    for (size_t i = 0; i < count; i++)
        labels[i].at = fmax(TOP, fmin(labels[i].at, lowest)) + distance * (double)i;
}

static void draw_end_label(FILE *file, const struct chart *chart, const struct end_label *label)
{
    const struct svg_style leader = {.stroke = styles[label->series % CHART_SERIES_MAX].stroke, .stroke_width = 1};
    char number[CHART_NUMBER_BYTES];
    double x = column_middle(chart, chart->column_count - 1);
    chart_number(value(chart, label->series, chart->column_count - 1), chart->decimals, number);
    char *told = xprintf("%s %s", number, chart->unit);
    svg_line(file, (struct svg_point){x + 8, label->y}, (struct svg_point){LEGEND - 8, label->at}, &leader);
    draw_marker(file, (struct svg_point){LEGEND + 4, label->at}, label->series, NULL);
    svg_text_within(file, LEGEND + 22, label->at + 5, &(struct svg_font){15, SVG_START, 0, "#111111"},
        chart->series[label->series], VALUES - 22 - 12 - svg_text_width(told, 15));
    svg_text(file, LEGEND + VALUES, label->at + 5, &(struct svg_font){15, SVG_END, 0, "#111111"}, told);
    free(told);
}

static void draw_end_labels(FILE *file, const struct chart *chart, double top)
{
    struct end_label labels[CHART_SERIES_MAX];
    for (size_t i = 0; i < chart->series_count; i++)
        labels[i] = (struct end_label){.series = i, .y = height_of(value(chart, i, chart->column_count - 1), top)};
    const struct chart_label *last = &chart->columns[chart->column_count - 1];
    char *when = xprintf("最新(%s)", last->text);
    svg_text(file, LEGEND + VALUES, TOP - 22, &(struct svg_font){14, SVG_END, 0, "#666666"}, when);
    free(when);
    spread(labels, chart->series_count);
    for (size_t i = 0; i < chart->series_count; i++)
        draw_end_label(file, chart, &labels[i]);
}

void chart_lines(FILE *file, const struct chart *chart)
{
    double top = 0;
    draw_frame(file, chart);
    for (size_t i = 0; i < chart->series_count * chart->column_count; i++)
        top = fmax(top, chart->values[i]);
    top = scale_top(top, chart->decimals);
    draw_value_axis(file, chart, top);
    draw_columns_axis(file, chart);
    for (size_t i = 0; i < chart->series_count; i++)
        draw_series(file, chart, i, top);
    if (chart->series_count && chart->column_count)
        draw_end_labels(file, chart, top);
    svg_end(file);
}
