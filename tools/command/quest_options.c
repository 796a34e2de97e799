// A quest's definition from the command line's options.
#include "tools/command/quest_options.h"
#include "tools/expiry_text.h"
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
    const char *text = option_nth(context, "municipality", 0);
    if (!text)
        return;
    bool all = !strcmp(text, "all") && !option_nth(context, "municipality", 1);
    for (; !all && (text = option_nth(context, "municipality", count)); count++) {
        if (count == GENESIS_MUNICIPALITIES_MAX)
            fail_usage(context, "at most %d municipalities", GENESIS_MUNICIPALITIES_MAX);
        options->municipalities[count] = context_municipality(context, text);
    }
    qsort(options->municipalities, count, sizeof *options->municipalities, by_code);
    for (size_t i = 1; i < count; i++)
        if (options->municipalities[i] == options->municipalities[i - 1])
            fail_usage(context, "--municipality %06" PRIu32 " is given twice", options->municipalities[i]);
    options->quest.municipalities = options->municipalities;
    options->quest.n_municipalities = count;
}

// ---- receipts

static void read_step(struct context *context, const char *text, Points__V1__ReceiptStep *step)
{
    char yen[24];
    const char *equals = strchr(text, '=');
    if (!equals || (size_t)(equals - text) >= sizeof yen)
        fail_usage(context, "--step: \"%s\" should be YEN=POINTS, as in 500=50", shown(text));
    snprintf(yen, sizeof yen, "%.*s", (int)(equals - text), text);
    points__v1__receipt_step__init(step);
    step->amount_yen = parse_number(context, "--step, YEN", yen, 1, UINT64_MAX);
    step->points = parse_number(context, "--step, POINTS", equals + 1, 1, UINT64_MAX);
}

static int by_amount(const void *left, const void *right)
{
    const Points__V1__ReceiptStep *a = left, *b = right;
    return (a->amount_yen > b->amount_yen) - (a->amount_yen < b->amount_yen);
}

// The list replaces another one.
static void read_steps(struct context *context, struct quest_options *options)
{
    size_t count = 0;
    for (const char *text; (text = option_nth(context, "step", count)); count++) {
        if (count == RECEIPT_STEPS_MAX)
            fail_usage(context, "at most %d steps", RECEIPT_STEPS_MAX);
        read_step(context, text, &options->steps[count]);
    }
    if (!count)
        return;
    qsort(options->steps, count, sizeof *options->steps, by_amount);
    for (size_t i = 0; i < count; i++) {
        if (i && options->steps[i].amount_yen == options->steps[i - 1].amount_yen)
            fail_usage(context, "--step: %" PRIu64 " yen stand there twice", options->steps[i].amount_yen);
        options->step_pointers[i] = &options->steps[i];
    }
    options->receipt.steps = options->step_pointers;
    options->receipt.n_steps = count;
}

static void read_receipt(struct context *context, struct quest_options *options)
{
    const char *visited = option_get(context, "bonus-municipalities"), *points = option_get(context, "bonus-points");
    bool steps = option_get(context, "step");
    if (!steps && !visited && !points)
        return;
    if (options->quest.receipt)
        options->receipt = *options->quest.receipt;
    else
        points__v1__receipt_terms__init(&options->receipt);
    read_steps(context, options);
    options->receipt.bonus_municipalities =
        (uint32_t)option_number(context, "bonus-municipalities", 0, UINT32_MAX, options->receipt.bonus_municipalities);
    if (visited && !options->receipt.bonus_municipalities && !points)
        options->receipt.bonus_points = 0; // no bonus any more
    options->receipt.bonus_points =
        option_number(context, "bonus-points", 0, UINT64_MAX, options->receipt.bonus_points);
    if (!options->receipt.bonus_municipalities != !options->receipt.bonus_points)
        fail_usage(context, "--bonus-municipalities and --bonus-points go together");
    if (!options->receipt.n_steps)
        fail_usage(context, "--bonus-municipalities and --bonus-points are for a receipt quest, which has --step");
    options->quest.receipt = &options->receipt;
}

// ---- expiry

static void read_expiry(struct context *context, struct quest_options *options)
{
    const char *text = option_get(context, "expires");
    if (!text)
        return;
    if (!expiry_parse(text, &options->expiry))
        fail_usage(context,
            "--expires: \"%s\" is none of: never, a day as in 2022-03-31, days after the award as in 90d, months as in "
            "3m, fiscal-year, next-fiscal-year",
            shown(text));
    options->quest.expiry = options->expiry.kind ? &options->expiry : NULL;
}

// ---- all

void quest_options_read(struct context *context, struct quest_options *options)
{
    enum { HOURS_MAX = UINT32_MAX / 3600, HOUR_S = 3600 };
    Points__V1__DefineQuest *quest = &options->quest;
    quest->points = option_number(context, "points", 0, UINT64_MAX, quest->points);
    quest->cap_points = option_number(context, "cap", 0, UINT64_MAX, quest->cap_points);
    quest->last_day = option_day(context, "last", quest->last_day);
    if (option_get(context, "grace-hours"))
        quest->grace_s = (uint32_t)option_number(context, "grace-hours", 0, HOURS_MAX, 0) * HOUR_S;
    quest->residents_max = option_number(context, "residents-max", 0, UINT64_MAX, quest->residents_max);
    read_municipalities(context, options);
    read_expiry(context, options);
    read_receipt(context, options);
    if (quest->receipt && quest->points)
        fail_usage(
            context, "a quest has --points or --step, not both: of a receipt quest, the steps say what is earned");
    if (!quest->receipt && !quest->points)
        fail_usage(context, "what does it earn? Give --points, or --step for a receipt quest");
}
