// The season's figures in tables.
#include "tests/campaign/report.h"
#include "tests/campaign/model_notice.h"
#include "tools/jst.h"
#include "tools/municipality_names.h"
#include "tools/outcome_names.h"
#include "tools/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 128, NUMBER_BYTES = 32 };

static const char *const months[MONTHS] = {"2021-11", "2021-12", "2022-01", "2022-02", "2022-03", "2022-04"};

static void finish_table(const char *title, struct table *table)
{
    printf("\n%s\n", title);
    table_print(table, TABLE_PEOPLE, stdout);
    table_free(table);
}

// Adds so many numbers, each a uint64_t.
static void add_numbers(struct table *table, int count, ...)
{
    va_list numbers;
    va_start(numbers, count);
    for (int i = 0; i < count; i++)
        table_number(table, va_arg(numbers, uint64_t));
    va_end(numbers);
}

// ---- municipalities

static uint64_t paid_out(const struct model *model, uint32_t municipality)
{
    uint64_t points = 0;
    for (int purpose = 1; purpose <= PURPOSES; purpose++)
        points += model->paid_out[municipality][purpose];
    return points;
}

static void add_place(
    struct table *table, const char *name, const struct books *books, uint64_t took_part, uint64_t paid)
{
    table_text(table, name);
    add_numbers(table, 5, books->accounts, took_part, books->issued, books->donated, paid);
    table_signed(table, (int64_t)(books->donated - paid));
    add_numbers(table, 3, books->converted, books->expired, books->balances);
}

static void print_places(const struct model *model, const struct municipality_names *names)
{
    static const struct table_column columns[] = {{"municipality", TABLE_TEXT}, {"accounts", TABLE_NUMBER},
        {"sdgs_quest", TABLE_NUMBER}, {"issued", TABLE_NUMBER}, {"donated", TABLE_NUMBER}, {"paid_out", TABLE_NUMBER},
        {"open", TABLE_NUMBER}, {"converted", TABLE_NUMBER}, {"expired", TABLE_NUMBER}, {"balances", TABLE_NUMBER}};
    struct table *table = table_new("municipalities", columns, sizeof columns / sizeof *columns);
    struct books total = model_total(model);
    uint64_t paid = 0;
    for (uint32_t i = 0; i < MUNICIPALITIES; i++) {
        const struct municipality_name *name = municipality_names_get(names, model->codes[i]);
        add_place(table, name ? name->ja : "?", &model->books[i], model->quests[SDGS].places[i].residents,
            paid_out(model, i));
        paid += paid_out(model, i);
    }
    add_place(table, "合計", &total, model_quest_total(model, SDGS).residents, paid);
    finish_table("The twelve municipalities: accounts, residents who took part in the SDGs quest, points", table);
}

// ---- months, quests

static void print_months(const struct model *model)
{
    static const struct table_column columns[] = {{"month", TABLE_TEXT}, {"opened", TABLE_NUMBER},
        {"sdgs_deeds", TABLE_NUMBER}, {"receipts", TABLE_NUMBER}, {"outings", TABLE_NUMBER}, {"issued", TABLE_NUMBER},
        {"donated", TABLE_NUMBER}, {"converted", TABLE_NUMBER}, {"expired", TABLE_NUMBER}};
    struct table *table = table_new("months", columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < MONTHS; i++) {
        const struct month_tally *month = &model->months[i];
        table_text(table, months[i]);
        add_numbers(table, 8, month->opened, month->awards[SDGS], month->awards[RECEIPTS], month->awards[OUTINGS],
            month->issued, month->donated, month->converted, month->expired);
    }
    finish_table("Month by month: accounts, awards, points", table);
}

static void print_quests(const struct model *model)
{
    static const struct table_column columns[] = {{"quest", TABLE_TEXT}, {"budget", TABLE_NUMBER},
        {"issued", TABLE_NUMBER}, {"left", TABLE_NUMBER}, {"residents", TABLE_NUMBER}, {"awards", TABLE_NUMBER},
        {"reversed", TABLE_NUMBER}, {"shortfall", TABLE_NUMBER}};
    struct table *table = table_new("quests", columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 1; i <= QUESTS; i++) {
        const struct quest_tally *quest = &model->quests[i];
        struct quest_count total = model_quest_total(model, i);
        table_text(table, programme_quests[i].name);
        add_numbers(table, 7, quest->budget, quest->issued, quest->budget - quest->issued, total.residents,
            total.awards, quest->reversed, quest->shortfall);
    }
    const struct campaign_tally *campaign = &model->campaign;
    uint64_t awards = model_quest_total(model, RECEIPTS).awards + model_quest_total(model, OUTINGS).awards;
    table_text(table, programme_campaign_name);
    add_numbers(table, 7, campaign->budget, campaign->issued, campaign->budget - campaign->issued, campaign->residents,
        awards, model->quests[RECEIPTS].reversed + model->quests[OUTINGS].reversed,
        model->quests[RECEIPTS].shortfall + model->quests[OUTINGS].shortfall);
    finish_table("The quests, and the campaign that the last two belong to", table);
}

// ---- circulation

static uint64_t receipts_of(const struct model *model, uint32_t home, uint32_t place)
{
    uint64_t receipts = 0;
    for (int month = 0; month < MONTHS; month++)
        receipts += model->circulation[month][home][place].receipts;
    return receipts;
}

static void print_circulation(const struct model *model, const struct municipality_names *names)
{
    struct table_column columns[MUNICIPALITIES + 1] = {{"home", TABLE_TEXT}};
    char heads[MUNICIPALITIES][8] = {{0}};
    for (uint32_t i = 0; i < MUNICIPALITIES; i++) {
        const struct municipality_name *name = municipality_names_get(names, model->codes[i]);
        memcpy(heads[i], name ? name->ja : "??????", 6); // two characters are enough to tell them apart
        columns[i + 1] = (struct table_column){heads[i], TABLE_NUMBER};
    }
    struct table *table = table_new("circulation", columns, MUNICIPALITIES + 1);
    for (uint32_t home = 0; home < MUNICIPALITIES; home++) {
        table_text(table, municipality_names_get(names, model->codes[home])->ja);
        for (uint32_t place = 0; place < MUNICIPALITIES; place++)
            table_number(table, receipts_of(model, home, place));
    }
    finish_table("巡って買って応援: receipts, by home of the resident and by place of the shop", table);
}

// ---- corrections

static void add_correction(struct table *table, const char *what, uint64_t count, uint64_t points)
{
    table_text(table, what);
    add_numbers(table, 2, count, points);
}

static void print_corrections(const struct model *model)
{
    static const struct table_column columns[] = {
        {"what", TABLE_TEXT}, {"count", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("corrections", columns, sizeof columns / sizeof *columns);
    const struct corrections *done = &model->corrections;
    add_correction(table, "awards reversed: posted in error, forged receipts", done->awards, done->award_points);
    add_correction(table, "donations reversed, within 14 days", done->donations, done->donation_points);
    add_correction(table, "conversions reversed, before WAON answered", done->conversions, done->conversion_points);
    add_correction(table, "accounts merged: lost phones", done->merges, done->merge_points);
    add_correction(table, "accounts closed, balances forfeited", done->closed, done->closed_points);
    finish_table("Put right by the programme office; and those who left", table);
}

// ---- the rest in words

static const char *grouped(uint64_t number, char text[NUMBER_BYTES])
{
    char digits[NUMBER_BYTES];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, number), at = 0;
    for (int i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static uint64_t answered(const struct stream *stream, int code)
{
    uint64_t count = 0;
    for (int type = 0; type < STREAM_TYPES; type++)
        count += stream_count(stream, type, code);
    return count;
}

// Words in a paragraph: begins a line when they do not fit. Returns how far the line has come (0: a new paragraph), and
// frees them.
static int print_words(int width, char *words)
{
    if (width + 1 + (int)strlen(words) > LINE_WIDTH)
        width = printf("\n ") - 1;
    width += printf("%s%s", width ? " " : "", words);
    free(words);
    return width;
}

static void print_refusals(const struct stream *stream)
{
    char number[NUMBER_BYTES];
    int width = printf("\nRefused, each as expected:"), last = STREAM_CODES - 1;
    while (!answered(stream, last))
        last--;
    for (int code = OUTCOME(DUPLICATE) + 1; code <= last; code++)
        if (answered(stream, code))
            width = print_words(width, xprintf("%s %s%s", outcome_name((outcome_code)code),
                                           grouped(answered(stream, code), number), code < last ? "," : "."));
    putchar('\n');
}

static void print_settlements(const struct model *model)
{
    static const struct table_column columns[] = {
        {"paid_out_on", TABLE_TEXT}, {"up_to", TABLE_TEXT}, {"settlements", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("settlements", columns, sizeof columns / sizeof *columns);
    char day[JST_DAY_BYTES];
    for (uint32_t i = 0, next; i < model->settlement_count; i = next) {
        const struct settlement *run = &model->settlements[i];
        uint64_t points = 0;
        for (next = i; next < model->settlement_count && model->settlements[next].day == run->day; next++)
            points += model->settlements[next].points;
        jst_print_day(run->day, day);
        table_text(table, day);
        jst_print_day(run->to_day, day);
        table_text(table, day);
        add_numbers(table, 2, (uint64_t)(next - i), points);
    }
    finish_table("Donations paid out to the municipalities", table);
}

static void print_books(const struct model *model)
{
    struct books total = model_total(model);
    const struct {
        const char *book;
        uint64_t points;
    } books[] = {{"balances", total.balances}, {"held", total.held}, {"donated", total.donated},
        {"converted", total.converted}, {"expired", total.expired}, {"forfeited", total.forfeited},
        {"reversed", total.reversed}, {"fees", 0}};
    char number[NUMBER_BYTES];
    int width = printf("issued %s", grouped(total.issued, number));
    for (size_t i = 0; i < sizeof books / sizeof *books; i++)
        width = print_words(width, xprintf("%c %s %s", i ? '+' : '=', books[i].book, grouped(books[i].points, number)));
    putchar('\n');
}

static uint32_t notices_in_force(const struct model *model)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->notice_count; i++)
        count += model_notice_in_force(model, &model->notices[i]);
    return count;
}

static void print_ends(const struct model *model, const struct stream *stream)
{
    char day[JST_DAY_BYTES], number[NUMBER_BYTES];
    for (uint32_t quest = 1; quest <= QUESTS; quest++) {
        if (!model->quests[quest].exhausted_on)
            continue;
        jst_print_day(model->quests[quest].exhausted_on, day);
        printf("The budget of %s ran out on %s.\n", programme_quests[quest].name, day);
    }
    uint64_t frozen = stream_count(stream, TRANSACTION(FREEZE_ACCOUNT), OUTCOME(APPLIED));
    int width = print_words(0, xprintf("Of the balances %s will expire.", grouped(model_expiring(model), number)));
    width = print_words(width, xprintf("Accounts frozen for three days: %s.", grouped(frozen, number)));
    width = print_words(width,
        xprintf("Notices posted: %" PRIu32 ", in force: %" PRIu32 ".", model->notice_count, notices_in_force(model)));
    print_words(width, xprintf("Sent again, as after a lost answer: %s; nothing was applied twice.",
                           grouped(answered(stream, OUTCOME(DUPLICATE)), number)));
    putchar('\n');
}

void report_print(const struct model *model, struct stream *stream)
{
    struct tool_error error;
    struct municipality_names names;
    if (!municipality_names_fetch(stream_session(stream), &names, &error))
        fail_with(&error);
    print_places(model, &names);
    print_books(model);
    print_months(model);
    print_quests(model);
    print_circulation(model, &names);
    print_corrections(model);
    print_settlements(model);
    print_refusals(stream);
    print_ends(model, stream);
    municipality_names_free(&names);
}
