// Heat maps as SVG pictures: a square of numbers a map, shaded by their size.
#include "tools/chart/chart.h"
#include "tools/chart/chart_text.h"
#include "tools/chart/svg.h"
#include "tools/error.h"

#include <math.h>
#include <stdlib.h>

enum {
    LEFT = 190,
    TOP = 110,
    CELL_WIDTH = 82,
    CELL_HEIGHT = 34,
    SUM_WIDTH = 104,
    MAP_HEAD = 84, // title, what the columns are, their names
    MAP_GAP = 40,
    STEPS = 9,
};

// One hue, light to dark (ColorBrewer's Blues, 9 classes, first one lighter): dark is much, to any eye.
static const char *const shades[STEPS] = {
    "#f3f8fd", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b"};

static const struct svg_style blank = {.fill = "#ffffff", .stroke = "#dddddd", .stroke_width = 1};

static double map_height(const struct heat_maps *maps)
{
    return MAP_HEAD + (double)(maps->name_count + maps->sums) * CELL_HEIGHT + MAP_GAP;
}

static double width(const struct heat_maps *maps)
{
    return fmax(LEFT + (double)maps->name_count * CELL_WIDTH + (maps->sums ? SUM_WIDTH : 0) + 40, 900);
}

static uint64_t value(const struct heat_maps *maps, const struct heat_map *map, size_t row, size_t column)
{
    return map->values[row * maps->name_count + column];
}

// The lowest value but 0, and the highest: what the shades stand for.
struct scale {
    uint64_t low, high;
};

static struct scale scale_of(const struct heat_maps *maps)
{
    struct scale scale = {UINT64_MAX, 1};
    for (size_t i = 0; i < maps->map_count; i++)
        for (size_t at = 0; at < maps->name_count * maps->name_count; at++) {
            uint64_t value = maps->maps[i].values[at];
            scale.high = value > scale.high ? value : scale.high;
            scale.low = value && value < scale.low ? value : scale.low;
        }
    scale.low = scale.low < scale.high ? scale.low : scale.high;
    return scale;
}

// The shades have equal shares of the orders of magnitude.
static int shade_of(const struct scale *scale, uint64_t value)
{
    if (scale->low == scale->high)
        return STEPS / 2;
    double share = log((double)value / (double)scale->low) / log((double)scale->high / (double)scale->low);
    return share < 1 ? (int)(share * STEPS) : STEPS - 1;
}

static double shade_begin(const struct scale *scale, int shade)
{
    return (double)scale->low * pow((double)scale->high / (double)scale->low, (double)shade / STEPS);
}

// Ends at `x`, in a cell of this width that begins at `y`.
static void draw_number(FILE *file, double x, double y, double width, uint64_t number, const struct svg_font *font)
{
    char text[CHART_NUMBER_BYTES];
    chart_number((double)number, 0, text);
    svg_text_within(file, x - 6, y + CELL_HEIGHT / 2.0 + 5, font, text, width - 8);
}

// ---- one map

static void draw_cell(FILE *file, const struct heat_maps *maps, const struct heat_map *map, double top, size_t row,
    size_t column, const struct scale *scale)
{
    double x = LEFT + (double)column * CELL_WIDTH, y = top + (double)row * CELL_HEIGHT;
    uint64_t number = value(maps, map, row, column);
    int shade = number ? shade_of(scale, number) : 0;
    struct svg_style style = blank;
    char text[CHART_NUMBER_BYTES];
    if (number)
        style.fill = shades[shade];
    chart_number((double)number, 0, text);
    char *hint = xprintf("%s → %s: %s %s", maps->names[row], maps->names[column], text, maps->unit);
    svg_rectangle(file, x, y, CELL_WIDTH, CELL_HEIGHT, &style, hint);
    free(hint);
    const char *colour = !number ? "#999999" : shade > 4 ? "#ffffff" : "#111111";
    draw_number(file, x + CELL_WIDTH, y, CELL_WIDTH, number, &(struct svg_font){14, SVG_END, 0, colour});
}

// Who shops at home: the diagonal has an edge.
static void draw_diagonal(FILE *file, const struct heat_maps *maps, double top)
{
    const struct svg_style edge = {.stroke = "#d55e00", .stroke_width = 2};
    for (size_t i = 0; i < maps->name_count; i++)
        svg_rectangle(file, LEFT + (double)i * CELL_WIDTH + 1, top + (double)i * CELL_HEIGHT + 1, CELL_WIDTH - 2,
            CELL_HEIGHT - 2, &edge, NULL);
}

static void draw_sums(FILE *file, const struct heat_maps *maps, const struct heat_map *map, double top)
{
    double right = LEFT + (double)maps->name_count * CELL_WIDTH;
    double bottom = top + (double)maps->name_count * CELL_HEIGHT;
    const struct svg_font font = {14, SVG_END, 1, "#111111"};
    uint64_t all = 0;
    for (size_t i = 0; i < maps->name_count; i++) {
        uint64_t row = 0, column = 0;
        for (size_t j = 0; j < maps->name_count; j++) {
            row += value(maps, map, i, j);
            column += value(maps, map, j, i);
        }
        draw_number(file, right + SUM_WIDTH, top + (double)i * CELL_HEIGHT, SUM_WIDTH, row, &font);
        draw_number(file, LEFT + (double)(i + 1) * CELL_WIDTH, bottom, CELL_WIDTH, column, &font);
        all += row;
    }
    draw_number(file, right + SUM_WIDTH, bottom, SUM_WIDTH, all, &font);
    svg_text(file, right + SUM_WIDTH - 6, top - 12, &(struct svg_font){15, SVG_END, 1, "#111111"}, "合計");
    svg_text(file, LEFT - 12, bottom + CELL_HEIGHT / 2.0 + 5, &(struct svg_font){15, SVG_END, 1, "#111111"}, "合計");
}

static void draw_names(FILE *file, const struct heat_maps *maps, double top)
{
    char *rows = xprintf("%s ↓", maps->rows_are), *columns = xprintf("%s →", maps->columns_are);
    svg_text(file, LEFT - 12, top - 12, &(struct svg_font){14, SVG_END, 0, "#666666"}, rows);
    svg_text(file, LEFT + 4, top - 36, &(struct svg_font){14, SVG_START, 0, "#666666"}, columns);
    for (size_t i = 0; i < maps->name_count; i++) {
        svg_text(file, LEFT - 12, top + (double)i * CELL_HEIGHT + CELL_HEIGHT / 2.0 + 5,
            &(struct svg_font){15, SVG_END, 0, "#111111"}, maps->names[i]);
        svg_text(file, LEFT + ((double)i + 0.5) * CELL_WIDTH, top - 12,
            &(struct svg_font){15, SVG_MIDDLE, 0, "#111111"}, maps->names[i]);
    }
    free(rows);
    free(columns);
}

static void draw_map(
    FILE *file, const struct heat_maps *maps, const struct heat_map *map, double y, const struct scale *scale)
{
    double top = y + MAP_HEAD;
    svg_text(file, 40, y + 22, &(struct svg_font){20, SVG_START, 1, "#111111"}, map->title);
    draw_names(file, maps, top);
    for (size_t row = 0; row < maps->name_count; row++)
        for (size_t column = 0; column < maps->name_count; column++)
            draw_cell(file, maps, map, top, row, column, scale);
    draw_diagonal(file, maps, top);
    if (maps->sums)
        draw_sums(file, maps, map, top);
}

// ---- all of them

static void draw_scale(FILE *file, const struct heat_maps *maps, const struct scale *scale)
{
    enum { SHADE_WIDTH = 40 };
    double x = width(maps) - 40 - STEPS * SHADE_WIDTH;
    char text[CHART_NUMBER_BYTES];
    for (int i = 0; i < STEPS; i++)
        svg_rectangle(file, x + i * SHADE_WIDTH, 72, SHADE_WIDTH, 14, &(struct svg_style){.fill = shades[i]}, NULL);
    for (int i = 0; i <= STEPS; i += 3) {
        enum svg_anchor anchor = !i ? SVG_START : i < STEPS ? SVG_MIDDLE : SVG_END;
        chart_number(shade_begin(scale, i), 0, text);
        svg_text(file, x + i * SHADE_WIDTH, 104, &(struct svg_font){13, anchor, 0, "#666666"}, text);
    }
    char *unit = xprintf("(%s)", maps->unit);
    svg_text(file, x - 12, 84, &(struct svg_font){14, SVG_END, 0, "#666666"}, unit);
    free(unit);
}

void chart_heat_maps(FILE *file, const struct heat_maps *maps)
{
    double height = TOP + map_height(maps) * (double)(maps->map_count ? maps->map_count : 1) + 30;
    const struct scale scale = scale_of(maps);
    svg_begin(file, width(maps), height, maps->title, maps->note);
    svg_text_within(file, 40, 58, &(struct svg_font){28, SVG_START, 1, "#111111"}, maps->title, width(maps) - 80);
    svg_text(file, 40, height - 22, &(struct svg_font){14, SVG_START, 0, "#666666"}, maps->note);
    svg_text(file, 40, 88, &(struct svg_font){14, SVG_START, 0, "#666666"}, "枠のあるところは住んでいる市町村");
    if (maps->map_count)
        draw_scale(file, maps, &scale);
    else
        svg_text(file, 40, TOP + 40, &(struct svg_font){20, SVG_START, 0, "#666666"}, "データがありません");
    for (size_t i = 0; i < maps->map_count; i++)
        draw_map(file, maps, &maps->maps[i], TOP + map_height(maps) * (double)i, &scale);
    svg_end(file);
}
