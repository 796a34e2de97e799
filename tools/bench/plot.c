#include "tools/bench/plot.h"
#include "tools/error.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 960,
    LEFT = 90,
    RIGHT = 940,
    TITLE_HEIGHT = 56,
    PANEL_HEIGHT = 230, // from plot to plot
    PLOT_HEIGHT = 160,
    LEGEND_STEP = 70,
    AXIS_HEIGHT = 30, // under the last
};

// Colours that most people can tell apart (Okabe and Ito).
static const char blue[] = "#0072b2", orange[] = "#e69f00", vermilion[] = "#d55e00";

struct axis {
    double min, max; // of the values, positive when logarithmic
    bool logarithmic;
};

struct panel {
    FILE *file;
    const struct timeline *timeline;
    double top;
    struct axis y;
};

typedef double slice_value(const struct timeline *timeline, size_t slice);

// ---- values

// The last slice is shorter.
static double slice_seconds(const struct timeline *timeline, size_t slice)
{
    uint64_t begin = slice * timeline->slice_ns, end = begin + timeline->slice_ns;
    if (end > timeline->end_ns)
        end = timeline->end_ns > begin ? timeline->end_ns : begin + 1;
    return (double)(end - begin) / 1e9;
}

static double done_per_s(const struct timeline *timeline, size_t slice)
{
    return (double)timeline->slices[slice].done / slice_seconds(timeline, slice);
}

static double quantile(const struct timeline *timeline, size_t slice, double share)
{
    const struct histogram *latency = timeline->slices[slice].latency;
    return latency->count ? (double)histogram_quantile_ns(latency, share) / 1e6 : NAN;
}

static double p50_ms(const struct timeline *timeline, size_t slice)
{
    return quantile(timeline, slice, 0.5);
}

static double p99_ms(const struct timeline *timeline, size_t slice)
{
    return quantile(timeline, slice, 0.99);
}

static double max_ms(const struct timeline *timeline, size_t slice)
{
    return quantile(timeline, slice, 1);
}

// A last slice so short that its rate means nothing is left out.
static size_t slices_shown(const struct timeline *timeline)
{
    size_t count = timeline->count;
    bool stub = count > 1 && slice_seconds(timeline, count - 1) * 1e9 < (double)timeline->slice_ns / 4;
    return count - stub;
}

// ---- scales

// The least of 1, 2, 5 times a power of ten that cuts the span into at most so many steps.
static double nice_step(double span, int steps_max)
{
    double power = pow(10, floor(log10(span / steps_max)));
    for (int i = 0; i < 3; i++)
        if (power * (double[]){1, 2, 5}[i] * steps_max >= span)
            return power * (double[]){1, 2, 5}[i];
    return power * 10;
}

static double x_at(const struct timeline *timeline, double seconds)
{
    return LEFT + (RIGHT - LEFT) * seconds * 1e9 / (double)timeline->end_ns;
}

static double y_at(const struct panel *panel, double value)
{
    const struct axis *axis = &panel->y;
    double share = axis->logarithmic ? log(value / axis->min) / log(axis->max / axis->min)
                                     : (value - axis->min) / (axis->max - axis->min);
    return panel->top + PLOT_HEIGHT * (1 - fmin(fmax(share, 0), 1));
}

static struct axis axis_for_rates(const struct timeline *timeline)
{
    double most = 1;
    for (size_t i = 0; i < slices_shown(timeline); i++)
        most = fmax(most, done_per_s(timeline, i));
    double step = nice_step(most, 5);
    return (struct axis){.min = 0, .max = ceil(most / step) * step};
}

static struct axis axis_for_latency(const struct timeline *timeline)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        least = fmin(least, p50_ms(timeline, i)); // fmin and fmax pass over NAN
        most = fmax(most, max_ms(timeline, i));
    }
    double min = pow(10, floor(log10(fmin(least, most)))), max = pow(10, ceil(log10(most)));
    return (struct axis){.min = min, .max = max > min ? max : min * 10, .logarithmic = true};
}

// ---- drawing

static void put_text(FILE *file, double x, double y, const char *anchor, const char *class, const char *text)
{
    fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", x, y, anchor, class, text);
}

static void put_grid_y(const struct panel *panel, double value, const char *label)
{
    double y = y_at(panel, value);
    fprintf(panel->file, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n", LEFT, RIGHT, y, y);
    put_text(panel->file, LEFT - 8, y + 4, "end", "tick", label);
}

static void print_count(char *text, size_t size, double value)
{
    if (value >= 1e6)
        snprintf(text, size, "%.10g M", value / 1e6);
    else if (value >= 1e3)
        snprintf(text, size, "%.10g k", value / 1e3);
    else
        snprintf(text, size, "%.10g", value);
}

static void draw_axis_y(const struct panel *panel)
{
    char label[32];
    const struct axis *axis = &panel->y;
    if (axis->logarithmic) {
        for (double value = axis->min; value <= axis->max * 1.001; value *= 10) {
            snprintf(label, sizeof label, value < 1000 ? "%.10g ms" : "%.10g s", value < 1000 ? value : value / 1000);
            put_grid_y(panel, value, label);
        }
        return;
    }
    double step = nice_step(axis->max, 5);
    for (double value = 0; value <= axis->max * 1.001; value += step) {
        print_count(label, sizeof label, value);
        put_grid_y(panel, value, label);
    }
}

static void draw_axis_x(const struct panel *panel, bool labels)
{
    double end_s = (double)panel->timeline->end_ns / 1e9, step = nice_step(end_s, 10);
    for (double at = 0; at <= end_s * 1.0001; at += step) {
        char label[32];
        double x = x_at(panel->timeline, at), bottom = panel->top + PLOT_HEIGHT;
        fprintf(panel->file, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n", x, x,
            panel->top, bottom);
        snprintf(label, sizeof label, "%.6g s", at);
        if (labels)
            put_text(panel->file, x, bottom + 18, "middle", "tick", label);
    }
}

// The middle of a slice.
static double slice_x(const struct panel *panel, size_t slice)
{
    double begin_s = (double)slice * (double)panel->timeline->slice_ns / 1e9;
    return x_at(panel->timeline, begin_s + slice_seconds(panel->timeline, slice) / 2);
}

// Where a slice has no value the line has a gap; a value by itself is a dot.
static void draw_line(const struct panel *panel, slice_value *value, const char *colour)
{
    bool drawing = false;
    fprintf(panel->file, "<path class=\"line\" stroke=\"%s\" d=\"", colour);
    for (size_t i = 0; i < slices_shown(panel->timeline); i++) {
        double now = value(panel->timeline, i);
        if (!isnan(now))
            fprintf(panel->file, drawing ? "L%.1f %.1f" : "M%.1f %.1fh0", slice_x(panel, i), y_at(panel, now));
        drawing = !isnan(now);
    }
    fputs("\"/>\n", panel->file);
}

static void draw_dots(const struct panel *panel, slice_value *value, const char *colour)
{
    for (size_t i = 0; i < slices_shown(panel->timeline); i++) {
        double now = value(panel->timeline, i);
        if (!isnan(now))
            fprintf(panel->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.6\" fill=\"%s\"/>\n", slice_x(panel, i),
                y_at(panel, now), colour);
    }
}

static void draw_legend(const struct panel *panel, int place, const char *colour, const char *name, bool dots)
{
    double x = RIGHT - 3 * LEGEND_STEP + place * LEGEND_STEP, y = panel->top - 12;
    if (dots)
        fprintf(panel->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"/>\n", x + 14, y - 4, colour);
    else
        fprintf(panel->file, "<path class=\"line\" stroke=\"%s\" d=\"M%.1f %.1fh18\"/>\n", colour, x, y - 4);
    put_text(panel->file, x + 24, y, "start", "tick", name);
}

static void draw_frame(const struct panel *panel, const char *heading, bool labels)
{
    put_text(panel->file, LEFT, panel->top - 12, "start", "heading", heading);
    draw_axis_y(panel);
    draw_axis_x(panel, labels);
}

static void draw_rates(FILE *file, const struct timeline *timeline, double top, const char *heading)
{
    struct panel panel = {file, timeline, top, axis_for_rates(timeline)};
    draw_frame(&panel, heading, false);
    draw_line(&panel, done_per_s, blue);
}

static void draw_latency(FILE *file, const struct timeline *timeline, double top, const char *heading, bool last)
{
    struct panel panel = {file, timeline, top, axis_for_latency(timeline)};
    draw_frame(&panel, heading, last);
    draw_line(&panel, p99_ms, orange);
    draw_line(&panel, p50_ms, blue);
    draw_dots(&panel, max_ms, vermilion);
    draw_legend(&panel, 0, blue, "p50", false);
    draw_legend(&panel, 1, orange, "p99", false);
    draw_legend(&panel, 2, vermilion, "max", true);
}

static void draw_begin(FILE *file, int panels, const char *title, double seconds)
{
    static const char style[] =
        "text{font-family:'DejaVu Sans',Arial,sans-serif;fill:#333}.title{font-size:18px;font-weight:bold}"
        ".heading{font-size:13px;font-weight:bold}.tick{font-size:12px}"
        ".grid{stroke:#ddd;stroke-width:1}.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}";
    char text[200];
    int height = TITLE_HEIGHT + panels * PANEL_HEIGHT - (PANEL_HEIGHT - PLOT_HEIGHT) + AXIS_HEIGHT + 30;
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
        WIDTH, height, WIDTH, height);
    fprintf(file, "<style>%s</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", style);
    snprintf(text, sizeof text, "points-bench %s, %.1f s", title, seconds);
    put_text(file, LEFT, 32, "start", "title", text);
}

void plot_write(const char *path, const char *title, const struct timeline *load, const struct timeline *queries)
{
    FILE *file = fopen(path, "w");
    double top = TITLE_HEIGHT + 30;
    if (!file)
        fail(EXIT_FAILED, "cannot write %s: %s", path, strerror(errno));
    draw_begin(file, queries ? 4 : 2, title, (double)load->end_ns / 1e9);
    draw_rates(file, load, top, "Transactions a second");
    draw_latency(file, load, top + PANEL_HEIGHT, "Latency of an envelope", !queries);
    if (queries) {
        draw_rates(file, queries, top + 2 * PANEL_HEIGHT, "Queries a second");
        draw_latency(file, queries, top + 3 * PANEL_HEIGHT, "Latency of a query", true);
    }
    fputs("</svg>\n", file);
    if (ferror(file) | (fclose(file) != 0))
        fail(EXIT_FAILED, "cannot write %s: %s", path, strerror(errno));
}
