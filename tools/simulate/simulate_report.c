// The report of a simulation.
#include "tools/simulate/simulate_report.h"
#include "proto/arena.h"
#include "tools/jst.h"
#include "tools/simulate/simulate_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BOOKS_ARENA_BYTES = 1 << 20 };

// "1,234,567", until the fourth call after it.
static const char *grouped(uint64_t number)
{
    static char texts[4][32];
    static unsigned turn;
    char *text = texts[turn++ % 4], digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *separated = table_with_separators(digits);
    snprintf(text, sizeof texts[0], "%s", separated);
    free(separated);
    return text;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

// ---- what is played

static void print_head(const struct play *play)
{
    const struct design *design = play->design;
    char first[JST_DAY_BYTES], last[JST_DAY_BYTES];
    jst_print_day(design->first_day, first);
    jst_print_day(design->last_day, last);
    printf("%s: %zu quest%s, played from %s to %s, seed %" PRIu64 ".\n", design->path, design->quest_count,
        design->quest_count == 1 ? "" : "s", first, last, play->seed);
    if (design->sample > 1)
        printf("One resident in %" PRIu32 " plays, budgets are divided likewise, and the figures are scaled up; "
               "--sample 1 plays all.\n",
            design->sample);
}

static void print_people(const struct play *play)
{
    const struct municipality_list *list = play->design->municipalities;
    struct play_tally total = play_total(play_together(play));
    uint64_t population = 0, participants = 0;
    for (size_t i = 0; i < list->count; i++) {
        population += list->residents[i];
        participants += scaled(play, play->participants[i]);
    }
    printf("\nOf %s residents %s take part (%.1f%%), ", grouped(population), grouped(participants),
        percent(participants, population));
    printf("and %s have an award.\n", grouped(scaled(play, total.residents)));
    printf("It costs %s points, for %s awards.\n", grouped(scaled(play, total.points)),
        grouped(scaled(play, total.awards)));
}

// ---- budgets

static void print_budget(
    const struct play *play, const struct play_part *part, const char *name, uint64_t budget, uint32_t last_day)
{
    char day[JST_DAY_BYTES];
    uint64_t left = budget - scaled(play, play_total(part).points);
    uint32_t days = last_day - part->ran_out_on;
    printf("%s: the budget of %s points ", name, grouped(budget));
    jst_print_day(part->ran_out_on, day);
    if (part->ran_out_on == last_day)
        printf("runs out on the last day, %s", day);
    else if (part->ran_out_on)
        printf("RUNS OUT ON %s, %" PRIu32 " day%s before the last day", day, days, days == 1 ? "" : "s");
    else
        printf("lasts");
    if (left)
        printf("; %s (%.1f%%) are left", grouped(left), percent(left, budget));
    puts(".");
}

static void print_budgets(const struct play *play)
{
    const struct design *design = play->design;
    for (size_t i = 0; i < design->quest_count; i++) {
        const struct design_quest *quest = &design->quests[i];
        if (quest->budget_points != BUDGET_NOT_GIVEN)
            print_budget(
                play, &play->parts[i], quest->options.quest.name, quest->budget_points, quest->options.quest.last_day);
    }
    if (design->campaign_line && design->campaign_budget_points != BUDGET_NOT_GIVEN)
        print_budget(
            play, play_together(play), design->campaign.name, design->campaign_budget_points, design->last_award_day);
}

// ---- what becomes of the points

// Of the points that residents have, those that expire unless they are spent.
static void print_expiring(const struct play *play)
{
    size_t count;
    uint64_t points = 0;
    char last[JST_DAY_BYTES];
    struct expiry_sum *sums = expiry_sums(play, &count);
    for (size_t i = 0; i < count; i++)
        points += sums[i].expired ? 0 : sums[i].points;
    if (points) {
        jst_print_day(sums[count - 1].last_day, last);
        printf(
            "%s of these expire, the last with %s; --by expiry lists the days.\n", grouped(scaled(play, points)), last);
    }
    free(sums);
}

static void print_books(const struct play *play)
{
    char last[JST_DAY_BYTES];
    struct arena arena;
    arena_init(&arena, BOOKS_ARENA_BYTES);
    const Points__V1__Books *books = points_trial_balance(play->state, &arena.allocator)->total;
    jst_print_day(play->design->last_day, last);
    printf("After %s, %s points are spent, ", last, grouped(scaled(play, books->donated)));
    printf("%s have expired, and residents have %s.\n", grouped(scaled(play, books->expired)),
        grouped(scaled(play, books->balances)));
    arena_free(&arena);
    print_expiring(play);
}

static void print_table(struct context *context, const struct play *play, const char *heading, simulate_table_fn *make)
{
    struct table *table = make(context, play, false);
    if (!table_rows(table)) {
        table_free(table);
        return;
    }
    printf("\n%s\n", heading);
    context_print(context, table);
}

void report_print(struct context *context, const struct play *play)
{
    print_head(play);
    print_people(play);
    print_budgets(play);
    print_books(play);
    print_table(context, play, "Quests", quests_table);
    print_table(context, play, "Weeks", weeks_table);
    print_table(context, play, "Municipalities", municipalities_table);
    print_table(context, play, "Refused", refusals_table);
}
