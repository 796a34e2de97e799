#include "pipeline.h"

#include "decide.h"
#include "net/net.h"
#include "verify.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { WORKERS_MAX = 256 };
enum { IN_FLIGHT_MAX = 64 }; // requests of one connection: each may owe an answer of RESPONSE_BYTES_MAX

struct pipeline {
    struct event_base *base;
    struct net_server *server;
    struct event *done_event, *stop_events[2];
    struct lane *lane;
    struct journal *journal;
    struct history history;
    struct snapshots snapshots;
    struct decide decide;
    const uint8_t *ledger_id;

    int done_fd; // wakes the net thread: answers wait, or the lane has room
    pthread_mutex_t done_lock;
    struct job *done, **done_end;
    bool has_room;

    pthread_t workers[WORKERS_MAX], decide_thread, journal_thread;
    size_t worker_count;
};

// ---- from other threads to the net thread

static void wake_net(struct pipeline *pipeline)
{
    uint64_t one = 1;
    if (write(pipeline->done_fd, &one, sizeof one) != sizeof one)
        abort(); // an eventfd's counter cannot fill up here
}

// A list, whose last job ends at `end`.
static void jobs_done(struct pipeline *pipeline, struct job *jobs, struct job **end)
{
    pthread_mutex_lock(&pipeline->done_lock);
    bool first = pipeline->done == NULL;
    *pipeline->done_end = jobs;
    pipeline->done_end = end;
    pthread_mutex_unlock(&pipeline->done_lock);
    if (first)
        wake_net(pipeline);
}

static void lane_has_room(void *context)
{
    struct pipeline *pipeline = context;
    pthread_mutex_lock(&pipeline->done_lock);
    pipeline->has_room = true;
    pthread_mutex_unlock(&pipeline->done_lock);
    wake_net(pipeline);
}

// The journal lets a group go: each job is answered, or read for first.
static void group_durable(void *context, struct job *jobs)
{
    struct pipeline *pipeline = context;
    struct job *done = NULL, **done_end = &done;
    for (struct job *job = jobs, *next; job; job = next) {
        next = job->next;
        if (job->errand) {
            lane_put_errand(pipeline->lane, job);
        } else {
            *done_end = job;
            done_end = &job->next;
        }
    }
    *done_end = NULL;
    if (done)
        jobs_done(pipeline, done, done_end);
}

// ---- the threads

static void *work(void *context)
{
    struct pipeline *pipeline = context;
    struct job *job;
    bool errand;
    while ((job = lane_claim(pipeline->lane, &errand))) {
        if (errand) {
            history_run(&pipeline->history, job);
            job->next = NULL;
            jobs_done(pipeline, job, &job->next);
        } else {
            verify_job(job, pipeline->ledger_id, pipeline->decide.keys);
            lane_verified(pipeline->lane, job);
        }
    }
    return NULL;
}

static void *decide_work(void *context)
{
    decide_run(&((struct pipeline *)context)->decide);
    return NULL;
}

static void *journal_work(void *context)
{
    journal_run(((struct pipeline *)context)->journal);
    return NULL;
}

// ---- the net thread

static void *connection_open(void *context, struct net_connection *connection)
{
    (void)context;
    (void)connection;
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        abort();
    randombytes_buf(session->nonce, sizeof session->nonce);
    return session;
}

static void connection_close(void *context, void *session)
{
    (void)context;
    free(session);
}

static bool frame_come(void *context, struct net_connection *connection, uint8_t *bytes, size_t size)
{
    struct pipeline *pipeline = context;
    struct job *job = job_new(connection, net_connection_data(connection), bytes, size);
    if (lane_put(pipeline->lane, job))
        return true;
    job->frame = NULL; // net keeps it, and offers it again
    job_release(job);
    return false;
}

static void fault_come(void *context, struct net_connection *connection, enum net_fault fault)
{
    static const struct {
        refusal_code code;
        const char *message;
    } answers[] = {
        [NET_FRAME_EMPTY] = {REFUSAL(MALFORMED), "a frame of length 0; a frame holds one Request"},
        [NET_FRAME_TOO_LARGE] = {REFUSAL(TOO_LARGE),
            "a frame holds at most 65,536 bytes; send fewer transactions at a time"},
        [NET_TOO_MANY_CONNECTIONS] = {REFUSAL(BUSY), "too many connections; close some, or try again in a second"},
    };
    (void)context;
    size_t size;
    uint8_t *bytes = job_fault_response(answers[fault].code, answers[fault].message, &size);
    net_send(connection, bytes, size, free);
}

static void answer_done(evutil_socket_t fd, short what, void *context)
{
    struct pipeline *pipeline = context;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) != sizeof count)
        return; // nothing new
    pthread_mutex_lock(&pipeline->done_lock);
    struct job *jobs = pipeline->done, *next;
    bool has_room = pipeline->has_room;
    pipeline->done = NULL;
    pipeline->done_end = &pipeline->done;
    pipeline->has_room = false;
    pthread_mutex_unlock(&pipeline->done_lock);
    for (struct job *job = jobs; job; job = next) {
        next = job->next;
        net_reply(job->connection, job->response, job->response_size, free);
        job->response = NULL;
        job_release(job);
    }
    if (has_room)
        net_resume(pipeline->server);
}

static void stop_asked(evutil_socket_t signal_number, short what, void *context)
{
    struct pipeline *pipeline = context;
    (void)what;
    fprintf(stderr, "pointsd: SIG%s: finishing what was taken\n", sigabbrev_np((int)signal_number));
    sd_notify(0, "STOPPING=1");
    net_stop_accepting_and_reading(pipeline->server);
}

static void all_closed(void *context)
{
    event_base_loopbreak(((struct pipeline *)context)->base);
}

static void warn(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "pointsd: %s\n", text);
}

// ---- putting it together

static bool listen_on(struct pipeline *pipeline, const struct settings *settings, char *error, size_t error_size)
{
    struct net_settings net = {.unix_path = settings->unix_path,
        .tcp_port = (uint16_t)settings->tcp_port,
        .write_timeout_s = (unsigned)settings->write_timeout_s,
        .in_flight_max = IN_FLIGHT_MAX,
        .request_bytes_max = REQUEST_BYTES_MAX};
    struct net_events events = {connection_open, frame_come, fault_come, connection_close, all_closed, warn};
    pipeline->server = net_server_new(pipeline->base, &net, &events, pipeline, error, error_size);
    return pipeline->server != NULL;
}

static void watch(struct pipeline *pipeline)
{
    pipeline->done_event = event_new(pipeline->base, pipeline->done_fd, EV_READ | EV_PERSIST, answer_done, pipeline);
    pipeline->stop_events[0] = evsignal_new(pipeline->base, SIGTERM, stop_asked, pipeline);
    pipeline->stop_events[1] = evsignal_new(pipeline->base, SIGINT, stop_asked, pipeline);
    event_add(pipeline->done_event, NULL);
    event_add(pipeline->stop_events[0], NULL);
    event_add(pipeline->stop_events[1], NULL);
}

static void unwatch(struct pipeline *pipeline)
{
    event_free(pipeline->done_event);
    event_free(pipeline->stop_events[0]);
    event_free(pipeline->stop_events[1]);
}

static void start_thread(pthread_t *thread, void *(*run)(void *), struct pipeline *pipeline)
{
    if (pthread_create(thread, NULL, run, pipeline) != 0) {
        fputs("pointsd: no thread could be started; raise the limit of processes\n", stderr);
        exit(EXIT_FAILURE);
    }
}

// Signals are for the net thread.
static void start_threads(struct pipeline *pipeline, uint64_t workers)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pipeline->worker_count = workers ? workers : (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    if (pipeline->worker_count > WORKERS_MAX)
        pipeline->worker_count = WORKERS_MAX;
    for (size_t i = 0; i < pipeline->worker_count; i++)
        start_thread(&pipeline->workers[i], work, pipeline);
    start_thread(&pipeline->decide_thread, decide_work, pipeline);
    start_thread(&pipeline->journal_thread, journal_work, pipeline);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct pipeline *pipeline_new(const struct settings *settings, struct ledger *ledger, struct replay_fold *fold,
    const struct checkpoint_keys *keys, uint64_t snapshot_sequence, char *error, size_t error_size)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (!pipeline)
        abort();
    pipeline->base = event_base_new();
    pipeline->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pipeline->done_end = &pipeline->done;
    pthread_mutex_init(&pipeline->done_lock, NULL);
    watch(pipeline); // before anybody can connect: who is served may also ask it to stop
    if (!listen_on(pipeline, settings, error, error_size)) {
        unwatch(pipeline);
        event_base_free(pipeline->base);
        close(pipeline->done_fd);
        free(pipeline);
        return NULL;
    }
    pipeline->ledger_id = ledger_id(ledger);
    pipeline->history.ledger = ledger;
    pipeline->lane = lane_new();
    pipeline->journal = journal_new(
        ledger, points_genesis(fold->state)->rules_version, points_last_sequence(fold->state), group_durable, pipeline);
    pipeline->snapshots = (struct snapshots){.dir = settings->derived_dir,
        .every_transactions = settings->snapshot_every,
        .reserve_bytes = (settings->disk_reserve_mib << 20) + UNDER_WAY_BYTES_MAX,
        .ledger = ledger,
        .journal = pipeline->journal,
        .begun_sequence = snapshot_sequence,
        .named_sequence = snapshot_sequence};
    snapshots_init(&pipeline->snapshots);
    pipeline->decide = (struct decide){.state = fold->state,
        .ids = fold->ids,
        .keys = keys,
        .history = &pipeline->history,
        .lane = pipeline->lane,
        .journal = pipeline->journal,
        .snapshots = &pipeline->snapshots,
        .blocks = ledger_size(ledger),
        .disk_reserve_bytes = settings->disk_reserve_mib << 20,
        .derived_dir = settings->derived_dir,
        .on_room = lane_has_room,
        .context = pipeline};
    bool system = points_genesis(fold->state)->time_source == TIME_SOURCE(SYSTEM);
    clock_start(&pipeline->decide.clock, system, points_time(fold->state));
    start_threads(pipeline, settings->workers);
    return pipeline;
}

void pipeline_run(struct pipeline *pipeline)
{
    event_base_dispatch(pipeline->base);
}

void pipeline_free(struct pipeline *pipeline)
{
    lane_close(pipeline->lane);
    for (size_t i = 0; i < pipeline->worker_count; i++)
        pthread_join(pipeline->workers[i], NULL);
    pthread_join(pipeline->decide_thread, NULL);
    pthread_join(pipeline->journal_thread, NULL);
    unwatch(pipeline);
    net_server_free(pipeline->server);
    event_base_free(pipeline->base);
    close(pipeline->done_fd);
    snapshots_end(&pipeline->snapshots, pipeline->decide.state);
    decide_end(&pipeline->decide);
    journal_free(pipeline->journal);
    lane_free(pipeline->lane);
    pthread_mutex_destroy(&pipeline->done_lock);
    free(pipeline);
}
