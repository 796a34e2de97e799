#include "snapshot.h"

#include "snapshot_file.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST_TRANSACTIONS = 100 * 1000 }; // a stop makes one when so many have come since the newest
enum { CHILD_FD = 3, CHILD_NICE = 19 };

void snapshots_init(struct snapshots *snapshots)
{
    pthread_mutex_init(&snapshots->lock, NULL);
}

static void tell(uint64_t sequence, const char *failure)
{
    if (failure)
        fprintf(stderr,
            "pointsd: no snapshot of the state after %" PRIu64 " transactions: %s; the next one is tried later\n",
            sequence, failure);
    else
        fprintf(stderr, "pointsd: snapshot of the state after %" PRIu64 " transactions\n", sequence);
}

// ---- the child

// It holds nothing of the daemon's but the image: above all not the ledger's lock.
static _Noreturn void run_child(struct snapshots *snapshots, const struct points_state *state, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); // the decide thread's end: it is only needed as long as that runs
    if (getppid() != parent || dup2(snapshot_writer_fd(snapshots->writer), CHILD_FD) < 0 ||
        close_range(CHILD_FD + 1, ~0U, 0))
        _exit(EIO);
    snapshot_writer_use_fd(snapshots->writer, CHILD_FD);
    setpriority(PRIO_PROCESS, 0, CHILD_NICE);
    _exit(snapshot_writer_fill(snapshots->writer, state, snapshots->reserve_bytes));
}

// ---- the thread

// How the child ended; NULL: well, or because it was told to.
static const char *child_failure(struct snapshots *snapshots, bool *whole)
{
    int status = 0;
    siginfo_t ended;
    while (waitid(P_PID, (id_t)snapshots->child, &ended, WEXITED | WNOWAIT) && errno == EINTR)
        ;
    pthread_mutex_lock(&snapshots->lock); // its number is not another's before it is set to 0
    waitpid(snapshots->child, &status, 0);
    snapshots->child = 0;
    bool stopped = snapshots->stopped;
    pthread_mutex_unlock(&snapshots->lock);
    *whole = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (*whole || stopped)
        return NULL;
    return WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : "the process that wrote it was killed";
}

static const char *name_when_durable(struct snapshots *snapshots)
{
    struct ledger_error error;
    uint8_t root[HASH_BYTES];
    journal_wait_durable(snapshots->journal, snapshots->sequence);
    if (!ledger_root_at(snapshots->ledger, snapshots->blocks, root, &error)) {
        snapshot_writer_drop(snapshots->writer);
        return "the ledger's tree cannot be read";
    }
    int failed = snapshot_writer_end(snapshots->writer, root);
    if (failed)
        return strerror(failed);
    snapshots->named_sequence = snapshots->sequence;
    return NULL;
}

static void *finish(void *context)
{
    struct snapshots *snapshots = context;
    bool whole;
    const char *failure = child_failure(snapshots, &whole);
    if (whole)
        failure = name_when_durable(snapshots);
    else
        snapshot_writer_drop(snapshots->writer);
    if (whole || failure)
        tell(snapshots->sequence, failure);
    snapshots->finished = true;
    return NULL;
}

// ---- the decide thread

static void kill_child(struct snapshots *snapshots)
{
    pthread_mutex_lock(&snapshots->lock);
    snapshots->stopped = true;
    if (snapshots->child)
        kill(snapshots->child, SIGKILL);
    pthread_mutex_unlock(&snapshots->lock);
}

// Without a thread the file would get no name.
static const char *start_thread(struct snapshots *snapshots)
{
    int failed = pthread_create(&snapshots->thread, NULL, finish, snapshots);
    snapshots->started = !failed;
    if (!failed)
        return NULL;
    kill_child(snapshots);
    waitpid(snapshots->child, NULL, 0);
    snapshot_writer_drop(snapshots->writer);
    return strerror(failed);
}

static const char *begin(struct snapshots *snapshots, const struct points_state *state, struct snapshot_error *error)
{
    pid_t parent = getpid();
    snapshots->writer = snapshot_writer_new(snapshots->dir, state, snapshots->blocks, error);
    if (!snapshots->writer)
        return error->message;
    snapshots->finished = snapshots->stopped = false;
    snapshots->child = fork();
    if (snapshots->child == 0)
        run_child(snapshots, state, parent);
    if (snapshots->child > 0)
        return start_thread(snapshots);
    int failed = errno;
    snapshot_writer_drop(snapshots->writer);
    return strerror(failed);
}

static void join(struct snapshots *snapshots)
{
    if (snapshots->started)
        pthread_join(snapshots->thread, NULL);
    snapshots->started = false;
}

void snapshots_look(struct snapshots *snapshots, const struct points_state *state, uint64_t blocks)
{
    struct snapshot_error error;
    uint64_t sequence = points_last_sequence(state);
    if (!snapshots->every_transactions || sequence - snapshots->begun_sequence < snapshots->every_transactions ||
        (snapshots->started && !snapshots->finished))
        return;
    join(snapshots);
    snapshots->begun_sequence = snapshots->sequence = sequence;
    snapshots->blocks = blocks;
    const char *failure = begin(snapshots, state, &error);
    if (failure)
        tell(sequence, failure);
}

// ---- the end

static const char *make_last(
    struct snapshots *snapshots, const struct points_state *state, struct snapshot_error *error)
{
    uint8_t root[HASH_BYTES];
    uint64_t blocks = ledger_size(snapshots->ledger);
    struct snapshot_writer *writer = snapshot_writer_new(snapshots->dir, state, blocks, error);
    if (!writer)
        return error->message;
    ledger_root(snapshots->ledger, root);
    int failed = snapshot_writer_fill(writer, state, snapshots->reserve_bytes);
    if (failed)
        snapshot_writer_drop(writer);
    else
        failed = snapshot_writer_end(writer, root);
    return failed ? strerror(failed) : NULL;
}

void snapshots_end(struct snapshots *snapshots, const struct points_state *state)
{
    struct snapshot_error error;
    uint64_t sequence = points_last_sequence(state);
    kill_child(snapshots);
    join(snapshots);
    if (snapshots->every_transactions && sequence - snapshots->named_sequence >= LAST_TRANSACTIONS)
        tell(sequence, make_last(snapshots, state, &error));
    pthread_mutex_destroy(&snapshots->lock);
}
