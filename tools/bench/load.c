// The event loop: one thread for all connections, so that the client takes little from the daemon that shares the
// machine.
#include "tools/bench/interrupt.h"
#include "tools/bench/load_internal.h"
#include "tools/bench/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

enum { EVENTS_MAX = 64, SILENCE_S_MAX = 60, PROGRESS_NS = 250 * 1000 * 1000, LATENCY_BITS = 8 };

noreturn void load_fail_refused(const char *what, struct span error)
{
    struct tool_error told;
    Points__V1__Error *refused = points__v1__error__unpack(NULL, error.size, error.bytes);
    if (!refused)
        fail(EXIT_FAILED, "the daemon's answer cannot be read; are daemon and tool of the same version?");
    say("the daemon refused %s whole", what);
    client_refused(refused, &told);
    fail_with(&told);
}

// ---- making

struct making {
    struct load *load;
    atomic_uint next; // connection
};

static void *make_some(void *context)
{
    struct making *making = context;
    unsigned connection;
    while ((connection = atomic_fetch_add(&making->next, 1)) < making->load->plan->connections)
        poster_make_all(&making->load->posters[connection]);
    return NULL;
}

static void make_on_all_cores(struct load *load)
{
    struct making making = {.load = load};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = cores > 0 && (unsigned)cores < load->plan->connections ? (unsigned)cores : load->plan->connections;
    pthread_t threads[CONNECTIONS_MAX];
    for (unsigned i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, make_some, &making) != 0)
            fail(EXIT_FAILED, "no thread could be started");
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    interrupt_check();
}

void load_make(struct load *load)
{
    const struct load_order *order = &load->order;
    load->poll = epoll_create1(EPOLL_CLOEXEC);
    if (load->poll < 0)
        fail(EXIT_FAILED, "epoll: %s", strerror(errno));
    load->posters = xcalloc(load->plan->connections, sizeof *load->posters);
    for (unsigned i = 0; i < load->plan->connections; i++)
        poster_begin(&load->posters[i], load, i);
    load->askers = askers_new(load);
    load->mover = order->phase >= AWARDING && load->weeks->scripted ? mover_new(load) : NULL;
    load->latency = histogram_new(LATENCY_BITS);
    load->query_latency = histogram_new(LATENCY_BITS);
    load->timeline = order->keeps_timeline ? timeline_new() : NULL;
    load->query_timeline = order->keeps_timeline && order->asking ? timeline_new() : NULL;
    if (order->live)
        return;
    if (isatty(STDERR_FILENO))
        fputs("\rmaking and signing what is to be sent\033[K", stderr);
    make_on_all_cores(load);
}

void load_end(struct load *load)
{
    for (unsigned i = 0; i < load->plan->connections; i++)
        poster_end(&load->posters[i]);
    askers_free(load);
    mover_free(load->mover);
    timeline_free(load->timeline);
    timeline_free(load->query_timeline);
    free(load->posters);
    free(load->latency);
    free(load->query_latency);
    close(load->poll);
}

// ---- running

static bool posters_done(const struct load *load, uint64_t now_ns)
{
    for (unsigned i = 0; i < load->plan->connections; i++)
        if (!poster_is_done(&load->posters[i], now_ns))
            return false;
    return true;
}

// How long nothing is to do but to wait for answers.
static uint64_t wait_ns(const struct load *load, uint64_t now_ns)
{
    uint64_t until_ns = now_ns + PROGRESS_NS;
    if (load->deadline_ns > now_ns && load->deadline_ns < until_ns)
        until_ns = load->deadline_ns;
    for (unsigned i = 0; i < load->plan->connections; i++) {
        uint64_t due_ns = poster_due_ns(&load->posters[i]);
        if (due_ns > now_ns && due_ns < until_ns)
            until_ns = due_ns;
    }
    return until_ns - now_ns;
}

static void take_events(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t wait = wait_ns(load, link_now_ns());
    struct timespec limit = {.tv_sec = (time_t)(wait / NS_PER_S), .tv_nsec = (long)(wait % NS_PER_S)};
    int count = epoll_pwait2(load->poll, events, EVENTS_MAX, &limit, NULL);
    if (count < 0 && errno != EINTR)
        fail(EXIT_FAILED, "epoll: %s", strerror(errno));
    for (int i = 0; i < count; i++)
        link_ready(events[i].data.ptr, events[i].events);
}

static void look_for_silence(const struct load *load, uint64_t now_ns)
{
    uint64_t heard_ns = load->answered_ns ? load->answered_ns : load->begin_ns;
    if (load->under_way && now_ns > heard_ns + SILENCE_S_MAX * NS_PER_S)
        fail(EXIT_FAILED, "the daemon has answered nothing for %d s; %u requests are under way", SILENCE_S_MAX,
            load->under_way);
}

static void show_progress(const struct load *load, uint64_t now_ns)
{
    static const char *const names[] = {"opening accounts", "giving points to spend", "running", "running"};
    double seconds = (double)(now_ns - load->begin_ns) / 1e9;
    fprintf(stderr, "\r%s: %.1f s, %" PRIu64 " transactions, %.0f/s, p99 %.2f ms\033[K", names[load->order.phase],
        seconds, load->transactions, (double)load->transactions / seconds,
        (double)histogram_quantile_ns(load->latency, 0.99) / 1e6);
}

void load_run(struct load *load)
{
    bool progress = isatty(STDERR_FILENO);
    uint64_t shown_ns = 0, now_ns = link_now_ns();
    prctl(PR_SET_TIMERSLACK, 1);
    load->begin_ns = now_ns;
    load->deadline_ns = load->order.duration_s > 0 ? now_ns + (uint64_t)(load->order.duration_s * 1e9) : 0;
    do {
        for (unsigned i = 0; i < load->plan->connections; i++)
            poster_go_on(&load->posters[i], now_ns);
        askers_go_on(load, now_ns);
        if (load->mover)
            mover_look(load->mover);
        take_events(load);
        interrupt_check();
        now_ns = link_now_ns();
        look_for_silence(load, now_ns);
        if (progress && now_ns - shown_ns > PROGRESS_NS) {
            show_progress(load, now_ns);
            shown_ns = now_ns;
        }
    } while (!posters_done(load, now_ns) || load->under_way);
    if (progress)
        fputs("\r\033[K", stderr);
}

double load_seconds(const struct load *load)
{
    return (double)(load->answered_ns - load->begin_ns) / 1e9;
}
