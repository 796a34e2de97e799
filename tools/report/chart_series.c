// Sums laid out for a chart.
#include "tools/report/chart_series.h"
#include "tools/report/population.h"
#include "points/calendar.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 500 };

struct key {
    uint32_t number; // of the municipality or purpose
    uint64_t sum;
    bool kept; // has a series of its own
};

struct keys {
    struct key *rows; // ascending numbers
    size_t count;
};

static uint32_t key_of(const struct sum *sum, enum series_of of)
{
    return of == SERIES_OF_PURPOSES ? sum->number : sum->municipality;
}

// ---- which series there are

static int by_key_number(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static struct keys find_keys(const struct sums *sums, int which, enum series_of of)
{
    struct keys keys = {xcalloc(sums->count, sizeof *keys.rows), 0};
    for (size_t i = 0; i < sums->count; i++)
        keys.rows[i] = (struct key){key_of(&sums->rows[i], of), sums->rows[i].figures[which], false};
    if (sums->count)
        qsort(keys.rows, sums->count, sizeof *keys.rows, by_key_number);
    for (size_t i = 0; i < sums->count; i++) {
        if (keys.count && keys.rows[keys.count - 1].number == keys.rows[i].number)
            keys.rows[keys.count - 1].sum += keys.rows[i].sum;
        else
            keys.rows[keys.count++] = keys.rows[i];
    }
    return keys;
}

// All when there is room; else the largest, and one place is left for the others.
static void keep_largest(struct keys *keys)
{
    size_t room = keys->count > CHART_SERIES_MAX ? CHART_SERIES_MAX - 1 : keys->count;
    while (room--) {
        struct key *largest = NULL;
        for (size_t i = 0; i < keys->count; i++)
            if (!keys->rows[i].kept && (!largest || keys->rows[i].sum > largest->sum))
                largest = &keys->rows[i];
        largest->kept = true;
    }
}

// The series of a key: its own, or that of the others, which is the last.
static size_t series_index(const struct keys *keys, uint32_t number)
{
    size_t index = 0, i = 0;
    for (; keys->rows[i].number != number; i++)
        index += keys->rows[i].kept;
    return keys->rows[i].kept ? index : CHART_SERIES_MAX - 1;
}

static char *name_of(struct context *context, uint32_t number, enum series_of of)
{
    if (of == SERIES_OF_MUNICIPALITIES)
        return xstrdup(number ? context_municipality_name(context, number) : "全市町村");
    const struct programme_name *named = number ? context_named(context, PART(PURPOSES), number) : NULL;
    return xstrdup(named ? named->name : number ? "?" : "全使途");
}

static void name_series(
    struct context *context, const struct keys *keys, enum series_of of, struct chart_series *series)
{
    size_t others = 0;
    for (size_t i = 0; i < keys->count; i++) {
        size_t index = series_index(keys, keys->rows[i].number);
        if (of == SERIES_OF_MUNICIPALITIES)
            series->residents[index] += population_of(keys->rows[i].number);
        if (keys->rows[i].kept)
            series->names[index] = name_of(context, keys->rows[i].number, of);
        else
            others++;
    }
    if (others)
        series->names[CHART_SERIES_MAX - 1] = xprintf("その他(%zu)", others);
}

// ---- which columns there are

static struct chart_label column_label(span_kind span, uint32_t first_day)
{
    struct calendar_date date = calendar_date(first_day);
    switch (span) {
    case SPAN_WHOLE:
        return (struct chart_label){xstrdup("全期間"), NULL};
    case SPAN_FISCAL_YEAR: // the first one, from day 0 on, began in 1969
        return (struct chart_label){xprintf("%d年度", (int)date.year - (date.month < 4)), NULL};
    case SPAN_MONTH:
        return (struct chart_label){xprintf("%d月", date.month), xprintf("%d年", (int)date.year)};
    default:
        return (struct chart_label){xprintf("%d/%d", date.month, date.day), xprintf("%d年", (int)date.year)};
    }
}

// The index of a span's column, the first being 0.
static size_t column_index(span_kind span, uint32_t from, uint32_t first_day)
{
    size_t index = 0;
    for (uint32_t at = from; span != SPAN_WHOLE && at < first_day; at = span_next(span, at))
        index++;
    return index;
}

static void label_columns(span_kind span, uint32_t from, struct chart_series *series)
{
    series->columns = xcalloc(series->column_count, sizeof *series->columns);
    for (size_t i = 0; i < series->column_count; i++) {
        series->columns[i] = column_label(span, from);
        from = span == SPAN_WHOLE ? from : span_next(span, from);
    }
}

struct chart_series chart_series_make(
    struct context *context, const struct sums *sums, int which, enum series_of of, span_kind span)
{
    struct keys keys = find_keys(sums, which, of);
    struct chart_series series = {.series_count = keys.count < CHART_SERIES_MAX ? keys.count : CHART_SERIES_MAX};
    uint32_t from = sums->count ? sums->rows[0].first_day : 0;
    series.column_count = sums->count ? column_index(span, from, sums->rows[sums->count - 1].first_day) + 1 : 0;
    if (series.column_count > COLUMNS_MAX)
        fail(EXIT_WRONG_USE, "nobody can read a chart of %zu columns; ask for fewer days, or for longer ones with --by",
            series.column_count);
    series.names = xcalloc(series.series_count, sizeof *series.names);
    series.residents = xcalloc(series.series_count, sizeof *series.residents);
    series.numbers = xcalloc(series.series_count * series.column_count, sizeof *series.numbers);
    keep_largest(&keys);
    name_series(context, &keys, of, &series);
    label_columns(span, from, &series);
    for (size_t i = 0; i < sums->count; i++) {
        size_t at = series_index(&keys, key_of(&sums->rows[i], of));
        series.numbers[at * series.column_count + column_index(span, from, sums->rows[i].first_day)] +=
            sums->rows[i].figures[which];
    }
    free(keys.rows);
    return series;
}

void chart_series_free(struct chart_series *series)
{
    for (size_t i = 0; i < series->series_count; i++)
        free(series->names[i]);
    for (size_t i = 0; i < series->column_count; i++) {
        free(series->columns[i].text);
        free(series->columns[i].under);
    }
    free(series->names);
    free(series->columns);
    free(series->numbers);
    free(series->residents);
    *series = (struct chart_series){0};
}
