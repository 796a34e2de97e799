// Tables to publish: donations by month, circulation by month, participation in a quest by period; by municipality.
//
// Each is one two-way table of the whole ledger with its sums (of circulation: one a month). There is no choice of days
// or groups: two tables that overlap could give away by their difference what neither tells.
#include "tools/cells.h"
#include "tools/report/budget_pace.h"
#include "tools/report/open_table.h"
#include "tools/report/quest_periods.h"
#include "tools/report/reports.h"
#include "tools/command/rows.h"
#include "tools/shown.h"
#include "tools/span.h"
#include "points/calendar.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// The health ministry's rule for what may be published of its databases: no count of fewer than ten people but 0.
enum { THRESHOLD_DEFAULT = 10, THRESHOLD_MAX = 1000000 };

// What the rows or columns stand for: codes of municipalities, or first days of spans. Ascending.
struct axis {
    uint32_t *at;
    size_t count;
};

static size_t axis_index(const struct axis *axis, uint32_t what)
{
    size_t i = 0;
    while (i < axis->count && axis->at[i] != what)
        i++;
    return i;
}

static void axis_add(struct axis *axis, uint32_t what)
{
    if (axis_index(axis, what) < axis->count)
        return;
    axis->at = xrealloc(axis->at, (axis->count + 1) * sizeof *axis->at);
    axis->at[axis->count++] = what;
}

// All municipalities, since zeros are published; to a municipality's key none yet, for it may not see them all.
static struct axis municipality_axis(struct context *context)
{
    struct axis axis = {0};
    const struct municipality_names *names = context_municipalities(context);
    for (size_t i = 0; context->role != ROLE(MUNICIPALITY) && i < names->count; i++)
        axis_add(&axis, names->rows[i].code);
    return axis;
}

// All spans from one to another, those in which nothing happened too.
static struct axis span_axis(span_kind kind, uint32_t first, uint32_t last)
{
    struct axis axis = {0};
    axis_add(&axis, first);
    while (kind != SPAN_WHOLE && axis.at[axis.count - 1] < last)
        axis_add(&axis, span_next(kind, axis.at[axis.count - 1]));
    return axis;
}

// The cells of a municipality; behind the last, of the sums.
static void municipality_cells(struct context *context, struct table *table, const struct axis *axis, size_t i)
{
    if (i < axis->count) {
        context_municipality_cells(context, table, axis->at[i]);
        return;
    }
    table_empty(table);
    table_text(table, "合計");
    table_text(table, "total");
}

// Rows of spans, columns of municipalities, as long rows.
static void print_spans(struct context *context, const struct open_table *open, const struct axis *spans,
    const struct axis *municipalities, struct table *table)
{
    for (size_t row = 0; spans->count && row <= spans->count; row++)
        for (size_t column = 0; column <= municipalities->count; column++) {
            if (row < spans->count)
                day_cell(table, spans->at[row]);
            else
                table_text(table, "total");
            municipality_cells(context, table, municipalities, column);
            open_table_print_cell(open, row, column, table);
        }
}

// ---- donations

enum { DONATIONS, DONATED_POINTS, DONATION_ADDING, DONORS = DONATION_ADDING, DONATION_NUMBERS };

// The same donations four times, since donors do not add up.
struct donations {
    struct donation_rows cells, rows, columns, all; // by month and municipality; by month; by municipality; together
};

static struct donation_rows fetch_totals(
    struct context *context, Points__V1__TotalsUnit unit, Points__V1__TotalsGroup group)
{
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.unit = unit;
    ask.group = group;
    return donation_rows_fetch(context, &ask);
}

static void free_donations(struct donations *donations)
{
    free(donations->cells.at);
    free(donations->rows.at);
    free(donations->columns.at);
    free(donations->all.at);
}

static bool belong_together(const struct donations *donations)
{
    uint64_t sequence = donations->cells.last_sequence;
    return donations->rows.last_sequence == sequence && donations->columns.last_sequence == sequence &&
           donations->all.last_sequence == sequence;
}

static struct donations fetch_donations(struct context *context)
{
    enum { TRIES_MAX = 20 };
    const Points__V1__TotalsUnit month = UNIT(MONTH), whole = UNIT(WHOLE);
    const Points__V1__TotalsGroup each = GROUP(BY_MUNICIPALITY), together = GROUP(TOGETHER);
    for (int i = 0; i < TRIES_MAX; i++) {
        struct donations donations = {fetch_totals(context, month, each), fetch_totals(context, month, together),
            fetch_totals(context, whole, each), fetch_totals(context, whole, together)};
        if (belong_together(&donations))
            return donations;
        free_donations(&donations);
    }
    fail(EXIT_FAILED, "the ledger moves on faster than all of this can be read; try again when it is quieter");
}

static void set_donors(struct open_cell *cell, uint64_t donors)
{
    cell->people = cell->numbers[DONORS] = donors;
}

static void fill_donations(const struct donations *donations, const struct axis *months, const struct axis *homes,
    const struct open_table *open)
{
    for (size_t i = 0; i < donations->cells.count; i++) {
        const Points__V1__DonationTotal *row = &donations->cells.at[i];
        struct open_cell *cell =
            open_table_cell(open, axis_index(months, row->first_day), axis_index(homes, row->municipality));
        cell->numbers[DONATIONS] = row->donations;
        cell->numbers[DONATED_POINTS] = row->points;
        set_donors(cell, row->donors);
    }
    for (size_t i = 0; i < donations->rows.count; i++)
        set_donors(open_table_cell(open, axis_index(months, donations->rows.at[i].first_day), homes->count),
            donations->rows.at[i].donors);
    for (size_t i = 0; i < donations->columns.count; i++)
        set_donors(open_table_cell(open, months->count, axis_index(homes, donations->columns.at[i].municipality)),
            donations->columns.at[i].donors);
    for (size_t i = 0; i < donations->all.count; i++)
        set_donors(open_table_cell(open, months->count, homes->count), donations->all.at[i].donors);
}

static struct table *open_donations(struct context *context, uint64_t threshold)
{
    static const struct table_column columns[] = {{"month", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"donors", TABLE_NUMBER}};
    struct table *table = table_new("donations", columns, COUNT(columns));
    struct donations donations = fetch_donations(context);
    struct axis homes = municipality_axis(context), months = {0};
    const struct donation_rows *cells = &donations.cells;
    for (size_t i = 0; i < cells->count; i++)
        axis_add(&homes, cells->at[i].municipality);
    if (cells->count)
        months = span_axis(SPAN_MONTH, cells->at[0].first_day, cells->at[cells->count - 1].first_day);
    struct open_table open = open_table_new(months.count, homes.count, DONATION_NUMBERS, DONATION_ADDING);
    fill_donations(&donations, &months, &homes, &open);
    open_table_add_up(&open);
    open_table_withhold(&open, threshold);
    print_spans(context, &open, &months, &homes, table);
    open_table_free(&open);
    free_donations(&donations);
    free(homes.at);
    free(months.at);
    return table;
}

// ---- circulation

enum { RECEIPTS, AMOUNT_YEN, EARNED_POINTS, CIRCULATION_ADDING, RESIDENTS = CIRCULATION_ADDING, CIRCULATION_NUMBERS };

// Behind a sum are at least as many residents as behind one of its cells; how many is not known.
static void sum_residents(const struct open_cell *cell, struct open_cell *sum)
{
    sum->people = cell->people > sum->people ? cell->people : sum->people;
    sum->numbers[RESIDENTS] = OPEN_NOT_KNOWN;
}

static void fill_circulation(const Points__V1__CirculationRow *row, const struct axis *axis, struct open_table *open)
{
    size_t home = axis_index(axis, row->home), place = axis_index(axis, row->place);
    struct open_cell *cell = open_table_cell(open, home, place);
    cell->numbers[RECEIPTS] = row->receipts;
    cell->numbers[AMOUNT_YEN] = row->amount_yen;
    cell->numbers[EARNED_POINTS] = row->points;
    cell->numbers[RESIDENTS] = cell->people = row->residents;
}

static void sum_circulation(const struct open_table *open)
{
    for (size_t home = 0; home < open->rows; home++)
        for (size_t place = 0; place < open->columns; place++) {
            const struct open_cell *cell = open_table_cell(open, home, place);
            sum_residents(cell, open_table_cell(open, home, open->columns));
            sum_residents(cell, open_table_cell(open, open->rows, place));
            sum_residents(cell, open_table_cell(open, open->rows, open->columns));
        }
}

static void print_month(struct context *context, const struct open_table *open, uint32_t first_day,
    const struct axis *axis, struct table *table)
{
    for (size_t home = 0; home <= axis->count; home++)
        for (size_t place = 0; place <= axis->count; place++) {
            day_cell(table, first_day);
            municipality_cells(context, table, axis, home);
            municipality_cells(context, table, axis, place);
            open_table_print_cell(open, home, place, table);
        }
}

// The rows of the month that begins with row `i`; the row after it.
static size_t open_month(struct context *context, const struct circulation_rows *rows, size_t i,
    const struct axis *axis, uint64_t threshold, struct table *table)
{
    uint32_t first_day = rows->at[i].first_day;
    struct open_table open = open_table_new(axis->count, axis->count, CIRCULATION_NUMBERS, CIRCULATION_ADDING);
    for (; i < rows->count && rows->at[i].first_day == first_day; i++)
        fill_circulation(&rows->at[i], axis, &open);
    sum_circulation(&open);
    open_table_add_up(&open);
    open_table_withhold(&open, threshold);
    print_month(context, &open, first_day, axis, table);
    open_table_free(&open);
    return i;
}

static struct table *open_circulation(struct context *context, uint64_t threshold)
{
    static const struct table_column columns[] = {{"month", TABLE_TEXT}, {"home", TABLE_TEXT},
        {"home_name_ja", TABLE_TEXT}, {"home_name_en", TABLE_TEXT}, {"place", TABLE_TEXT},
        {"place_name_ja", TABLE_TEXT}, {"place_name_en", TABLE_TEXT}, {"receipts", TABLE_NUMBER},
        {"amount_yen", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"residents", TABLE_NUMBER}};
    Points__V1__GetCirculation ask = POINTS__V1__GET_CIRCULATION__INIT;
    struct table *table = table_new("circulation", columns, COUNT(columns));
    struct circulation_rows rows = circulation_rows_fetch(context, &ask);
    struct axis axis = municipality_axis(context);
    for (size_t i = 0; i < rows.count; i++) {
        axis_add(&axis, rows.at[i].home);
        axis_add(&axis, rows.at[i].place);
    }
    for (size_t i = 0; i < rows.count;)
        i = open_month(context, &rows, i, &axis, threshold, table);
    free(axis.at);
    free(rows.at);
    return table;
}

// ---- participation

enum { AWARDS, AWARDED_POINTS, PARTICIPATION_NUMBERS };

// As many as there must be, when each had as many awards of the period as one may have.
static uint64_t people_of(uint64_t awards, const Points__V1__DefineQuest *quest)
{
    uint64_t times = quest->times ? quest->times : 1;
    return (awards + times - 1) / times;
}

static void fill_participation(const Points__V1__QuestReply *reply, const struct sums *periods,
    const struct axis *spans, const struct axis *homes, const struct open_table *open)
{
    for (size_t i = 0; i < periods->count; i++) {
        const struct sum *row = &periods->rows[i];
        struct open_cell *cell =
            open_table_cell(open, axis_index(spans, row->first_day), axis_index(homes, row->municipality));
        cell->numbers[AWARDS] = row->figures[PERIOD_AWARDS];
        cell->numbers[AWARDED_POINTS] = row->figures[PERIOD_POINTS];
    }
    open_table_add_up(open);
    for (size_t row = 0; row < open->rows; row++)
        for (size_t column = 0; column <= open->columns; column++) {
            struct open_cell *cell = open_table_cell(open, row, column);
            cell->people = people_of(cell->numbers[AWARDS], reply->quest);
        }
    for (size_t i = 0; i < reply->n_municipalities; i++)
        open_table_cell(open, open->rows, axis_index(homes, reply->municipalities[i]->municipality))->people =
            reply->municipalities[i]->residents;
    open_table_cell(open, open->rows, open->columns)->people = reply->residents;
}

static struct table *open_participation(struct context *context, uint64_t threshold)
{
    static const struct table_column columns[] = {
        {"first_day", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    uint32_t number = (uint32_t)parse_number(&context->line, "QUEST", argument_xget(&context->line, 1), 1, UINT32_MAX);
    struct table *table = table_new("participation", columns, COUNT(columns));
    struct sums periods = {0};
    struct axis homes = {0}, spans = {0};
    context_municipalities(context);
    uint32_t today = (uint32_t)calendar_day(client_hello(context_client(context))->time);
    Points__V1__Response *response = quest_periods_fetch(context, number, today, &periods);
    const Points__V1__QuestReply *reply = response->quest;
    sums_unite(&periods);
    for (size_t i = 0; i < reply->n_municipalities; i++)
        axis_add(&homes, reply->municipalities[i]->municipality);
    if (periods.count)
        spans = span_axis(
            span_of_period(reply->quest->period), periods.rows[0].first_day, periods.rows[periods.count - 1].first_day);
    struct open_table open = open_table_new(spans.count, homes.count, PARTICIPATION_NUMBERS, PARTICIPATION_NUMBERS);
    fill_participation(reply, &periods, &spans, &homes, &open);
    open_table_withhold(&open, threshold);
    print_spans(context, &open, &spans, &homes, table);
    open_table_free(&open);
    client_free_response(response);
    sums_free(&periods);
    free(homes.at);
    free(spans.at);
    return table;
}

// ---- all

static const struct {
    const char *name;
    struct table *(*make)(struct context *context, uint64_t threshold);
    size_t words; // of the command
} subjects[] = {
    {"donations", open_donations, 1},
    {"circulation", open_circulation, 1},
    {"participation", open_participation, 2},
};

int run_report_open_data(struct context *context)
{
    uint64_t threshold = option_number(&context->line, "threshold", 1, THRESHOLD_MAX, THRESHOLD_DEFAULT);
    const char *name = argument_xget(&context->line, 0);
    for (size_t i = 0; i < COUNT(subjects); i++) {
        if (strcmp(subjects[i].name, name))
            continue;
        if (context->line.argument_count > subjects[i].words)
            fail_usage(&context->line, "QUEST goes with participation");
        return context_print(context, subjects[i].make(context, threshold));
    }
    fail_usage(&context->line, "\"%s\" is none of: donations, circulation, participation", shown(name));
}
