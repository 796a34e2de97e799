// points-audit: the auditor's commands.
#include "config.h"
#include "ledger/damage.h"
#include "tools/audit/audit_report.h"
#include "tools/table.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum audit_exit { EXIT_HOLDS, EXIT_FAULT, EXIT_USAGE, EXIT_UNREADABLE };

static const char usage[] =
    "usage: points-audit verify DIR\n"
    "       points-audit --help | --version\n"
    "\n"
    "verify   checks the ledger in DIR (the folder that holds data.mdb, or a copy of it) from\n"
    "         genesis to the checkpoint: tree, signatures, form and order of the blocks; applies\n"
    "         the rules again, compares every recorded outcome, and shows the trial balance and\n"
    "         the donations. The first fault is named; transactions of a block count from 0.\n"
    "\n"
    "Leaves with 0: all holds; 1: a fault was found; 2: wrong use; 3: could not be read.\n";

// ---- progress, on a terminal

struct progress {
    bool shown;
    double begin_s, last_s;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show_progress(void *context, uint64_t done, uint64_t blocks, uint64_t transactions)
{
    enum { BLOCKS_A_LOOK = 16 };
    const double patience_s = 1.0, pace_s = 0.2;
    struct progress *progress = context;
    if (done % BLOCKS_A_LOOK)
        return;
    double now = now_s();
    if (now - progress->begin_s < patience_s || now - progress->last_s < pace_s)
        return;
    progress->shown = true;
    progress->last_s = now;
    fprintf(stderr, "\r%3.0f%%  block %" PRIu64 " of %" PRIu64 ", %" PRIu64 " transactions, %.0f a second \033[K",
        100.0 * (double)done / (double)blocks, done, blocks, transactions,
        (double)transactions / (now - progress->begin_s));
}

// ---- commands

static int show_result(enum replay_result result, const struct replay *replay)
{
    if (result == REPLAY_HOLDS)
        audit_report(replay, stdout);
    else if (result == REPLAY_FAULT)
        printf("FAULT %s\n", replay->fault.message);
    else
        fprintf(stderr, "points-audit: %s\n", replay->fault.message);
    if (result != REPLAY_UNREADABLE && (fflush(stdout) || ferror(stdout))) {
        fprintf(stderr, "points-audit: the report could not be written\n");
        return result == REPLAY_FAULT ? EXIT_FAULT : EXIT_UNREADABLE;
    }
    return result == REPLAY_HOLDS ? EXIT_HOLDS : result == REPLAY_FAULT ? EXIT_FAULT : EXIT_UNREADABLE;
}

static void index_fails(const char *message)
{
    fprintf(stderr, "points-audit: %s\n", message);
    exit(EXIT_UNREADABLE);
}

// All ids, for the time being: what a daemon has kept is not believed.
static struct id_index *open_index(void)
{
    struct id_index_error error;
    const struct id_index_settings settings = {.fail = index_fails};
    struct id_index *ids = id_index_open(&settings, &error);
    if (!ids)
        fprintf(stderr, "points-audit: %s\n", error.message);
    return ids;
}

static int verify(const char *dir)
{
    struct replay replay;
    struct ledger_error error;
    struct progress progress = {.begin_s = now_s()};
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    if (!ledger) {
        fprintf(stderr, "points-audit: %s\n", error.message);
        return EXIT_UNREADABLE;
    }
    struct id_index *ids = open_index();
    if (!ids) {
        ledger_close(ledger);
        return EXIT_UNREADABLE;
    }
    enum replay_result result =
        replay_run(&replay, ledger, ids, true, isatty(STDERR_FILENO) ? show_progress : NULL, &progress);
    if (progress.shown)
        fputs("\r\033[K", stderr);
    int code = show_result(result, &replay);
    replay_end(&replay);
    id_index_close(ids);
    ledger_close(ledger);
    return code;
}

int main(int argc, char **argv)
{
    table_set_locale();
    damage_watch("points-audit", EXIT_UNREADABLE);
    if (sodium_init() < 0) {
        fprintf(stderr, "points-audit: libsodium does not start\n");
        return EXIT_UNREADABLE;
    }
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return fputs(usage, stdout) < 0 ? EXIT_UNREADABLE : EXIT_HOLDS;
    if (argc == 2 && !strcmp(argv[1], "--version"))
        return puts("points-audit " PACKAGE_VERSION) < 0 ? EXIT_UNREADABLE : EXIT_HOLDS;
    if (argc == 3 && !strcmp(argv[1], "verify") && argv[2][0] != '-')
        return verify(argv[2]);
    fputs(usage, stderr);
    return EXIT_USAGE;
}
