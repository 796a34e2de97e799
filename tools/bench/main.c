// points-bench: a load of signed transactions for pointsd, every outcome checked, and what it takes measured.
#include "tools/bench/books.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/plot.h"
#include "tools/bench/report.h"
#include "tools/bench/yardstick.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct bench {
    struct settings settings;
    struct server server; // without --connect
    const char *address;
    struct plan plan;
    struct office office;
    struct answers answers;
    struct weeks weeks;
    struct measured measured;
};

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static struct usage look_at_server(const struct bench *bench)
{
    return bench->settings.address ? (struct usage){0} : server_usage(&bench->server);
}

// ---- the phases

static struct load new_load(struct bench *bench, struct load_order order)
{
    uint64_t now_ms = wall_ms(), begin_ms = bench->plan.ids_begin_ms + bench->plan.accounts / 1000 + 1;
    bench->plan.ids_begin_ms = now_ms > begin_ms ? now_ms : begin_ms; // ids go up from phase to phase
    return (struct load){.order = order,
        .address = bench->address,
        .operator_key = &bench->office.operators[0],
        .plan = &bench->plan,
        .answers = &bench->answers,
        .weeks = &bench->weeks};
}

// An envelope goes over no account twice, unless there are hardly any.
static uint32_t batch_of(const struct bench *bench, uint32_t most)
{
    uint32_t accounts = bench->plan.accounts / bench->plan.connections;
    return accounts < most ? accounts : most;
}

static void run_untimed(struct bench *bench, enum phase phase)
{
    struct load load = new_load(
        bench, (struct load_order){
                   .phase = phase, .batch = batch_of(bench, ENVELOPE_TRANSACTIONS_MAX), .window = 16, .live = true});
    load_make(&load);
    load_run(&load);
    load_end(&load);
}

// How many transactions are made for a run that ends by the clock.
static uint64_t count_for_duration(const struct settings *settings, uint32_t batch)
{
    double per_s = settings->rate ? (double)settings->rate : (double)settings->scenario->ready_per_s;
    uint64_t wanted = (uint64_t)(per_s * settings->duration_s) + batch;
    uint64_t fit = ((uint64_t)settings->memory_mib << 20) / script_frame_bytes_max(batch) * batch;
    if (settings->sign_live)
        return UINT32_MAX;
    return wanted < fit ? wanted : fit;
}

static struct load_order order_of(const struct bench *bench)
{
    const struct settings *settings = &bench->settings;
    uint32_t batch = batch_of(bench, settings->scenario->batch);
    return (struct load_order){.phase = settings->scenario->mixed ? MIXING : AWARDING,
        .batch = batch,
        .window = settings->window,
        .transactions = settings->transactions ? settings->transactions : count_for_duration(settings, batch),
        .duration_s = settings->duration_s,
        .rate = settings->rate,
        .live = settings->sign_live,
        .asking = settings->scenario->asks ? settings->connections : 0,
        .keeps_timeline = settings->plot_path != NULL};
}

// Where time cannot be moved there are only so many weeks.
static void check_weeks(const struct bench *bench, const struct load_order *order)
{
    uint64_t most = (uint64_t)bench->plan.accounts * (PASSES_MAX - 1);
    if (!bench->weeks.scripted && order->transactions > most)
        fail(EXIT_WRONG_USE,
            "the ledger runs on real time, where %" PRIu32 " accounts have %" PRIu64
            " weekly awards; use more --accounts or fewer --transactions",
            bench->plan.accounts, most);
}

static void run_timed(struct bench *bench, struct load *load)
{
    struct rusage begun, ended;
    struct measured *measured = &bench->measured;
    measured->begun = look_at_server(bench);
    getrusage(RUSAGE_SELF, &begun);
    load_run(load);
    getrusage(RUSAGE_SELF, &ended);
    measured->ended = look_at_server(bench);
    measured->client_user_s = seconds(ended.ru_utime) - seconds(begun.ru_utime);
    measured->client_system_s = seconds(ended.ru_stime) - seconds(begun.ru_stime);
}

// ---- from begin to end

static void begin(struct bench *bench)
{
    const struct settings *settings = &bench->settings;
    if (!settings->address)
        server_start(&bench->server, settings->dir, settings->workers);
    bench->address = settings->address ? settings->address : bench->server.address;
    char *keys = settings->address ? xstrdup(settings->keys_dir) : xprintf("%s/keys", bench->server.dir);
    bench->plan.accounts = settings->accounts;
    bench->plan.connections = settings->connections;
    bench->plan.random_ids = settings->scenario->random_ids;
    randombytes_buf(&bench->plan.seed, sizeof bench->plan.seed);
    office_open(&bench->office, bench->address, keys, &bench->plan);
    bench->weeks.scripted = client_hello(bench->office.client)->time_source == TIME_SOURCE(SCRIPTED);
    bench->weeks.passes = PASSES_MAX;
    bench->measured.settings = settings;
    bench->measured.has_server = !settings->address;
    bench->measured.empty = look_at_server(bench);
    bench->measured.verifies_per_s = yardstick_verifies_per_s();
    bench->measured.fdatasync_ms = settings->address ? -1 : yardstick_fdatasync_ms(bench->server.dir);
    free(keys);
}

static void say_if_cut_short(const struct bench *bench, const struct load *load)
{
    double wanted = bench->settings.duration_s;
    if (wanted > 0 && !bench->settings.rate && load->transactions >= load->order.transactions)
        say("what was made ready lasted for %.1f s of %.1f; --memory makes more ready, --sign-live makes it meanwhile",
            load_seconds(load), wanted);
}

static void finish(struct bench *bench, struct load *load)
{
    const struct settings *settings = &bench->settings;
    bench->measured.load = load;
    bench->measured.batch = load->order.batch;
    say_if_cut_short(bench, load);
    if (!settings->address)
        server_stop(&bench->server);
    if (settings->audit)
        bench->measured.audited = server_audit(&bench->server);
    report_print(&bench->measured);
    if (!settings->address)
        server_remove(&bench->server);
    if (settings->plot_path)
        plot_write(settings->plot_path, settings->scenario->name, load->timeline, load->query_timeline);
    load_end(load);
    office_close(&bench->office);
    answers_end(&bench->answers);
    keyfile_free(&bench->plan.app);
    free(bench->plan.homes);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bench.settings = settings_parse(argc, argv);
    if (sodium_init() < 0)
        fail(EXIT_FAILED, "libsodium does not start");
    interrupt_watch();
    begin(&bench);
    bool mixed = bench.settings.scenario->mixed;
    Points__V1__Response *before = office_trial_balance(&bench.office);
    answers_begin(&bench.answers, &bench.plan, before->trial_balance->last_sequence);
    office_define(&bench.office, &bench.plan, mixed);
    struct load_order order = order_of(&bench);
    check_weeks(&bench, &order);
    run_untimed(&bench, OPENING);
    if (mixed)
        run_untimed(&bench, STARTING);
    struct load load = new_load(&bench, order);
    load_make(&load);
    run_timed(&bench, &load);
    books_compare(&bench.office, &bench.answers, &bench.weeks, mixed, before->trial_balance);
    client_free_response(before);
    finish(&bench, &load);
    return EXIT_SUCCESS;
}
