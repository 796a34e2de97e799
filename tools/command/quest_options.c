// A quest's definition from the command line's options.
#include "tools/command/quest_options.h"
#include "points/calendar.h"
#include "points/period.h"
#include "points/quest.h"
#include "tools/expiry_text.h"
#include "tools/jst.h"
#include "tools/shown.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- for whom

static int by_code(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

// The list replaces another one; "all" alone is for all.
static void read_municipalities(struct context *context, struct quest_options *options)
{
    size_t count = 0;
    const char *text = option_nth(&context->line, "municipality", 0);
    if (!text)
        return;
    bool all = !strcmp(text, "all") && !option_nth(&context->line, "municipality", 1);
    for (; !all && (text = option_nth(&context->line, "municipality", count)); count++) {
        if (count == GENESIS_MUNICIPALITIES_MAX)
            fail_usage(&context->line, "at most %d municipalities", GENESIS_MUNICIPALITIES_MAX);
        options->municipalities[count] = context_municipality(context, text);
    }
    qsort(options->municipalities, count, sizeof *options->municipalities, by_code);
    for (size_t i = 1; i < count; i++)
        if (options->municipalities[i] == options->municipalities[i - 1])
            fail_usage(&context->line, "--municipality %06" PRIu32 " is given twice", options->municipalities[i]);
    options->quest.municipalities = options->municipalities;
    options->quest.n_municipalities = count;
}

// ---- receipts

static void read_step(struct context *context, const char *text, Points__V1__ReceiptStep *step)
{
    char yen[24];
    const char *equals = strchr(text, '=');
    if (!equals || (size_t)(equals - text) >= sizeof yen)
        fail_usage(&context->line, "--step: \"%s\" should be YEN=POINTS, as in 500=50", shown(text));
    snprintf(yen, sizeof yen, "%.*s", (int)(equals - text), text);
    points__v1__receipt_step__init(step);
    step->amount_yen = parse_number(&context->line, "--step, YEN", yen, 1, RECEIPT_YEN_MAX);
    step->points = parse_number(&context->line, "--step, POINTS", equals + 1, 1, QUEST_POINTS_MAX);
}

// A step in the wrong place is more likely a wrong figure than another order.
static void check_order(
    const struct context *context, const Points__V1__ReceiptStep *before, const Points__V1__ReceiptStep *step)
{
    if (step->amount_yen == before->amount_yen)
        fail_usage(&context->line, "--step: %" PRIu64 " yen stand there twice", step->amount_yen);
    if (step->amount_yen < before->amount_yen)
        fail_usage(&context->line,
            "--step: %" PRIu64 " yen come after %" PRIu64 "; give the steps with their amounts ascending",
            step->amount_yen, before->amount_yen);
    if (step->points < before->points)
        fail_usage(&context->line,
            "--step: %" PRIu64 " yen would earn %" PRIu64 " points and %" PRIu64 " yen only %" PRIu64
            ": spending more would earn less",
            before->amount_yen, before->points, step->amount_yen, step->points);
}

// The list replaces another one.
static void read_steps(struct context *context, struct quest_options *options)
{
    size_t count = 0;
    for (const char *text; (text = option_nth(&context->line, "step", count)); count++) {
        if (count == RECEIPT_STEPS_MAX)
            fail_usage(&context->line, "at most %d steps", RECEIPT_STEPS_MAX);
        read_step(context, text, &options->steps[count]);
    }
    if (!count)
        return;
    for (size_t i = 0; i < count; i++) {
        if (i)
            check_order(context, &options->steps[i - 1], &options->steps[i]);
        options->step_pointers[i] = &options->steps[i];
    }
    options->receipt.steps = options->step_pointers;
    options->receipt.n_steps = count;
}

static void read_receipt(struct context *context, struct quest_options *options)
{
    const char *visited = option_get(&context->line, "bonus-municipalities"),
               *points = option_get(&context->line, "bonus-points");
    bool steps = option_get(&context->line, "step");
    if (!steps && !visited && !points)
        return;
    if (options->quest.receipt)
        options->receipt = *options->quest.receipt;
    else
        points__v1__receipt_terms__init(&options->receipt);
    read_steps(context, options);
    options->receipt.bonus_municipalities = (uint32_t)option_number(
        &context->line, "bonus-municipalities", 0, UINT32_MAX, options->receipt.bonus_municipalities);
    if (visited && !options->receipt.bonus_municipalities && !points)
        options->receipt.bonus_points = 0; // no bonus any more
    options->receipt.bonus_points =
        option_number(&context->line, "bonus-points", 0, QUEST_POINTS_MAX, options->receipt.bonus_points);
    if (!options->receipt.bonus_municipalities != !options->receipt.bonus_points)
        fail_usage(&context->line, "--bonus-municipalities and --bonus-points go together");
    if (options->receipt.bonus_municipalities > context_municipalities(context)->count)
        fail_usage(
            &context->line, "--bonus-municipalities: the ledger has %zu", context_municipalities(context)->count);
    if (!options->receipt.n_steps)
        fail_usage(
            &context->line, "--bonus-municipalities and --bonus-points are for a receipt quest, which has --step");
    options->quest.receipt = &options->receipt;
}

// ---- expiry

static void read_expiry(struct context *context, struct quest_options *options)
{
    const char *text = option_get(&context->line, "expires");
    if (!text)
        return;
    if (!expiry_parse(text, &options->expiry))
        fail_usage(&context->line,
            "--expires: \"%s\" is none of: never, a day as in 2022-03-31, days after the award as in 90d, months as in "
            "3m, fiscal-year, next-fiscal-year",
            shown(text));
    options->quest.expiry = options->expiry.kind ? &options->expiry : NULL;
}

// ---- what the ledger would refuse (QUEST_INVALID), and keep

static void check_days(const struct context *context, const Points__V1__DefineQuest *quest)
{
    enum { HOUR_S = 3600 };
    char first[JST_DAY_BYTES], last[JST_DAY_BYTES];
    int64_t periods = quest->times ? PROGRESS_COUNTED_PERIODS : PROGRESS_SINGLE_PERIODS;
    int64_t grace_s = periods * period_shortest_s(quest->period);
    jst_print_day(quest->first_day, first);
    jst_print_day(quest->last_day, last);
    if (quest->first_day > quest->last_day)
        fail_usage(&context->line, "the first day, %s, is after the last, %s", first, last);
    if (quest->grace_s > grace_s)
        fail_usage(&context->line,
            "--grace-hours: this quest may have at most %" PRId64 ", which are %" PRId64 " of its periods",
            grace_s / HOUR_S, periods);
}

static void check_expiry(const struct context *context, const Points__V1__DefineQuest *quest)
{
    if (expiry_valid(quest))
        return;
    if (quest->expiry->kind == POINTS__V1__EXPIRY_KIND__ON_DAY)
        fail_usage(&context->line, "--expires: the day should not be before the quest's last");
    fail_usage(&context->line, "--expires: days after the award are 1 to 3660, months 1 to 120");
}

static void check_cap(const struct context *context, const Points__V1__DefineQuest *quest)
{
    uint64_t points = quest->receipt ? quest->receipt->steps[0]->points : quest->points;
    if (quest->cap_points && quest->cap_points < points)
        fail_usage(&context->line, "--cap: %" PRIu64 " is less than the %" PRIu64 " points of one award",
            quest->cap_points, points);
}

// ---- all

void quest_options_read(struct context *context, struct quest_options *options)
{
    enum { HOURS_MAX = UINT32_MAX / 3600, HOUR_S = 3600 };
    Points__V1__DefineQuest *quest = &options->quest;
    quest->points = option_number(&context->line, "points", 1, QUEST_POINTS_MAX, quest->points);
    quest->cap_points = option_number(&context->line, "cap", 0, UINT64_MAX, quest->cap_points);
    quest->last_day = option_day(&context->line, "last", quest->last_day);
    if (option_get(&context->line, "grace-hours"))
        quest->grace_s = (uint32_t)option_number(&context->line, "grace-hours", 0, HOURS_MAX, 0) * HOUR_S;
    quest->residents_max = option_number(&context->line, "residents-max", 0, UINT64_MAX, quest->residents_max);
    read_municipalities(context, options);
    read_expiry(context, options);
    read_receipt(context, options);
    if (quest->receipt && quest->points)
        fail_usage(&context->line,
            "a quest has --points or --step, not both: of a receipt quest, the steps say what is earned");
    if (!quest->receipt && !quest->points)
        fail_usage(&context->line, "what does it earn? Give --points, or --step for a receipt quest");
    check_days(context, quest);
    check_expiry(context, quest);
    check_cap(context, quest);
}
