// The command line.
#include "config.h"
#include "tools/bench/settings.h"
#include "tools/error.h"
#include "tools/number.h"

#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION UINT64_C(1000000)

// Sixteen envelopes of a thousand under way keep two cores busy; more only wait. Single transactions come from many
// hands.
static const struct scenario scenarios[] = {
    {.name = "award",
        .batch = 1000,
        .accounts = MILLION,
        .connections = 2,
        .window = 8,
        .transactions = 10 * MILLION,
        .ready_per_s = 2 * MILLION},
    {.name = "random-ids",
        .batch = 1000,
        .random_ids = true,
        .accounts = MILLION,
        .connections = 2,
        .window = 8,
        .transactions = 10 * MILLION,
        .ready_per_s = 2 * MILLION},
    {.name = "mixed",
        .batch = 1000,
        .mixed = true,
        .accounts = MILLION,
        .connections = 2,
        .window = 8,
        .transactions = 10 * MILLION,
        .ready_per_s = 2 * MILLION},
    {.name = "single",
        .batch = 1,
        .accounts = 100000,
        .connections = 4,
        .window = 64,
        .transactions = 200000,
        .ready_per_s = 100000},
    {.name = "query",
        .batch = 1000,
        .mixed = true,
        .asks = true,
        .accounts = MILLION,
        .connections = 2,
        .window = 8,
        .transactions = 2 * MILLION,
        .rate = 200000,
        .ready_per_s = 2 * MILLION},
    {.name = "latency",
        .batch = 1,
        .accounts = 100000,
        .connections = 1,
        .window = 1,
        .transactions = 10000,
        .ready_per_s = 20000},
    {0},
};

enum option_kind { COUNT_32, COUNT_64, SECONDS, TEXT, FLAG };

// Each row is an option and where its value goes.
static const struct {
    const char *name;
    enum option_kind kind;
    size_t offset;
    uint64_t min, max; // of a count
} table[] = {
    {"accounts", COUNT_32, offsetof(struct settings, accounts), 1, ACCOUNTS_MAX},
    {"connections", COUNT_32, offsetof(struct settings, connections), 1, CONNECTIONS_MAX},
    {"window", COUNT_32, offsetof(struct settings, window), 1, WINDOW_MAX},
    {"transactions", COUNT_64, offsetof(struct settings, transactions), 1, 4000 * MILLION},
    {"duration", SECONDS, offsetof(struct settings, duration_s), 0, 0},
    {"rate", COUNT_64, offsetof(struct settings, rate), 1, 1000 * MILLION},
    {"memory", COUNT_32, offsetof(struct settings, memory_mib), 1, 1024 * 1024},
    {"sign-live", FLAG, offsetof(struct settings, sign_live), 0, 0},
    {"workers", COUNT_32, offsetof(struct settings, workers), 1, 256},
    {"dir", TEXT, offsetof(struct settings, dir), 0, 0},
    {"connect", TEXT, offsetof(struct settings, address), 0, 0},
    {"keys", TEXT, offsetof(struct settings, keys_dir), 0, 0},
    {"audit", FLAG, offsetof(struct settings, audit), 0, 0},
    {"json", FLAG, offsetof(struct settings, json), 0, 0},
    {"plot", TEXT, offsetof(struct settings, plot_path), 0, 0},
};
enum { ROWS = sizeof table / sizeof *table, OPTION_HELP = ROWS, OPTION_VERSION };

static const char usage[] =
    "usage: points-bench SCENARIO [OPTION ...]\n"
    "\n"
    "Starts pointsd on a scratch ledger, opens accounts, then sends signed transactions and checks every outcome; at "
    "the\n"
    "end the daemon's books must be what was sent. Nothing that is counted waits for anything but the daemon.\n"
    "\n"
    "  award         weekly awards, 1,000 an envelope, ids as UUIDv7\n"
    "  random-ids    the same with random ids\n"
    "  mixed         80 % awards, 15 % donations, 5 % conversions, and 2 % of it sent twice; 1,000 an envelope\n"
    "  single        one award an envelope, each with its own signature\n"
    "  query         accounts and totals are asked for while the mixed load runs\n"
    "  latency       one award an envelope, one envelope at a time\n"
    "\n"
    "  --accounts N        accounts, opened before the clock starts\n"
    "  --connections N     connections that send\n"
    "  --window N          requests under way, a connection (1 to 64)\n"
    "  --transactions N    send so many\n"
    "  --duration S        send for so many seconds\n"
    "  --rate TX/S         send so many a second, whether or not answers have come; latency counts from the moment at\n"
    "                      which a request was to be sent. Without it, each answer lets the next request go\n"
    "  --memory MIB        at most so much is made ready for --duration (default 2,048)\n"
    "  --sign-live         make and sign while the clock runs, not before\n"
    "  --workers N         threads of our daemon that verify signatures\n"
    "  --dir DIR           keep the ledger, its keys and the daemon's log in DIR\n"
    "  --connect ADDRESS   another daemon: the path of its Unix socket, or tcp://HOST:PORT\n"
    "  --keys DIR          the folder with its keys app, operator-1 and operator-2, as `points init` made it\n"
    "  --audit             afterwards, have points-audit verify the ledger, and tell how fast it did\n"
    "  --json              one JSON object\n"
    "  --plot FILE.svg     throughput and latency over time\n";

static noreturn void wrong_use(const char *problem)
{
    fprintf(stderr, "points-bench: %s\n\n%s", problem, usage);
    exit(EXIT_WRONG_USE);
}

static const struct scenario *find_scenario(const char *name)
{
    for (const struct scenario *at = scenarios; at->name; at++)
        if (!strcmp(at->name, name))
            return at;
    char *problem = xprintf("\"%s\" is no scenario", name);
    wrong_use(problem);
}

static uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    uint64_t number;
    if (!number_parse(text, min, max, &number))
        fail(EXIT_WRONG_USE, "--%s %s: it should be a number from %" PRIu64 " to %" PRIu64, option, text, min, max);
    return number;
}

static double parse_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (*text < '0' || *text > '9' || *end || !(seconds >= 0.1 && seconds <= 86400))
        fail(EXIT_WRONG_USE, "--duration %s: it should be a number of seconds from 0.1 to 86400", text);
    return seconds;
}

static noreturn void show(const char *text)
{
    exit(fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_SUCCESS);
}

static void take_value(struct settings *settings, size_t row, const char *text)
{
    void *place = (char *)settings + table[row].offset;
    switch (table[row].kind) {
    case COUNT_32:
        *(uint32_t *)place = (uint32_t)parse_number(table[row].name, text, table[row].min, table[row].max);
        break;
    case COUNT_64:
        *(uint64_t *)place = parse_number(table[row].name, text, table[row].min, table[row].max);
        break;
    case SECONDS:
        *(double *)place = parse_seconds(text);
        break;
    case TEXT:
        *(const char **)place = text;
        break;
    case FLAG:
        *(bool *)place = true;
        break;
    }
}

static void take_options(struct settings *settings, int argc, char **argv)
{
    struct option options[ROWS + 3] = {[OPTION_HELP] = {"help", no_argument, NULL, OPTION_HELP},
        [OPTION_VERSION] = {"version", no_argument, NULL, OPTION_VERSION}};
    for (int row = 0; row < ROWS; row++)
        options[row] =
            (struct option){table[row].name, table[row].kind == FLAG ? no_argument : required_argument, NULL, row};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_HELP)
            show(usage);
        if (option == OPTION_VERSION)
            show("points-bench " PACKAGE_VERSION "\n");
        if (option == '?') {
            fputs("Try: points-bench --help\n", stderr);
            exit(EXIT_WRONG_USE);
        }
        take_value(settings, (size_t)option, optarg);
    }
}

static void take_defaults(struct settings *settings)
{
    const struct scenario *scenario = settings->scenario;
    if (!settings->accounts)
        settings->accounts = scenario->accounts;
    if (!settings->connections)
        settings->connections = scenario->connections;
    if (!settings->window)
        settings->window = scenario->window;
    if (!settings->rate)
        settings->rate = scenario->rate;
    if (!settings->transactions && settings->duration_s == 0)
        settings->transactions = scenario->transactions;
}

static void check(const struct settings *settings)
{
    if (settings->transactions && settings->duration_s != 0)
        wrong_use("--transactions or --duration, not both");
    if (!settings->address != !settings->keys_dir)
        wrong_use("--connect needs --keys, and --keys is for --connect");
    if (settings->address && (settings->dir || settings->workers || settings->audit))
        wrong_use("--dir, --workers and --audit are for a daemon of our own, not for --connect");
    if (settings->accounts < settings->connections)
        wrong_use("there must be an account for each connection");
}

struct settings settings_parse(int argc, char **argv)
{
    struct settings settings = {.memory_mib = 2048};
    take_options(&settings, argc, argv);
    if (optind + 1 != argc)
        wrong_use(optind == argc ? "which scenario?" : "one scenario at a time");
    settings.scenario = find_scenario(argv[optind]);
    take_defaults(&settings);
    check(&settings);
    return settings;
}
