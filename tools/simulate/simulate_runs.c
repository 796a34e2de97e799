// Several runs of a simulation.
#include "tools/simulate/simulate_runs.h"
#include "tools/cells.h"
#include "tools/simulate/simulate_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// What one quest, or all together, came to in each run.
struct outcomes {
    uint64_t *points, *ran_out_on; // a budget that lasts runs out later than all others
};

static const uint64_t lasts = UINT64_MAX;

static void play_runs(const struct design *design, size_t runs, struct outcomes *parts)
{
    for (size_t run = 0; run < runs; run++) {
        struct play *play = play_all(design, design->seed + run);
        for (size_t i = 0; i <= design->quest_count; i++) {
            parts[i].points[run] = scaled(play, play_total(&play->parts[i]).points);
            parts[i].ran_out_on[run] = play->parts[i].ran_out_on ? play->parts[i].ran_out_on : lasts;
        }
        play_free(play);
    }
}

static int ascending(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void end_cell(struct table *table, uint64_t ran_out_on)
{
    if (ran_out_on == lasts)
        table_empty(table);
    else
        day_cell(table, (uint32_t)ran_out_on);
}

// Least, middle and most; of two in the middle, the lesser.
static void range_cells(struct table *table, const struct outcomes *part, size_t runs)
{
    const size_t chosen[] = {0, (runs - 1) / 2, runs - 1};
    uint64_t ran_out = 0;
    qsort(part->points, runs, sizeof *part->points, ascending);
    qsort(part->ran_out_on, runs, sizeof *part->ran_out_on, ascending);
    for (size_t i = 0; i < COUNT(chosen); i++)
        table_number(table, part->points[chosen[i]]);
    while (ran_out < runs && part->ran_out_on[ran_out] != lasts)
        ran_out++;
    table_number(table, ran_out);
    for (size_t i = 0; i < COUNT(chosen); i++)
        end_cell(table, part->ran_out_on[chosen[i]]);
}

static struct table *ranges_table(const struct design *design, size_t runs, struct outcomes *parts)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"points_min", TABLE_NUMBER}, {"points_median", TABLE_NUMBER}, {"points_max", TABLE_NUMBER},
        {"ran_out_runs", TABLE_NUMBER}, {"ran_out_min", TABLE_TEXT}, {"ran_out_median", TABLE_TEXT},
        {"ran_out_max", TABLE_TEXT}};
    struct table *table = table_new("runs", columns, COUNT(columns));
    for (size_t i = 0; i < design->quest_count; i++) {
        table_number(table, design->quests[i].options.quest.quest);
        table_text(table, design->quests[i].options.quest.name);
        range_cells(table, &parts[i], runs);
    }
    if (design->campaign_line) {
        table_empty(table);
        table_text(table, design->campaign.name);
        range_cells(table, &parts[design->quest_count], runs);
    }
    return table;
}

void runs_print(struct context *context, const struct design *design, size_t runs)
{
    struct outcomes parts[DESIGN_QUESTS_MAX + 1];
    for (size_t i = 0; i <= design->quest_count; i++) {
        parts[i].points = xcalloc(runs, sizeof *parts[i].points);
        parts[i].ran_out_on = xcalloc(runs, sizeof *parts[i].ran_out_on);
    }
    play_runs(design, runs, parts);
    if (context->format == TABLE_PEOPLE)
        printf("%s: %zu runs, seeds %" PRIu64 " to %" PRIu64 ".\n\n", design->path, runs, design->seed,
            design->seed + runs - 1);
    context_print(context, ranges_table(design, runs, parts));
    if (context->format == TABLE_PEOPLE && design->sample > 1)
        printf("\nOne resident in %" PRIu32 " played. All of them together vary less; --sample 1 plays them.\n",
            design->sample);
    for (size_t i = 0; i <= design->quest_count; i++) {
        free(parts[i].points);
        free(parts[i].ran_out_on);
    }
}
