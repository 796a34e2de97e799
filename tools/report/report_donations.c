// The report of donations: by span, municipality and purpose, on the day of the donation or on that of its payment.
#include "tools/cells.h"
#include "tools/chart/picture.h"
#include "tools/payments.h"
#include "tools/report/reports.h"
#include "tools/command/rows.h"
#include "tools/report/chart_series.h"
#include "tools/shown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// What the daemon is asked for, and what its rows are put together by.
struct group {
    const char *name;
    Points__V1__TotalsGroup asked;
    bool by_municipality, by_purpose;
};

static const struct group groups[] = {
    {"municipality-and-purpose", GROUP(MUNICIPALITY_AND_PURPOSE), true, true},
    {"by-municipality", GROUP(BY_MUNICIPALITY), true, false},
    {"by-purpose", GROUP(MUNICIPALITY_AND_PURPOSE), false, true},
    {"together", GROUP(TOGETHER), false, false},
};

// The figures of a sum. SHOWN_POINTS are those of the chart; ROWS is how many of the daemon's rows were put together.
enum { DONATIONS, POINTS, REVERSED_DONATIONS, REVERSED_POINTS, DONORS, SHOWN_POINTS, ROWS };
// Of settlements there are those of tools/payments.h, and SHOWN_POINTS.

// The days that donations and reversals are counted on.
enum dating { BY_DONATION, BY_ORIGINAL, BY_SETTLEMENT };
static const char *const datings[] = {"donation", "original", "settlement"};
static const char *const dating_titles[] = {
    "寄附ポイント(取消を差し引く前)", "寄附ポイント(取消を除く)", "寄附の支払ポイント"};

struct asked {
    const struct group *group;
    enum dating dating;
    Points__V1__GetDonationTotals totals;
};

// ---- what is asked

static const struct group *group_asked(const struct context *context)
{
    const char *name = option_get(&context->line, "group");
    for (size_t i = 0; i < COUNT(groups); i++)
        if (!name || !strcmp(groups[i].name, name))
            return &groups[i];
    fail_usage(&context->line,
        "--group: \"%s\" is none of: municipality-and-purpose, by-municipality, by-purpose, together", shown(name));
}

static enum dating dating_asked(const struct context *context)
{
    const char *name = option_get(&context->line, "dated");
    for (size_t i = 0; i < COUNT(datings); i++)
        if (!name || !strcmp(datings[i], name))
            return (enum dating)i;
    fail_usage(&context->line, "--dated: \"%s\" is none of: donation, original, settlement", shown(name));
}

// The daemon puts all purposes, or everything, together; where one of them is chosen, there is nothing to put together.
static Points__V1__TotalsGroup group_of(const struct asked *asked)
{
    if (asked->totals.purpose)
        return GROUP(MUNICIPALITY_AND_PURPOSE);
    if (asked->totals.municipality && asked->group->asked == GROUP(TOGETHER))
        return GROUP(BY_MUNICIPALITY);
    return asked->group->asked;
}

static struct asked read_asked(struct context *context)
{
    struct asked asked = {group_asked(context), dating_asked(context), POINTS__V1__GET_DONATION_TOTALS__INIT};
    asked.totals.unit = option_unit(&context->line, UNIT(MONTH));
    asked.totals.from_day = option_day(&context->line, "from", 0);
    asked.totals.to_day = option_day(&context->line, "to", 0);
    asked.totals.purpose = context_purpose_asked(context);
    asked.totals.by_original = asked.dating == BY_ORIGINAL;
    asked.totals.municipality = context_municipality_asked(context);
    asked.totals.group = group_of(&asked);
    return asked;
}

// ---- the sums

static uint32_t municipality_key(const struct asked *asked, uint32_t municipality)
{
    return asked->group->by_municipality ? municipality : asked->totals.municipality;
}

static uint32_t purpose_key(const struct asked *asked, uint32_t purpose)
{
    return asked->group->by_purpose ? purpose : asked->totals.purpose;
}

static void fetch_donations(struct context *context, const struct asked *asked, struct sums *sums)
{
    Points__V1__GetDonationTotals ask = asked->totals;
    struct donation_rows rows = donation_rows_fetch(context, &ask);
    for (size_t i = 0; i < rows.count; i++) {
        const Points__V1__DonationTotal *row = &rows.at[i];
        struct sum sum = {
            row->first_day, municipality_key(asked, row->municipality), purpose_key(asked, row->purpose), {0}};
        sum.figures[DONATIONS] = row->donations;
        sum.figures[POINTS] = row->points;
        sum.figures[REVERSED_DONATIONS] = row->reversed_donations;
        sum.figures[REVERSED_POINTS] = row->reversed_points;
        sum.figures[DONORS] = row->donors;
        sum.figures[SHOWN_POINTS] = row->points - (asked->dating == BY_ORIGINAL ? row->reversed_points : 0);
        sum.figures[ROWS] = 1;
        sums_add(sums, sum);
    }
    free(rows.at);
}

struct paid {
    const struct asked *asked;
    struct sums *sums;
};

static void add_payments(void *data, const Points__V1__SettlementsReply *page)
{
    const struct paid *paid = data;
    const Points__V1__GetDonationTotals *ask = &paid->asked->totals;
    struct sums *sums = paid->sums;
    size_t before = sums->count;
    payments_add(sums, page, &(struct payments_span){ask->unit, ask->from_day, ask->to_day});
    for (size_t i = before; i < sums->count; i++) {
        struct sum *sum = &sums->rows[i];
        sum->municipality = municipality_key(paid->asked, sum->municipality);
        sum->number = purpose_key(paid->asked, sum->number);
        sum->figures[SHOWN_POINTS] = sum->figures[PAYMENTS_POINTS];
    }
}

static void fetch_payments(struct context *context, const struct asked *asked, struct sums *sums)
{
    Points__V1__GetSettlements ask = POINTS__V1__GET_SETTLEMENTS__INIT;
    ask.municipality = asked->totals.municipality;
    ask.purpose = asked->totals.purpose;
    settlements_walk(context, &ask, add_payments, &(struct paid){asked, sums});
}

// ---- the table

static void key_cells(struct context *context, struct table *table, const struct sum *sum)
{
    first_day_cell(table, sum->first_day);
    context_municipality_cells(context, table, sum->municipality);
    context_purpose_cells(context, table, sum->number);
}

// Donors of several rows together are not known: who gave in two of them is one.
static void donation_cells(struct table *table, const struct sum *sum)
{
    for (int i = DONATIONS; i <= REVERSED_POINTS; i++)
        table_number(table, sum->figures[i]);
    table_signed(table, (int64_t)sum->figures[POINTS] - (int64_t)sum->figures[REVERSED_POINTS]);
    donors_cell(table, sum->figures[DONATIONS], sum->figures[ROWS] == 1 ? sum->figures[DONORS] : 0);
}

// People get a last line with the sums.
static void total_line(struct table *table, const struct sums *sums)
{
    enum { KEY_COLUMNS = 6 };
    struct sum total = {0};
    if (sums->count < 2)
        return;
    for (size_t i = 0; i < sums->count; i++)
        for (int figure = 0; figure < SUM_FIGURES_MAX; figure++)
            total.figures[figure] += sums->rows[i].figures[figure];
    table_text(table, "total");
    for (int i = 1; i < KEY_COLUMNS; i++)
        table_empty(table);
    donation_cells(table, &total);
}

// People do not see the columns of what all rows put together.
static void hide_empty_keys(struct table *table, bool municipality, bool purpose)
{
    enum { MUNICIPALITY = 1, PURPOSE = 4, KEYS = 6 };
    for (size_t i = MUNICIPALITY; i < KEYS; i++)
        if (!(i < PURPOSE ? municipality : purpose))
            table_hide(table, i);
}

static struct table *donations_table(struct context *context, const struct sums *sums)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER},
        {"reversed_donations", TABLE_NUMBER}, {"reversed_points", TABLE_NUMBER}, {"net_points", TABLE_NUMBER},
        {"donors", TABLE_NUMBER}};
    struct table *table = table_new("donations", columns, COUNT(columns));
    for (size_t i = 0; i < sums->count; i++) {
        key_cells(context, table, &sums->rows[i]);
        donation_cells(table, &sums->rows[i]);
    }
    if (context->format == TABLE_PEOPLE)
        total_line(table, sums);
    return table;
}

static struct table *make_table(struct context *context, const struct asked *asked, const struct sums *sums)
{
    struct table *table = asked->dating == BY_SETTLEMENT
                              ? payments_table(sums, context_names(context), context->format == TABLE_PEOPLE)
                              : donations_table(context, sums);
    hide_empty_keys(table, asked->group->by_municipality || asked->totals.municipality,
        asked->group->by_purpose || asked->totals.purpose);
    return table;
}

// ---- the picture

// Where all rows are of one municipality, its purposes are told apart.
static enum series_of series_of(const struct sums *sums)
{
    for (size_t i = 0; i < sums->count; i++)
        if (sums->rows[i].municipality != sums->rows[0].municipality)
            return SERIES_OF_MUNICIPALITIES;
    return sums->count && sums->rows[0].number ? SERIES_OF_PURPOSES : SERIES_OF_MUNICIPALITIES;
}

static char *make_title(struct context *context, const struct asked *asked, enum series_of of)
{
    static const char *const units[] = {"全期間", "日別", "月別", "年度別"};
    const char *home = asked->totals.municipality ? context_municipality_name(context, asked->totals.municipality) : "";
    return xprintf("%s%s%s %s・%s", home, *home ? " " : "", dating_titles[asked->dating], units[asked->totals.unit],
        of == SERIES_OF_PURPOSES ? "使途別" : "市町村別");
}

// From which ledger, and how much of what is shown as booked was reversed.
static char *make_note(const struct picture *picture, const struct asked *asked, const struct sums *sums)
{
    uint64_t reversed = 0;
    for (size_t i = 0; i < sums->count; i++)
        reversed += sums->rows[i].figures[REVERSED_POINTS];
    if (asked->dating != BY_DONATION || !reversed)
        return xstrdup(picture->note);
    char *number = xprintf("%" PRIu64, reversed), *separated = table_with_separators(number);
    char *note = xprintf("%s。同じ期間の取消 %s ポイントは差し引いていません", picture->note, separated);
    free(separated);
    free(number);
    return note;
}

static void draw(struct context *context, const struct asked *asked, const struct sums *sums)
{
    struct picture picture;
    if (!picture_begin(context, &picture))
        return;
    enum series_of of = series_of(sums);
    struct chart_series series = chart_series_make(context, sums, SHOWN_POINTS, of, span_of_unit(asked->totals.unit));
    size_t count = series.series_count * series.column_count;
    double *values = xcalloc(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)series.numbers[i];
    char *title = make_title(context, asked, of), *note = make_note(&picture, asked, sums);
    chart_bars(picture.file, &(struct chart){title, "ポイント", span_name_ja(span_of_unit(asked->totals.unit)), note,
                                 series.names, series.series_count, series.columns, series.column_count, values, 0});
    picture_save(&picture);
    free(note);
    free(title);
    free(values);
    chart_series_free(&series);
}

int run_report_donations(struct context *context)
{
    struct sums sums = {0};
    const struct asked asked = read_asked(context);
    if (asked.dating == BY_SETTLEMENT)
        fetch_payments(context, &asked, &sums);
    else
        fetch_donations(context, &asked, &sums);
    sums_unite(&sums);
    struct table *table = make_table(context, &asked, &sums);
    draw(context, &asked, &sums);
    sums_free(&sums);
    return context_print(context, table);
}
