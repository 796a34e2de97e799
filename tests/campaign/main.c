// points-campaign: plays the programme of 2021/22 against a running pointsd and checks every outcome and every total.
#include "tests/campaign/check.h"
#include "tests/campaign/model.h"
#include "tests/campaign/population.h"
#include "tests/campaign/report.h"
#include "tests/campaign/season.h"
#include "tests/campaign/stream.h"
#include "tools/number.h"
#include "tools/table.h"

#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Points a resident: enough for everybody, or gone before the end.
struct budgets {
    uint64_t sdgs, campaign;
};
static const struct budgets budgets_normal = {800, 100}, budgets_small = {170, 18};

struct settings {
    const char *dir;
    uint64_t seed;
    uint32_t residents_per; // one resident of so many plays
    bool small_budget;
};

static const char usage[] =
    "usage: points-campaign --dir DIR [--seed N] [--residents-per N] [--all] [--variant normal|small-budget]\n"
    "\n"
    "Plays the programme from November to April on the new SCRIPTED ledger in DIR, whose pointsd is running, and "
    "fails\n"
    "when any outcome or total differs from what it expects.\n"
    "\n"
    "  --dir DIR            the folder that `points init DIR --time-source scripted --time '2021-11-01 09:00'` made\n"
    "  --seed N             another season; the same seed gives the same transactions (default 1)\n"
    "  --residents-per N    one resident in N plays (default 100)\n"
    "  --all                all 2.6 million\n"
    "  --variant VARIANT    normal, or small-budget: the budgets run out before the end\n";

static uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    uint64_t number;
    if (!number_parse(text, min, max, &number))
        fail(EXIT_WRONG_USE, "--%s %s: it should be a number from %" PRIu64 " to %" PRIu64, option, text, min, max);
    return number;
}

static bool parse_variant(const char *text)
{
    if (strcmp(text, "normal") != 0 && strcmp(text, "small-budget") != 0)
        fail(EXIT_WRONG_USE, "--variant %s: it should be normal or small-budget", text);
    return !strcmp(text, "small-budget");
}

static noreturn void leave_with_usage(FILE *file, int code)
{
    fputs(usage, file);
    exit(code);
}

static struct settings parse_arguments(int argc, char **argv)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
        {"seed", required_argument, NULL, 's'}, {"residents-per", required_argument, NULL, 'r'},
        {"all", no_argument, NULL, 'a'}, {"variant", required_argument, NULL, 'v'}, {"help", no_argument, NULL, 'h'},
        {0}};
    struct settings settings = {.seed = 1, .residents_per = 100};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd')
            settings.dir = optarg;
        else if (option == 's')
            settings.seed = parse_number("seed", optarg, 0, UINT64_MAX);
        else if (option == 'r')
            settings.residents_per = (uint32_t)parse_number("residents-per", optarg, 1, 100000);
        else if (option == 'a')
            settings.residents_per = 1;
        else if (option == 'v')
            settings.small_budget = parse_variant(optarg);
        else
            leave_with_usage(option == 'h' ? stdout : stderr, option == 'h' ? EXIT_SUCCESS : EXIT_WRONG_USE);
    }
    if (!settings.dir || optind < argc)
        leave_with_usage(stderr, EXIT_WRONG_USE);
    return settings;
}

static void set_budgets(struct model *model, uint32_t people, const struct budgets *each)
{
    model->quests[SDGS].budget = people * each->sdgs;
    model->quests[RECEIPTS].budget = model->quests[OUTINGS].budget = people * each->campaign;
    model->campaign.budget = people * each->campaign; // for both together
}

static void check_variant(const struct settings *settings, const struct model *model)
{
    for (uint32_t quest = SDGS; quest <= RECEIPTS; quest++)
        if (settings->small_budget != (model->quests[quest].exhausted_on != 0))
            fail(EXIT_FAILED, "the %s budget of %s %s", settings->small_budget ? "small" : "normal",
                programme_quests[quest].name,
                settings->small_budget ? "was to run out, and did not" : "was to last, and did not");
}

int main(int argc, char **argv)
{
    table_set_locale();
    struct settings settings = parse_arguments(argc, argv);
    if (sodium_init() < 0)
        fail(EXIT_FAILED, "libsodium does not start");
    struct model *model = xcalloc(1, sizeof *model);
    model->seed = settings.seed;
    struct population population = population_make(model, settings.residents_per);
    set_budgets(model, population.count, settings.small_budget ? &budgets_small : &budgets_normal);
    model_begin(model);
    printf("The programme from 2021-11-01 to 2022-04-04, on SCRIPTED time: %" PRIu32 " residents, seed %" PRIu64
           ", %s budgets.\n",
        population.count, model->seed, settings.small_budget ? "small" : "the normal");
    fflush(stdout);

    struct stream *stream = stream_open(settings.dir, model);
    season_play(model, &population, stream);
    check_everything(model, stream);
    check_variant(&settings, model);
    report_print(model, stream);
    stream_close(stream);
    population_free(&population);
    model_end(model);
    free(model);
    return EXIT_SUCCESS;
}
