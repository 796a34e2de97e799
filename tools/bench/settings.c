// The command line.
#include "config.h"
#include "tools/bench/settings.h"
#include "tools/error.h"
#include "tools/number.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION UINT64_C(1000000)

// A Unix socket and sixteen envelopes keep two cores busy; more only wait. Single transactions come from many hands.
static const struct scenario scenarios[] = {
    {.name = "award",
        .batch = 1000,
        .accounts = MILLION,
        .connections = 2,
        .window = 16,
        .transactions = 10 * MILLION,
        .ready_per_s = 2 * MILLION},
    {.name = "random-ids",
        .batch = 1000,
        .random_ids = true,
        .accounts = MILLION,
        .connections = 2,
        .window = 16,
        .transactions = 10 * MILLION,
        .ready_per_s = 2 * MILLION},
    {.name = "mixed",
        .batch = 1000,
        .mixed = true,
        .accounts = MILLION,
        .connections = 2,
        .window = 16,
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
        .window = 16,
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

enum {
    OPTION_ACCOUNTS = 256,
    OPTION_CONNECTIONS,
    OPTION_WINDOW,
    OPTION_DURATION,
    OPTION_TRANSACTIONS,
    OPTION_RATE,
    OPTION_MEMORY,
    OPTION_SIGN_LIVE,
    OPTION_CONNECT,
    OPTION_KEYS,
    OPTION_DIR,
    OPTION_WORKERS,
    OPTION_JSON,
    OPTION_PLOT,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option options[] = {
    {"accounts", required_argument, NULL, OPTION_ACCOUNTS},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"window", required_argument, NULL, OPTION_WINDOW},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"transactions", required_argument, NULL, OPTION_TRANSACTIONS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"sign-live", no_argument, NULL, OPTION_SIGN_LIVE},
    {"connect", required_argument, NULL, OPTION_CONNECT},
    {"keys", required_argument, NULL, OPTION_KEYS},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"plot", required_argument, NULL, OPTION_PLOT},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

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

static void take_option(struct settings *settings, int option)
{
    switch (option) {
    case OPTION_ACCOUNTS:
        settings->accounts = (uint32_t)parse_number("accounts", optarg, 1, ACCOUNTS_MAX);
        break;
    case OPTION_CONNECTIONS:
        settings->connections = (uint32_t)parse_number("connections", optarg, 1, CONNECTIONS_MAX);
        break;
    case OPTION_WINDOW:
        settings->window = (uint32_t)parse_number("window", optarg, 1, WINDOW_MAX);
        break;
    case OPTION_DURATION:
        settings->duration_s = parse_seconds(optarg);
        break;
    case OPTION_TRANSACTIONS:
        settings->transactions = parse_number("transactions", optarg, 1, 4000 * MILLION);
        break;
    case OPTION_RATE:
        settings->rate = parse_number("rate", optarg, 1, 1000 * MILLION);
        break;
    case OPTION_MEMORY:
        settings->memory_mib = (uint32_t)parse_number("memory", optarg, 1, 1024 * 1024);
        break;
    case OPTION_SIGN_LIVE:
        settings->sign_live = true;
        break;
    case OPTION_CONNECT:
        settings->address = optarg;
        break;
    case OPTION_KEYS:
        settings->keys_dir = optarg;
        break;
    case OPTION_DIR:
        settings->dir = optarg;
        break;
    case OPTION_WORKERS:
        settings->workers = (uint32_t)parse_number("workers", optarg, 1, 256);
        break;
    case OPTION_JSON:
        settings->json = true;
        break;
    case OPTION_PLOT:
        settings->plot_path = optarg;
        break;
    case OPTION_HELP:
        show(usage);
    case OPTION_VERSION:
        show("points-bench " PACKAGE_VERSION "\n");
    default:
        fputs("Try: points-bench --help\n", stderr);
        exit(EXIT_WRONG_USE);
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
    if (settings->address && (settings->dir || settings->workers))
        wrong_use("--dir and --workers are for a daemon of our own, not for --connect");
    if (settings->accounts < settings->connections)
        wrong_use("there must be an account for each connection");
}

struct settings settings_parse(int argc, char **argv)
{
    struct settings settings = {.memory_mib = 2048};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        take_option(&settings, option);
    if (optind + 1 != argc)
        wrong_use(optind == argc ? "which scenario?" : "one scenario at a time");
    settings.scenario = find_scenario(argv[optind]);
    take_defaults(&settings);
    check(&settings);
    return settings;
}
