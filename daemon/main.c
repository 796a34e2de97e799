// pointsd: the ledger daemon. Opens the ledger, folds it, serves it.
#include "checkpoint_keys.h"
#include "exits.h"
#include "ledger/damage.h"
#include "ledger/ledger.h"
#include "pipeline.h"
#include "replay/replay.h"
#include "settings.h"
#include "snapshot_file.h"

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum { DERIVED_MODE = 0750 };

static const char usage[] =
    "usage: pointsd -c FILE\n"
    "       pointsd --help | --version\n"
    "\n"
    "Serves the points ledger that FILE names (see pointsd.conf(5); `points init` writes one).\n"
    "SIGTERM ends it gracefully: what was taken is decided, made durable and answered.\n";

__attribute__((format(printf, 1, 2))) static noreturn void die(const char *format, ...)
{
    va_list arguments;
    fputs("pointsd: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_NOT_SERVED);
}

static const char *configuration_file(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'}, {0}};
    const char *path = NULL;
    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        if (option == 'c') {
            path = optarg;
        } else if (option == 'h') {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        } else if (option == 'v') {
            puts("pointsd " PACKAGE_VERSION);
            exit(EXIT_SUCCESS);
        } else {
            path = NULL;
            break;
        }
    }
    if (!path || optind != argc) {
        fputs(usage, stderr);
        exit(EXIT_WRONG_USE);
    }
    return path;
}

// A client that leaves, or a limit on file sizes, must not end the process; the failed call says it.
static void ignore_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static void take_key(struct checkpoint_keys *keys, const char *path, const char *origin)
{
    char error[500];
    if (path && !checkpoint_keys_add(keys, path, origin, error, sizeof error))
        die("%s", error);
}

// What the daemon signs must be verifiable by the blocks alone. The caller frees the keys after the ledger is closed.
static void sign_checkpoints(struct ledger *ledger, const struct points_state *state, const struct settings *settings,
    struct checkpoint_keys *keys)
{
    const char *origin = points_genesis(state)->origin;
    take_key(keys, settings->checkpoint_key, origin);
    take_key(keys, settings->next_checkpoint_key, origin);
    struct checkpoint_signers ours = checkpoint_signers(keys, state);
    if (ours.count == 0)
        die("%s is not a checkpoint key of this ledger, or was revoked; set checkpoint_key in [ledger] to a key that "
            "`points programme keys` lists with role CHECKPOINT",
            settings->checkpoint_key);
    for (size_t i = 0; i < keys->count; i++)
        if (!checkpoint_key_in_force(state, keys->signers[i]))
            fprintf(stderr, "pointsd: %s does not sign: it is not registered as a checkpoint key yet, or was revoked\n",
                keys->paths[i]);
    ledger_set_signers(ledger, ours.signers, ours.count);
}

static void show_progress(void *next, uint64_t done, uint64_t blocks, uint64_t transactions)
{
    enum { PACE_S = 5 };
    time_t now = time(NULL), *due = next;
    if (now < *due)
        return;
    *due = now + PACE_S;
    if (done > 0)
        fprintf(stderr, "pointsd: checked %llu of %llu blocks, %llu transactions\n", (unsigned long long)done,
            (unsigned long long)blocks, (unsigned long long)transactions);
}

static atomic_bool serving;

// What failed while serving may be mended by the next start; what fails at the start would fail again.
static void index_fails(const char *message)
{
    fprintf(stderr, "pointsd: leaving: %s\n", message);
    _Exit(serving ? EXIT_FAILURE : EXIT_NOT_SERVED);
}

static bool ledger_knows(void *ledger, uint64_t blocks, const uint8_t root[HASH_BYTES])
{
    return ledger_has_root(ledger, blocks, root);
}

static struct id_index *open_index(const char *derived_dir, struct ledger *ledger)
{
    char dir[PATH_MAX];
    struct id_index_error error;
    if (mkdir(derived_dir, DERIVED_MODE) && errno != EEXIST)
        die("the folder %s cannot be made: %s; set derived_dir in [ledger]", derived_dir, strerror(errno));
    snprintf(dir, sizeof dir, "%s/ids", derived_dir);
    const struct id_index_settings settings = {
        .dir = dir, .has_root = ledger_knows, .context = ledger, .background = true, .fail = index_fails};
    struct id_index *ids = id_index_open(&settings, &error);
    if (!ids)
        die("%s", error.message);
    return ids;
}

static struct replay_fold take_fold(struct replay *replay)
{
    struct replay_fold fold = replay->fold;
    replay->fold = (struct replay_fold){0};
    replay_end(replay);
    return fold;
}

// On from the newest snapshot. False: there is none from which the ledger's newer blocks follow.
static bool fold_newer(
    struct ledger *ledger, struct id_index *ids, const char *derived_dir, uint64_t *sequence, struct replay_fold *fold)
{
    time_t due = 0;
    struct replay replay;
    struct snapshot snapshot;
    if (!snapshot_load(derived_dir, ledger, &snapshot))
        return false;
    *sequence = points_last_sequence(snapshot.state);
    fprintf(stderr, "pointsd: going on from the snapshot after %llu transactions\n", (unsigned long long)*sequence);
    const struct replay_settings settings = {.ledger = ledger, .ids = ids, .progress = show_progress, .context = &due};
    bool holds = replay_go_on(&replay, &settings, snapshot.state, snapshot.blocks) == REPLAY_HOLDS;
    if (holds) {
        *fold = take_fold(&replay);
        return true;
    }
    snapshot_drop(derived_dir, snapshot.name, replay.fault.message);
    replay_end(&replay);
    *sequence = 0;
    return false;
}

// What differs from what the rules say is not served. Signatures are the auditor's to verify.
static struct replay_fold fold_all(struct ledger *ledger, struct id_index *ids, const char *dir)
{
    time_t due = 0;
    struct replay replay;
    const struct replay_settings settings = {.ledger = ledger, .ids = ids, .progress = show_progress, .context = &due};
    if (replay_run(&replay, &settings) != REPLAY_HOLDS)
        die("this ledger is not served: %s; keep it as it is, and see: points-audit verify %s", replay.fault.message,
            dir);
    return take_fold(&replay);
}

static void serve(const struct settings *settings, struct ledger *ledger, struct replay_fold *fold,
    const struct checkpoint_keys *keys, uint64_t snapshot_sequence)
{
    char error[300];
    struct pipeline *pipeline = pipeline_new(settings, ledger, fold, keys, snapshot_sequence, error, sizeof error);
    if (!pipeline)
        die("%s", error);
    const char *scripted = points_genesis(fold->state)->time_source == TIME_SOURCE(SCRIPTED) ? ", SCRIPTED time" : "";
    fprintf(stderr, "pointsd: ready: %s, %llu blocks, %llu transactions%s\n", settings->ledger_dir,
        (unsigned long long)ledger_size(ledger), (unsigned long long)points_last_sequence(fold->state), scripted);
    if (settings->tcp_port)
        fprintf(stderr, "pointsd: TCP without TLS, so on loopback only: 127.0.0.1 port %llu\n",
            (unsigned long long)settings->tcp_port);
    sd_notify(0, "READY=1");
    serving = true;
    pipeline_run(pipeline);
    pipeline_free(pipeline);
}

int main(int argc, char **argv)
{
    const char *path = configuration_file(argc, argv);
    struct settings settings;
    struct ledger_error error;
    char message[600];
    if (sodium_init() < 0)
        die("libsodium does not start");
    ignore_signals();
    if (!settings_read(path, &settings, message, sizeof message))
        die("%s", message);
    damage_watch("pointsd", EXIT_NOT_SERVED);
    struct ledger *ledger = ledger_open(settings.ledger_dir, LEDGER_WRITE, &error);
    if (!ledger)
        die("%s", error.message);
    struct id_index *ids = open_index(settings.derived_dir, ledger);
    uint64_t snapshot_sequence = 0;
    struct replay_fold fold;
    if (!fold_newer(ledger, ids, settings.derived_dir, &snapshot_sequence, &fold))
        fold = fold_all(ledger, ids, settings.ledger_dir);
    damage_watch_end();
    struct checkpoint_keys keys = {0};
    sign_checkpoints(ledger, fold.state, &settings, &keys);
    if (!ledger_append(ledger, NULL, 0, &error))
        die("the first checkpoint cannot be written: %s", error.message);
    serve(&settings, ledger, &fold, &keys, snapshot_sequence);
    replay_fold_free(&fold);
    id_index_close(ids);
    ledger_close(ledger);
    checkpoint_keys_free(&keys);
    settings_free(&settings);
    fputs("pointsd: ended; all that was answered is on disk\n", stderr);
    return EXIT_SUCCESS;
}
