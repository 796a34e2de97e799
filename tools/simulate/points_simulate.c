// The command that plays the design of a campaign, before it is one.
#include "tools/shown.h"
#include "tools/simulate/simulate_commands.h"
#include "tools/simulate/simulate_report.h"
#include "tools/simulate/simulate_runs.h"
#include "tools/simulate/simulate_setup.h"
#include "tools/simulate/simulate_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *by;
    simulate_table_fn *make;
} tables[] = {{"quest", quests_table}, {"municipality", municipalities_table}, {"week", weeks_table},
    {"refusal", refusals_table}, {"expiry", expiry_table}};

enum { TABLES = sizeof tables / sizeof *tables };

static simulate_table_fn *table_wanted(const struct context *context)
{
    const char *by = option_get(&context->line, "by");
    for (size_t i = 0; i < TABLES; i++)
        if (!by || !strcmp(by, tables[i].by))
            return tables[i].make;
    fail_usage(&context->line, "--by: \"%s\" is none of: quest, municipality, week, refusal, expiry", shown(by));
}

// The names of municipalities come from the list, as there is no daemon to ask.
static void name_municipalities(struct context *context, const struct municipality_list *list, const char *path)
{
    struct municipality_names *names = &context->names.municipalities;
    names->rows = xcalloc(list->count, sizeof *names->rows);
    for (; names->count < list->count; names->count++) {
        const Points__V1__Municipality *row = &list->rows[names->count];
        if (list->residents[names->count] == RESIDENTS_UNKNOWN)
            fail(EXIT_WRONG_USE,
                "%s does not say how many live in %s; it should in a column population_2020, or of another year", path,
                row->name_ja);
        names->rows[names->count] = (struct municipality_name){row->code, xstrdup(row->name_ja), xstrdup(row->name_en)};
    }
}

static void print_result(struct context *context, const struct design *design)
{
    struct play *play = play_all(design, design->seed);
    if (context->format == TABLE_PEOPLE && !option_get(&context->line, "by"))
        report_print(context, play);
    else
        context_print(context, table_wanted(context)(context, play, true));
    play_free(play);
}

static void check_options(const struct context *context)
{
    bool commands = option_get(&context->line, "commands"), runs = option_get(&context->line, "runs");
    table_wanted(context);
    if (runs && option_get(&context->line, "by"))
        fail_usage(&context->line, "--runs has one table; --by is for one run");
    if (commands && (runs || option_get(&context->line, "by") || context->format != TABLE_PEOPLE))
        fail_usage(&context->line, "--commands prints commands and plays nothing; leave the other options out");
}

static int run_simulate(struct context *context)
{
    enum { RUNS_MAX = 1000 };
    static struct municipality_list municipalities;
    const char *list = option_get(&context->line, "municipalities");
    size_t runs = option_number(&context->line, "runs", 1, RUNS_MAX, 1);
    check_options(context);
    municipality_list_read(list, &municipalities);
    name_municipalities(context, &municipalities, list ? list : "the list");
    struct design *design =
        design_read(argument_xget(&context->line, 0), &municipalities, &context->names.municipalities);
    design->sample = (uint32_t)option_number(&context->line, "sample", 1, DESIGN_SAMPLE_MAX, design->sample);
    points_free(setup_state(design, 1)); // the design as it is, not as a sample has it
    if (option_get(&context->line, "commands"))
        commands_print(design, stdout);
    else if (option_get(&context->line, "runs"))
        runs_print(context, design, runs);
    else
        print_result(context, design);
    design_free(design);
    municipality_list_free(&municipalities);
    return EXIT_SUCCESS;
}

const struct command commands_simulate[] = {
    {"simulate",
        "FILE [--by quest|municipality|week|refusal|expiry] [--sample NUMBER] [--runs NUMBER] [--municipalities FILE] "
        "[--commands]",
        "play a design of quests and budgets by the rules: what it costs, and when the budget ends", NULL, 0,
        run_simulate},
    {0},
};
