// The report of a quest, or of a campaign and all its quests: who took part, and how long the budget lasts.
#include "tools/budget_cells.h"
#include "tools/report/budget_pace.h"
#include "tools/cells.h"
#include "tools/jst.h"
#include "tools/chart/picture.h"
#include "tools/report/population.h"
#include "tools/report/quest_periods.h"
#include "tools/report/reports.h"
#include "tools/report/chart_series.h"
#include "tools/shown.h"
#include "points/calendar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct report {
    Points__V1__Response *campaign; // NULL: of one quest
    Points__V1__Response **quests;
    size_t quest_count;
    struct sums periods; // of all quests, united
    uint32_t today;
};

static const Points__V1__QuestReply *quest_of(const struct report *report, size_t i)
{
    return report->quests[i]->quest;
}

// ---- asking

static void ask_quest(struct context *context, struct report *report, uint32_t number)
{
    report->quests = xrealloc(report->quests, (report->quest_count + 1) * sizeof(Points__V1__Response *));
    report->quests[report->quest_count++] = quest_periods_fetch(context, number, report->today, &report->periods);
}

static void ask_campaign(struct context *context, struct report *report, uint32_t number)
{
    Points__V1__GetCampaign ask = POINTS__V1__GET_CAMPAIGN__INIT;
    ask.campaign = number;
    report->campaign = context_call(context, REQUEST(GET_CAMPAIGN), &ask);
    const Points__V1__CampaignReply *reply = report->campaign->campaign;
    if (!reply->campaign)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    for (size_t i = 0; i < reply->n_quests; i++)
        ask_quest(context, report, reply->quests[i]);
}

static struct report ask_all(struct context *context)
{
    struct report report = {0};
    const char *quest = argument_get(&context->line, 0), *campaign = option_get(&context->line, "campaign");
    if (!quest == !campaign)
        fail_usage(&context->line, "of what? Give QUEST, or --campaign CAMPAIGN");
    const char *what = quest ? "QUEST" : "--campaign", *number = quest ? quest : campaign;
    uint32_t asked = (uint32_t)parse_number(&context->line, what, number, 1, UINT32_MAX);
    context_municipalities(context);
    report.today = (uint32_t)calendar_day(client_hello(context_client(context))->time);
    if (quest)
        ask_quest(context, &report, asked);
    else
        ask_campaign(context, &report, asked);
    sums_unite(&report.periods);
    return report;
}

static void report_free(struct report *report)
{
    for (size_t i = 0; i < report->quest_count; i++)
        client_free_response(report->quests[i]);
    free(report->quests);
    client_free_response(report->campaign);
    sums_free(&report->periods);
}

// ---- the whole

struct summary {
    const char *kind;
    uint32_t number;
    const char *name;
    uint32_t first_day, last_day;
    uint64_t residents, budget, used, awarded, reversed;
};

static struct summary quest_summary(const struct context *context, const Points__V1__QuestReply *reply)
{
    return (struct summary){"quest", reply->quest->quest, reply->quest->name, reply->quest->first_day,
        reply->quest->last_day, reply->residents, reply->budget_points, reply->issued_points,
        quest_awarded_points(reply, context_quests_told(context)), reply->reversed_points};
}

static struct summary campaign_summary(const struct report *report)
{
    const Points__V1__CampaignReply *reply = report->campaign->campaign;
    struct summary summary = {"campaign", reply->campaign->campaign, reply->campaign->name,
        report->quest_count ? UINT32_MAX : 0, 0, reply->residents, reply->budget_points, reply->issued_points,
        reply->issued_points, 0};
    for (size_t i = 0; i < report->quest_count; i++) {
        const Points__V1__DefineQuest *quest = quest_of(report, i)->quest;
        summary.first_day = quest->first_day < summary.first_day ? quest->first_day : summary.first_day;
        summary.last_day = quest->last_day > summary.last_day ? quest->last_day : summary.last_day;
        summary.awarded += quest_of(report, i)->reversed_points;
        summary.reversed += quest_of(report, i)->reversed_points;
    }
    return summary;
}

static const char *name_of(const struct report *report)
{
    return report->campaign ? report->campaign->campaign->campaign->name : quest_of(report, 0)->quest->name;
}

// Of the municipalities that the asker sees; 0 when that of one is not known.
static uint64_t population_of_all(const struct report *report)
{
    uint64_t sum = 0;
    for (size_t i = 0; report->quest_count && i < quest_of(report, 0)->n_municipalities; i++) {
        uint64_t population = population_of(quest_of(report, 0)->municipalities[i]->municipality);
        if (!population)
            return 0;
        sum += population;
    }
    return sum;
}

// ---- the budget

struct outlook {
    enum budget_outlook is;
    uint32_t day;         // as budget_outlook says
    uint64_t pace_tenths; // of points a day, of all quests that go on
};

// Of so many quests from one on.
static struct outlook outlook_of(const struct report *report, size_t from, size_t count, uint64_t left)
{
    struct outlook outlook = {0};
    struct budget_pace *paces = xcalloc(count, sizeof *paces);
    for (size_t i = 0; i < count; i++) {
        paces[i] = budget_pace_of(quest_of(report, from + i)->quest, &report->periods, report->today);
        if (paces[i].days && report->today <= paces[i].last_day)
            outlook.pace_tenths += paces[i].points * 10 / paces[i].days;
    }
    outlook.is = budget_outlook(left, paces, count, report->today, &outlook.day);
    free(paces);
    return outlook;
}

static const char *const outlook_names[] = {
    [BUDGET_USED_UP] = "used up",
    [BUDGET_OVER] = "over",
    [BUDGET_NO_PACE] = "no pace yet",
    [BUDGET_LASTS] = "lasts to the end",
    [BUDGET_RUNS_OUT] = "runs out",
};

static void outlook_cells(struct table *table, const struct outlook *outlook)
{
    char pace[40];
    snprintf(pace, sizeof pace, "%" PRIu64 ".%" PRIu64, outlook->pace_tenths / 10, outlook->pace_tenths % 10);
    table_text(table, outlook->is == BUDGET_LASTS || outlook->is == BUDGET_RUNS_OUT ? pace : "");
    table_text(table, outlook_names[outlook->is]);
    if (outlook->is == BUDGET_RUNS_OUT)
        day_cell(table, outlook->day);
    else
        table_empty(table);
}

static void print_outlook(const struct outlook *outlook)
{
    char day[JST_DAY_BYTES];
    jst_print_day(outlook->day, day);
    if (outlook->is == BUDGET_USED_UP)
        printf("\nThe budget is used up.\n");
    else if (outlook->is == BUDGET_OVER)
        printf("\nIt ended on %s.\n", day);
    else if (outlook->is == BUDGET_NO_PACE)
        printf("\nNo period is complete yet: there is no pace to say how long the budget lasts.\n");
    else
        printf("\nAt %" PRIu64 ".%" PRIu64 " points a day, as in the complete periods of the last 28 days, "
               "the budget %s %s.\n",
            outlook->pace_tenths / 10, outlook->pace_tenths % 10,
            outlook->is == BUDGET_LASTS ? "lasts to the end," : "runs out on", day);
}

// A municipality is told no budget, and not what was reversed.
static void summary_cells(struct context *context, const struct report *report, const struct summary *summary,
    const struct outlook *outlook, struct table *table)
{
    enum { NOT_TOLD_COLUMNS = 4 };
    table_text(table, summary->kind);
    table_number(table, summary->number);
    table_text(table, summary->name);
    day_cell(table, summary->first_day);
    day_cell(table, summary->last_day);
    table_number(table, summary->residents);
    share_cells(table, summary->residents, population_of_all(report));
    budget_cells(table, context_quests_told(context), summary->budget, summary->used);
    table_number(table, summary->awarded);
    for (int i = 0; !context_quests_told(context) && i < NOT_TOLD_COLUMNS; i++)
        table_empty(table);
    if (!context_quests_told(context))
        return;
    table_number(table, summary->reversed);
    outlook_cells(table, outlook);
}

// The campaign, if it is one, and each quest.
static void print_summary(struct context *context, const struct report *report)
{
    static const struct table_column columns[] = {{"kind", TABLE_TEXT}, {"number", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"residents", TABLE_NUMBER}, {"population", TABLE_NUMBER},
        {"percent", TABLE_ORDINAL}, {"budget_points", TABLE_NUMBER}, {"used_points", TABLE_NUMBER},
        {"left_points", TABLE_NUMBER}, {"awarded_points", TABLE_NUMBER}, {"reversed_points", TABLE_NUMBER},
        {"points_a_day", TABLE_ORDINAL}, {"outlook", TABLE_TEXT}, {"runs_out_on", TABLE_TEXT}};
    struct table *table = table_new("summary", columns, COUNT(columns));
    struct outlook whole = {0};
    if (report->campaign) {
        const struct summary summary = campaign_summary(report);
        whole = outlook_of(report, 0, report->quest_count, summary.budget - summary.used);
        summary_cells(context, report, &summary, &whole, table);
    }
    for (size_t i = 0; i < report->quest_count; i++) {
        const struct summary summary = quest_summary(context, quest_of(report, i));
        const struct outlook outlook = outlook_of(report, i, 1, summary.budget - summary.used);
        summary_cells(context, report, &summary, &outlook, table);
        whole = report->campaign ? whole : outlook;
    }
    context_print(context, table);
    if (context->format == TABLE_PEOPLE && context_quests_told(context))
        print_outlook(&whole);
}

// ---- by municipality, by period

static void print_municipalities(struct context *context, const struct report *report)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, MUNICIPALITY_COLUMNS,
        {"residents", TABLE_NUMBER}, {"population", TABLE_NUMBER}, {"percent", TABLE_ORDINAL}, {"awards", TABLE_NUMBER},
        {"awarded_points", TABLE_NUMBER}};
    struct table *table = table_new("municipalities", columns, COUNT(columns));
    for (size_t i = 0; i < report->quest_count; i++)
        for (size_t m = 0; m < quest_of(report, i)->n_municipalities; m++) {
            const Points__V1__QuestMunicipality *row = quest_of(report, i)->municipalities[m];
            table_number(table, quest_of(report, i)->quest->quest);
            context_municipality_cells(context, table, row->municipality);
            table_number(table, row->residents);
            share_cells(table, row->residents, population_of(row->municipality));
            table_number(table, row->awards);
            table_number(table, row->points);
        }
    context_print(context, table);
}

static const Points__V1__DefineQuest *quest_numbered(const struct report *report, uint32_t number)
{
    size_t i = 0;
    while (quest_of(report, i)->quest->quest != number)
        i++;
    return quest_of(report, i)->quest;
}

// Whether each award of a period is another resident's.
static bool counts_residents(const Points__V1__DefineQuest *quest)
{
    return quest->times <= 1;
}

static void print_periods(struct context *context, const struct report *report)
{
    static const struct table_column columns[] = {{"first_day", TABLE_TEXT}, {"quest", TABLE_ORDINAL},
        MUNICIPALITY_COLUMNS, {"awards", TABLE_NUMBER}, {"awarded_points", TABLE_NUMBER}, {"population", TABLE_NUMBER},
        {"percent", TABLE_ORDINAL}};
    struct table *table = table_new("periods", columns, COUNT(columns));
    for (size_t i = 0; i < report->periods.count; i++) {
        const struct sum *row = &report->periods.rows[i];
        uint64_t population = population_of(row->municipality);
        day_cell(table, row->first_day);
        table_number(table, row->number);
        context_municipality_cells(context, table, row->municipality);
        table_number(table, row->figures[PERIOD_AWARDS]);
        table_number(table, row->figures[PERIOD_POINTS]);
        if (counts_residents(quest_numbered(report, row->number))) {
            share_cells(table, row->figures[PERIOD_AWARDS], population);
        } else {
            table_empty(table);
            table_empty(table);
        }
    }
    context_print(context, table);
}

// ---- for people: a matrix a quest

static uint64_t awards_of(const struct sums *periods, uint32_t quest, uint32_t first_day, uint32_t municipality)
{
    uint64_t awards = 0;
    for (size_t i = 0; i < periods->count; i++)
        if (periods->rows[i].number == quest && periods->rows[i].first_day == first_day &&
            (!municipality || periods->rows[i].municipality == municipality))
            awards += periods->rows[i].figures[PERIOD_AWARDS];
    return awards;
}

static void matrix_line(
    struct table *table, const struct sums *periods, const Points__V1__QuestReply *reply, uint32_t first_day)
{
    day_cell(table, first_day);
    for (size_t i = 0; i < reply->n_municipalities; i++)
        table_number(table, awards_of(periods, reply->quest->quest, first_day, reply->municipalities[i]->municipality));
    table_number(table, awards_of(periods, reply->quest->quest, first_day, 0));
}

static void print_matrix(struct context *context, const struct sums *periods, const Points__V1__QuestReply *reply)
{
    struct table_column *columns = xcalloc(reply->n_municipalities + 2, sizeof *columns);
    size_t count = 0;
    columns[count++] = (struct table_column){"from", TABLE_TEXT};
    for (size_t i = 0; i < reply->n_municipalities; i++)
        columns[count++] = (struct table_column){
            context_municipality_name(context, reply->municipalities[i]->municipality), TABLE_NUMBER};
    columns[count++] = (struct table_column){"total", TABLE_NUMBER};
    struct table *table = table_new("awards", columns, count);
    uint32_t last = 0;
    for (size_t i = 0; i < periods->count; i++)
        if (periods->rows[i].number == reply->quest->quest && periods->rows[i].first_day != last) {
            last = periods->rows[i].first_day;
            matrix_line(table, periods, reply, last);
        }
    context_print(context, table);
    free(columns);
}

// People see a daily quest by week.
static struct sums shown_sums(const struct report *report)
{
    struct sums sums = {0};
    for (size_t i = 0; i < report->periods.count; i++) {
        struct sum sum = report->periods.rows[i];
        if (quest_numbered(report, sum.number)->period == POINTS__V1__PERIOD__DAILY)
            sum.first_day = span_begin(SPAN_WEEK, sum.first_day);
        sums_add(&sums, sum);
    }
    sums_unite(&sums);
    return sums;
}

static void print_for_people(struct context *context, const struct report *report)
{
    struct sums sums = shown_sums(report);
    print_summary(context, report);
    printf("\nWho took part, by municipality:\n");
    print_municipalities(context, report);
    for (size_t i = 0; i < report->quest_count; i++) {
        const Points__V1__DefineQuest *quest = quest_of(report, i)->quest;
        bool daily = quest->period == POINTS__V1__PERIOD__DAILY;
        printf("\nQuest %" PRIu32 " %s: %s by %s\n", quest->quest, quest->name,
            counts_residents(quest) && !daily ? "residents who took part" : "awards", daily ? "week" : "period");
        print_matrix(context, &sums, quest_of(report, i));
    }
    sums_free(&sums);
}

// ---- the picture

// Of quests with other periods, months tell.
static span_kind common_span(const struct report *report)
{
    span_kind span = report->quest_count ? span_of_period(quest_of(report, 0)->quest->period) : SPAN_MONTH;
    for (size_t i = 1; i < report->quest_count; i++)
        if (span_of_period(quest_of(report, i)->quest->period) != span)
            return SPAN_MONTH;
    return span;
}

static struct sums drawn_sums(const struct report *report, span_kind span)
{
    struct sums sums = {0};
    for (size_t i = 0; i < report->periods.count; i++) {
        struct sum sum = report->periods.rows[i];
        sum.first_day = span_begin(span, sum.first_day);
        sum.number = 0;
        sums_add(&sums, sum);
    }
    sums_unite(&sums);
    return sums;
}

// What the lines show: municipalities of all sizes are comparable where their populations are known.
struct measure {
    const char *title, *unit;
    double for_residents; // so many of them; 0: for all
    int decimals;
};

static const struct measure *measure_of(const struct report *report, const struct chart_series *series)
{
    static const struct measure counts = {"参加回数", "回", 0, 0},
                                per_thousand = {"人口千人あたりの参加回数", "回", 1000, 1},
                                shares = {"参加率(人口に対する割合)", "%", 100, 2};
    for (size_t i = 0; i < series->series_count; i++)
        if (!series->residents[i])
            return &counts;
    return report->campaign || !counts_residents(quest_of(report, 0)->quest) ? &per_thousand : &shares;
}

static double *drawn_values(const struct chart_series *series, const struct measure *measure)
{
    double *values = xcalloc(series->series_count * series->column_count, sizeof *values);
    for (size_t i = 0; i < series->series_count * series->column_count; i++) {
        double residents = (double)series->residents[i / series->column_count];
        values[i] = (double)series->numbers[i] * (measure->for_residents ? measure->for_residents / residents : 1);
    }
    return values;
}

static void draw(struct context *context, const struct report *report)
{
    struct picture picture;
    if (!picture_begin(context, &picture))
        return;
    span_kind span = common_span(report);
    struct sums sums = drawn_sums(report, span);
    struct chart_series series = chart_series_make(context, &sums, PERIOD_AWARDS, SERIES_OF_MUNICIPALITIES, span);
    const struct measure *measure = measure_of(report, &series);
    double *values = drawn_values(&series, measure);
    char *title = xprintf("%s %s・市町村別", name_of(report), measure->title);
    chart_lines(picture.file, &(struct chart){title, measure->unit, span_name_ja(span), picture.note, series.names,
                                  series.series_count, series.columns, series.column_count, values, measure->decimals});
    picture_save(&picture);
    free(title);
    free(values);
    chart_series_free(&series);
    sums_free(&sums);
}

int run_report_campaign(struct context *context)
{
    const char *by = option_get(&context->line, "by");
    if (by && strcmp(by, "municipality") && strcmp(by, "period"))
        fail_usage(&context->line, "--by: \"%s\" is none of: municipality, period", shown(by));
    struct report report = ask_all(context);
    draw(context, &report);
    if (by && !strcmp(by, "municipality"))
        print_municipalities(context, &report);
    else if (by)
        print_periods(context, &report);
    else if (context->format == TABLE_PEOPLE)
        print_for_people(context, &report);
    else
        print_summary(context, &report);
    report_free(&report);
    return EXIT_SUCCESS;
}
