// A dry run for people.
#include "tools/batch/dry_run_summary.h"
#include "points/calendar.h"
#include "tools/jst.h"
#include "tools/outcome_names.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int compare_fn(const void *left, const void *right);
#define ROW(pointer) (*(const struct dry_run_row *const *)(pointer))
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

// The caller frees.
static const struct dry_run_row **sorted(const struct dry_run *dry_run, compare_fn *compare)
{
    const struct dry_run_row **rows = xmalloc((dry_run->count + 1) * sizeof *rows);
    for (size_t i = 0; i < dry_run->count; i++)
        rows[i] = &dry_run->rows[i];
    qsort(rows, dry_run->count, sizeof *rows, compare);
    return rows;
}

// Rows that are alike, one after the other in a sorted list.
struct group {
    size_t count, applied;
    uint64_t points;
};

static struct group group_at(
    const struct dry_run *dry_run, const struct dry_run_row **rows, compare_fn *compare, size_t at)
{
    struct group group = {0};
    for (size_t i = at; i < dry_run->count && compare(&rows[at], &rows[i]) == 0; i++) {
        group.count++;
        group.applied += rows[i]->code == OUTCOME(APPLIED);
        group.points += rows[i]->points;
    }
    return group;
}

static int by_type_and_code(const void *left, const void *right)
{
    const struct dry_run_row *a = ROW(left), *b = ROW(right);
    return a->type != b->type ? ORDER(a->type, b->type) : ORDER(a->code, b->code);
}

// Reversals, which have no quest, come first.
static int by_quest(const void *left, const void *right)
{
    const struct dry_run_row *a = ROW(left), *b = ROW(right);
    return a->type != b->type ? (a->type == TRANSACTION(AWARD)) - (b->type == TRANSACTION(AWARD))
                              : ORDER(a->quest, b->quest);
}

static void print_outcomes(const struct dry_run *dry_run, FILE *file)
{
    struct group group;
    const struct dry_run_row **rows = sorted(dry_run, by_type_and_code);
    for (size_t i = 0; i < dry_run->count; i += group.count) {
        group = group_at(dry_run, rows, by_type_and_code, i);
        fprintf(file, "%-8s %-22s %8zu %-12s %12" PRIu64 " points\n", transaction_name(rows[i]->type),
            outcome_name(rows[i]->code), group.count, group.count == 1 ? "transaction" : "transactions", group.points);
    }
    free(rows);
}

static void print_quests(const struct dry_run *dry_run, FILE *file)
{
    struct group group;
    const struct dry_run_row **rows = sorted(dry_run, by_quest);
    for (size_t i = 0; i < dry_run->count; i += group.count) {
        group = group_at(dry_run, rows, by_quest, i);
        if (rows[i]->type == TRANSACTION(AWARD))
            fprintf(file, "quest %" PRIu32 ": %zu award%s, of which %zu would be applied, %" PRIu64 " points\n",
                rows[i]->quest, group.count, group.count == 1 ? "" : "s", group.applied, group.points);
    }
    free(rows);
}

// ---- repeats

static int by_what(const void *left, const void *right)
{
    const struct dry_run_row *a = ROW(left), *b = ROW(right);
    int order = ORDER(a->type, b->type);
    if (!order)
        order = memcmp(a->subject, b->subject, ID_BYTES);
    if (!order)
        order = ORDER(a->quest, b->quest);
    if (!order)
        order = ORDER(calendar_day(a->occurred_at), calendar_day(b->occurred_at));
    return order ? order : memcmp(a->receipt, b->receipt, HASH_BYTES);
}

static int by_what_and_line(const void *left, const void *right)
{
    int order = by_what(left, right);
    return order ? order : ORDER(ROW(left)->line, ROW(right)->line);
}

struct repeat {
    const struct dry_run_row *row, *first;
};

static int by_line(const void *left, const void *right)
{
    return ORDER(((const struct repeat *)left)->row->line, ((const struct repeat *)right)->row->line);
}

// In the order of their lines. The caller frees.
static struct repeat *find_repeats(const struct dry_run *dry_run, size_t *count)
{
    const struct dry_run_row **rows = sorted(dry_run, by_what_and_line), **first = rows;
    struct repeat *repeats = xmalloc((dry_run->count + 1) * sizeof *repeats);
    *count = 0;
    for (const struct dry_run_row **row = rows + 1; row < rows + dry_run->count; row++) {
        if (by_what(first, row) == 0)
            repeats[(*count)++] = (struct repeat){*row, *first};
        else
            first = row;
    }
    qsort(repeats, *count, sizeof *repeats, by_line);
    free(rows);
    return repeats;
}

struct dry_run_sum dry_run_sum(const struct dry_run *dry_run)
{
    struct dry_run_sum sum = {0};
    free(find_repeats(dry_run, &sum.repeats));
    for (size_t i = 0; i < dry_run->count; i++) {
        sum.applied += dry_run->rows[i].code == OUTCOME(APPLIED);
        sum.points += dry_run->rows[i].points;
    }
    return sum;
}

static void print_repeat(const struct repeat *repeat, FILE *file)
{
    enum { DAY_CHARACTERS = 10 };
    char subject[ID_TEXT_BYTES], time[JST_TIME_BYTES];
    id_print(repeat->row->subject, subject);
    jst_print_time(repeat->row->occurred_at, time);
    fprintf(file, "line %" PRIu32 " repeats line %" PRIu32 ": ", repeat->row->line, repeat->first->line);
    if (repeat->row->type == TRANSACTION(AWARD))
        fprintf(file, "quest %" PRIu32 ", account %s, %.*s\n", repeat->row->quest, subject, DAY_CHARACTERS, time);
    else
        fprintf(file, "reversal of %s\n", subject);
}

static void print_repeats(const struct dry_run *dry_run, FILE *file)
{
    size_t count;
    struct repeat *repeats = find_repeats(dry_run, &count);
    fprintf(file, count ? "\nWarning, lines that repeat another: %zu\n" : "\nNo line repeats another.\n", count);
    for (size_t i = 0; i < count; i++)
        print_repeat(&repeats[i], file);
    free(repeats);
}

char *dry_run_summary(const struct dry_run *dry_run, const uint8_t sha256[HASH_BYTES], size_t *size)
{
    char *text, hex[2 * HASH_BYTES + 1];
    FILE *file = open_memstream(&text, size);
    if (!file)
        fail(EXIT_FAILED, "out of memory");
    fprintf(file, "Dry run of %zu transaction%s: what each would come to if it stood alone.\ndigest %s\n\n",
        dry_run->count, dry_run->count == 1 ? "" : "s", sodium_bin2hex(hex, sizeof hex, sha256, HASH_BYTES));
    print_outcomes(dry_run, file);
    print_quests(dry_run, file);
    print_repeats(dry_run, file);
    if (fclose(file) != 0)
        fail(EXIT_FAILED, "out of memory");
    return text;
}

// ---- budgets

static void say_budget(const char *of, uint32_t number, uint64_t points, uint64_t left)
{
    if (points <= left)
        say("%s %" PRIu32 ": %" PRIu64 " points of awards, %" PRIu64 " are left of its budget", of, number, points,
            left);
    else
        say("%s %" PRIu32 ": %" PRIu64 " points of awards, but only %" PRIu64
            " are left of its budget: the last of them "
            "would be refused (BUDGET_EXHAUSTED); two operators can raise it with `points set-budget`",
            of, number, points, left);
}

struct campaign_sum {
    uint32_t campaign;
    uint64_t points;
};

// Asks for the quest and says what it has left. Returns its campaign, 0: none.
static uint32_t ask_quest(struct context *context, uint32_t quest, uint64_t points)
{
    Points__V1__GetQuest ask = POINTS__V1__GET_QUEST__INIT;
    ask.quest = quest;
    Points__V1__Response *response = context_call(context, REQUEST(GET_QUEST), &ask);
    const Points__V1__QuestReply *reply = response->quest;
    if (!reply->quest)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    uint32_t campaign = reply->quest->campaign;
    say_budget("quest", quest, points, reply->budget_points - reply->issued_points);
    client_free_response(response);
    return campaign;
}

static void ask_campaign(struct context *context, const struct campaign_sum *sum)
{
    Points__V1__GetCampaign ask = POINTS__V1__GET_CAMPAIGN__INIT;
    ask.campaign = sum->campaign;
    Points__V1__Response *response = context_call(context, REQUEST(GET_CAMPAIGN), &ask);
    const Points__V1__CampaignReply *reply = response->campaign;
    say_budget("campaign", sum->campaign, sum->points, reply->budget_points - reply->issued_points);
    client_free_response(response);
}

static void add_to_campaign(struct campaign_sum *sums, size_t *count, uint32_t campaign, uint64_t points)
{
    size_t at = 0;
    while (at < *count && sums[at].campaign != campaign)
        at++;
    if (at == *count)
        sums[(*count)++] = (struct campaign_sum){.campaign = campaign};
    sums[at].points += points;
}

void dry_run_say_budgets(struct context *context, const struct dry_run *dry_run)
{
    struct group group;
    const struct dry_run_row **rows = sorted(dry_run, by_quest);
    struct campaign_sum *sums = xmalloc((dry_run->count + 1) * sizeof *sums);
    size_t campaigns = 0;
    for (size_t i = 0; i < dry_run->count; i += group.count) {
        group = group_at(dry_run, rows, by_quest, i);
        if (rows[i]->type != TRANSACTION(AWARD) || !group.points)
            continue;
        uint32_t campaign = ask_quest(context, rows[i]->quest, group.points);
        if (campaign)
            add_to_campaign(sums, &campaigns, campaign, group.points);
    }
    for (size_t i = 0; i < campaigns; i++)
        ask_campaign(context, &sums[i]);
    free(sums);
    free(rows);
}
