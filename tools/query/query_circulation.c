// Asking where residents shop: home by municipality of the shop, by month. A matrix a month for people, long rows for
// machines, heat maps for those who would rather look.
#include "points/quest.h"
#include "tools/cells.h"
#include "tools/chart/chart.h"
#include "tools/jst.h"
#include "tools/chart/picture.h"
#include "tools/query/queries.h"
#include "tools/command/rows.h"
#include "tools/shown.h"
#include "points/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- for machines

static struct table *long_table(struct context *context, const struct circulation_rows *circulation)
{
    static const struct table_column columns[] = {{"month", TABLE_TEXT}, {"home", TABLE_TEXT},
        {"home_name_ja", TABLE_TEXT}, {"home_name_en", TABLE_TEXT}, {"place", TABLE_TEXT},
        {"place_name_ja", TABLE_TEXT}, {"place_name_en", TABLE_TEXT}, {"receipts", TABLE_NUMBER},
        {"amount_yen", TABLE_NUMBER}, {"residents", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("circulation", columns, COUNT(columns));
    for (size_t i = 0; i < circulation->count; i++) {
        const Points__V1__CirculationRow *row = &circulation->at[i];
        day_cell(table, row->first_day);
        context_municipality_cells(context, table, row->home);
        context_municipality_cells(context, table, row->place);
        table_number(table, row->receipts);
        table_number(table, row->amount_yen);
        table_number(table, row->residents);
        table_number(table, row->points);
    }
    return table;
}

// ---- for people

struct measure {
    const char *name, *heading;
    const char *title, *unit; // of its picture
    bool adds_up;             // one resident shops in several places: residents do not
    uint64_t (*of)(const Points__V1__CirculationRow *row);
};

static uint64_t amount_of(const Points__V1__CirculationRow *row)
{
    return row->amount_yen;
}

static uint64_t receipts_of(const Points__V1__CirculationRow *row)
{
    return row->receipts;
}

static uint64_t residents_of(const Points__V1__CirculationRow *row)
{
    return row->residents;
}

static uint64_t points_of(const Points__V1__CirculationRow *row)
{
    return row->points;
}

static const struct measure measures[] = {
    {"amount", "yen spent", "買い物の金額", "円", true, amount_of},
    {"receipts", "receipts", "レシートの枚数", "枚", true, receipts_of},
    {"residents", "residents who shopped", "買い物をした住民", "人", false, residents_of},
    {"points", "points earned", "獲得ポイント", "ポイント", true, points_of},
};

static const struct measure *measure_asked(const struct context *context)
{
    const char *name = option_get(&context->line, "show");
    for (size_t i = 0; i < COUNT(measures); i++)
        if (!name || !strcmp(measures[i].name, name))
            return &measures[i];
    fail_usage(&context->line, "--show: \"%s\" is none of: amount, receipts, residents, points", shown(name));
}

// The rows of one month.
struct month {
    const Points__V1__CirculationRow *rows;
    size_t count;
};

// The sum of the rows from a home, 0 for all, to a place, 0 for all.
static uint64_t sum(const struct month *month, const struct measure *measure, uint32_t home, uint32_t place)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < month->count; i++)
        if ((!home || month->rows[i].home == home) && (!place || month->rows[i].place == place))
            sum += measure->of(&month->rows[i]);
    return sum;
}

static void matrix_line(struct table *table, const struct municipality_names *names, const struct month *month,
    const struct measure *measure, uint32_t home)
{
    for (size_t i = 0; i < names->count; i++) {
        uint64_t number = sum(month, measure, home, names->rows[i].code);
        if (number)
            table_number(table, number);
        else
            table_text(table, "-");
    }
    if (measure->adds_up)
        table_number(table, sum(month, measure, home, 0));
}

static void print_matrix(struct context *context, const struct month *month, const struct measure *measure)
{
    const struct municipality_names *names = context_municipalities(context);
    struct table_column *columns = xcalloc(names->count + 2, sizeof *columns);
    size_t count = 0;
    columns[count++] = (struct table_column){"home", TABLE_TEXT};
    for (size_t i = 0; i < names->count; i++)
        columns[count++] = (struct table_column){names->rows[i].ja, TABLE_NUMBER};
    if (measure->adds_up)
        columns[count++] = (struct table_column){"total", TABLE_NUMBER};
    struct table *table = table_new("circulation", columns, count);
    for (size_t i = 0; i < names->count; i++) {
        table_text(table, names->rows[i].ja);
        matrix_line(table, names, month, measure, names->rows[i].code);
    }
    if (measure->adds_up) {
        table_text(table, "total");
        matrix_line(table, names, month, measure, 0);
    }
    context_print(context, table);
    free(columns);
}

// The month that begins with row `i`; moves on.
static struct month next_month(const struct circulation_rows *circulation, size_t *i)
{
    struct month month = {.rows = &circulation->at[*i]};
    while (*i < circulation->count && circulation->at[*i].first_day == month.rows->first_day)
        ++*i;
    month.count = (size_t)(&circulation->at[*i] - month.rows);
    return month;
}

static int print_months(
    struct context *context, const struct circulation_rows *circulation, const struct measure *measure)
{
    for (size_t i = 0; i < circulation->count;) {
        char day[JST_DAY_BYTES];
        struct month month = next_month(circulation, &i);
        jst_print_day(month.rows->first_day, day);
        printf("%s%.7s: %s, by home (down) and municipality of the shop (across)\n",
            month.rows == circulation->at ? "" : "\n", day, measure->heading);
        print_matrix(context, &month, measure);
    }
    if (!circulation->count)
        puts("(no circulation)");
    return EXIT_SUCCESS;
}

// ---- the picture: a heat map a month

static struct heat_map month_map(
    const struct month *month, const struct measure *measure, const struct municipality_names *names)
{
    struct calendar_date date = calendar_date(month->rows->first_day);
    uint64_t *values = xcalloc(names->count * names->count, sizeof *values);
    for (size_t home = 0; home < names->count; home++)
        for (size_t place = 0; place < names->count; place++)
            values[home * names->count + place] = sum(month, measure, names->rows[home].code, names->rows[place].code);
    return (struct heat_map){xprintf("%d年%d月", (int)date.year, date.month), values};
}

static void draw(struct context *context, const struct circulation_rows *circulation, const struct measure *measure)
{
    struct picture picture;
    if (!picture_begin(context, &picture))
        return;
    const struct municipality_names *names = context_municipalities(context);
    char **texts = xcalloc(names->count, sizeof *texts);
    char *title = xprintf("どこの住民がどこで買い物をしたか: %s", measure->title);
    struct heat_map *maps = xcalloc(circulation->count, sizeof *maps);
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++)
        texts[i] = names->rows[i].ja;
    for (size_t i = 0; i < circulation->count;) {
        struct month month = next_month(circulation, &i);
        maps[count++] = month_map(&month, measure, names);
    }
    chart_heat_maps(picture.file, &(struct heat_maps){title, measure->unit, picture.note, "居住地", "買い物先", texts,
                                      names->count, maps, count, measure->adds_up});
    picture_save(&picture);
    for (size_t i = 0; i < count; i++) {
        free(maps[i].title);
        free(maps[i].values);
    }
    free(maps);
    free(title);
    free(texts);
}

int run_circulation(struct context *context)
{
    const struct measure *measure = measure_asked(context);
    Points__V1__GetCirculation ask = POINTS__V1__GET_CIRCULATION__INIT;
    ask.quest = (uint32_t)option_number(&context->line, "quest", 1, QUEST_NUMBER_MAX, 0);
    ask.from_day = option_day(&context->line, "from", 0);
    ask.to_day = option_day(&context->line, "to", 0);
    if (context->format != TABLE_PEOPLE && option_get(&context->line, "show") && !option_get(&context->line, "svg"))
        fail_usage(&context->line, "--show chooses what people see; --csv and --json have it all");
    struct circulation_rows circulation = circulation_rows_fetch(context, &ask);
    draw(context, &circulation, measure);
    int code = context->format == TABLE_PEOPLE ? print_months(context, &circulation, measure)
                                               : context_print(context, long_table(context, &circulation));
    free(circulation.at);
    return code;
}
