// Tables of a simulation.
#include "tools/simulate/simulate_tables.h"
#include "proto/arena.h"
#include "tools/cells.h"
#include "tools/outcome_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

uint64_t scaled(const struct play *play, uint64_t number)
{
    return number * play->design->sample;
}

// One quest is the same as all together.
static bool is_shown(const struct play *play, size_t part, bool every_quest)
{
    size_t together = play->design->quest_count;
    return together == 1 ? part == 0 : every_quest || part == together;
}

// With the first column, which is the quest's number, or without it.
static struct table *part_table(const char *name, const struct table_column *columns, size_t count, bool every_quest)
{
    return table_new(name, columns + !every_quest, count - !every_quest);
}

static void quest_cell(struct table *table, const struct play *play, size_t part)
{
    if (part < play->design->quest_count)
        table_number(table, play->design->quests[part].options.quest.quest);
    else
        table_empty(table);
}

static void ran_out_cell(struct table *table, const struct play_part *part)
{
    if (part->ran_out_on)
        day_cell(table, part->ran_out_on);
    else
        table_empty(table);
}

// ---- quests and campaign

static void costs_cells(struct table *table, const struct play *play, const struct play_part *part, uint64_t budget)
{
    struct play_tally total = play_total(part);
    table_number(table, scaled(play, total.awards));
    table_number(table, scaled(play, total.residents));
    table_number(table, scaled(play, total.points));
    if (budget == BUDGET_NOT_GIVEN) {
        table_empty(table);
        table_empty(table);
    } else {
        table_number(table, budget);
        table_number(table, budget - scaled(play, total.points));
    }
    ran_out_cell(table, part);
    table_number(table, scaled(play, total.refused));
}

static void campaign_row(struct table *table, const struct play *play)
{
    const struct design *design = play->design;
    table_empty(table);
    table_text(table, design->campaign.name);
    table_empty(table);
    table_empty(table);
    costs_cells(table, play, play_together(play), design->campaign_budget_points);
}

struct table *quests_table(struct context *context, const struct play *play, bool every_quest)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"awards", TABLE_NUMBER}, {"residents", TABLE_NUMBER},
        {"used_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}, {"left_points", TABLE_NUMBER},
        {"ran_out_on", TABLE_TEXT}, {"refused", TABLE_NUMBER}};
    struct table *table = table_new("quests", columns, COUNT(columns));
    (void)context;
    (void)every_quest;
    for (size_t i = 0; i < play->design->quest_count; i++) {
        const struct design_quest *quest = &play->design->quests[i];
        quest_cell(table, play, i);
        table_text(table, quest->options.quest.name);
        day_cell(table, quest->options.quest.first_day);
        day_cell(table, quest->options.quest.last_day);
        costs_cells(table, play, &play->parts[i], quest->budget_points);
    }
    if (play->design->campaign_line)
        campaign_row(table, play);
    return table;
}

// ---- municipalities

struct table *municipalities_table(struct context *context, const struct play *play, bool every_quest)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, MUNICIPALITY_COLUMNS,
        {"population", TABLE_NUMBER}, {"take_part", TABLE_NUMBER}, {"residents", TABLE_NUMBER},
        {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"refused", TABLE_NUMBER}};
    const struct municipality_list *list = play->design->municipalities;
    struct table *table = part_table("municipalities", columns, COUNT(columns), every_quest);
    for (size_t part = 0; part <= play->design->quest_count; part++)
        for (size_t i = 0; i < list->count && is_shown(play, part, every_quest); i++) {
            const struct play_tally *tally = &play->parts[part].municipalities[i];
            if (every_quest)
                quest_cell(table, play, part);
            context_municipality_cells(context, table, list->rows[i].code);
            table_number(table, list->residents[i]);
            table_number(table, scaled(play, play->participants[i]));
            table_number(table, scaled(play, tally->residents));
            table_number(table, scaled(play, tally->awards));
            table_number(table, scaled(play, tally->points));
            table_number(table, scaled(play, tally->refused));
        }
    return table;
}

// ---- weeks

enum { CURVE_WIDTH = 30 };

static uint64_t points_max(const struct play *play, const struct play_part *part)
{
    uint64_t most = 0;
    for (size_t i = 0; i < play->week_count; i++)
        most = part->weeks[i].points > most ? part->weeks[i].points : most;
    return most;
}

// A bar as long as the week's points; the longest of all is full.
static void curve_cell(struct table *table, uint64_t points, uint64_t most)
{
    static const char block[] = "▇";
    char bar[CURVE_WIDTH * (sizeof block - 1) + 1] = "";
    uint64_t width = most ? (points * CURVE_WIDTH + most - 1) / most : 0; // a little is more than nothing
    for (uint64_t i = 0; i < width; i++)
        strcpy(bar + i * (sizeof block - 1), block);
    table_text(table, bar);
}

static void week_rows(
    const struct context *context, struct table *table, const struct play *play, size_t number, bool every_quest)
{
    const struct play_part *part = &play->parts[number];
    uint64_t so_far = 0, most = points_max(play, part);
    for (size_t i = 0; i < play->week_count; i++) {
        so_far += part->weeks[i].points;
        if (every_quest)
            quest_cell(table, play, number);
        day_cell(table, play_week_first_day(play, i));
        table_number(table, scaled(play, part->weeks[i].awards));
        table_number(table, scaled(play, part->weeks[i].refused));
        table_number(table, scaled(play, part->weeks[i].points));
        table_number(table, scaled(play, so_far));
        if (context->format == TABLE_PEOPLE)
            curve_cell(table, part->weeks[i].points, most);
    }
}

struct table *weeks_table(struct context *context, const struct play *play, bool every_quest)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"first_day", TABLE_TEXT},
        {"awards", TABLE_NUMBER}, {"refused", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"points_so_far", TABLE_NUMBER},
        {"curve", TABLE_TEXT}}; // the last for people
    struct table *table = part_table("weeks", columns, COUNT(columns) - (context->format != TABLE_PEOPLE), every_quest);
    for (size_t part = 0; part <= play->design->quest_count; part++)
        if (is_shown(play, part, every_quest))
            week_rows(context, table, play, part, every_quest);
    return table;
}

// ---- refusals

struct table *refusals_table(struct context *context, const struct play *play, bool every_quest)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"outcome", TABLE_TEXT},
        {"awards", TABLE_NUMBER}, {"first_day", TABLE_TEXT}, {"meaning", TABLE_TEXT}};
    struct table *table = part_table("refusals", columns, COUNT(columns), every_quest);
    (void)context;
    for (size_t part = 0; part <= play->design->quest_count; part++)
        for (size_t i = 0; i < play->parts[part].refusal_count && is_shown(play, part, every_quest); i++) {
            const struct play_refusal *refusal = &play->parts[part].refusals[i];
            if (every_quest)
                quest_cell(table, play, part);
            table_text(table, outcome_name(refusal->code));
            table_number(table, scaled(play, refusal->awards));
            day_cell(table, refusal->first_day);
            table_text(table, outcome_advice(refusal->code));
        }
    return table;
}

// ---- expiry

enum { EXPIRY_ARENA_BYTES = 1 << 22 }; // one page

// Rows of one day, one for each municipality, follow each other.
static struct expiry_sum *add_page(struct expiry_sum *sums, size_t *count, const Points__V1__ExpiryReply *page)
{
    sums = xrealloc(sums, (*count + page->n_rows) * sizeof *sums);
    for (size_t i = 0; i < page->n_rows; i++) {
        const Points__V1__ExpiryRow *row = page->rows[i];
        if (!*count || sums[*count - 1].last_day != row->last_day)
            sums[(*count)++] = (struct expiry_sum){row->last_day, row->expired, 0};
        sums[*count - 1].points += row->points;
    }
    return sums;
}

struct expiry_sum *expiry_sums(const struct play *play, size_t *count)
{
    static const struct points_asker operator= {.role = ROLE(OPERATOR)};
    Points__V1__GetExpiry query = POINTS__V1__GET_EXPIRY__INIT;
    struct expiry_sum *sums = NULL;
    struct arena arena;
    *count = 0;
    arena_init(&arena, EXPIRY_ARENA_BYTES);
    do {
        arena_reset(&arena);
        const Points__V1__ExpiryReply *page = points_expiry(play->state, &operator, & query, &arena.allocator);
        sums = add_page(sums, count, page);
        query.offset = page->next_offset;
    } while (query.offset);
    arena_free(&arena);
    return sums;
}

struct table *expiry_table(struct context *context, const struct play *play, bool every_quest)
{
    static const struct table_column columns[] = {
        {"last_day", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"expired", TABLE_BOOLEAN}};
    struct table *table = table_new("expiry", columns, COUNT(columns));
    size_t count;
    struct expiry_sum *sums = expiry_sums(play, &count);
    (void)context;
    (void)every_quest;
    for (size_t i = 0; i < count; i++) {
        day_cell(table, sums[i].last_day);
        table_number(table, scaled(play, sums[i].points));
        table_boolean(table, sums[i].expired);
    }
    free(sums);
    return table;
}
