// points-audit follow: keeps a mirror of a daemon's ledger, and raises an alarm when the daemon does what an honest one
// never does.
#include "ledger/base64.h"
#include "ledger/damage.h"
#include "proto/keyfile.h"
#include "tools/audit/mirror/mirror.h"
#include "tools/jst.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { POLL_MS = 500, BACKOFF_MS_FIRST = 500, BACKOFF_MS_MAX = 30 * 1000 };

struct follow {
    struct audit *audit;
    const char *address;
    bool once;
    const uint8_t *ledger_id; // NULL: any
    struct mirror mirror;
    unsigned backoff_ms;
    bool untold;   // something that no line has told yet
    double told_s; // when one was told; 0: never
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

// The first one ends the work in good order; the second one ends the process, and loses nothing.
static void stop_on_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void pause_ms(unsigned milliseconds)
{
    for (; milliseconds && !stop; milliseconds -= milliseconds < POLL_MS ? milliseconds : POLL_MS)
        poll(NULL, 0, milliseconds < POLL_MS ? (int)milliseconds : POLL_MS);
}

// ---- telling

static void print_json(json_object *object)
{
    puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
    fflush(stdout);
    json_object_put(object);
}

static void print_state(const struct follow *follow)
{
    char time[JST_TIME_BYTES], root[BASE64_BYTES(HASH_BYTES)];
    const struct mirror *mirror = &follow->mirror;
    const struct points_state *state = mirror->replay.fold.state;
    uint64_t blocks = ledger_size(mirror->ledger), transactions = points_last_sequence(state);
    jst_print_time(points_time(state), time);
    if (follow->audit->format != TABLE_JSON) {
        printf("%" PRIu64 " blocks, %" PRIu64 " transactions, last block %s JST, %" PRIu64 " behind\n", blocks,
            transactions, time, mirror->lag_blocks);
        fflush(stdout);
        return;
    }
    base64_write(mirror->newest.checkpoint.root, HASH_BYTES, root);
    json_object *object = json_object_new_object();
    json_object_object_add(object, "blocks", json_object_new_uint64(blocks));
    json_object_object_add(object, "transactions", json_object_new_uint64(transactions));
    json_object_object_add(object, "last_block", json_object_new_string(time));
    json_object_object_add(object, "lag_blocks", json_object_new_uint64(mirror->lag_blocks));
    json_object_object_add(object, "root", json_object_new_string(root));
    print_json(object);
}

// A line a batch; on a terminal one a second at most.
static void tell(struct follow *follow)
{
    const double pace_s = 1.0;
    double now_s = audit_now_s();
    if (!follow->untold || (!follow->once && isatty(STDOUT_FILENO) && now_s - follow->told_s < pace_s))
        return;
    follow->untold = false;
    follow->told_s = now_s;
    print_state(follow);
}

static int tell_alarm(const struct follow *follow)
{
    const struct mirror_alarm *alarm = &follow->mirror.alarm;
    if (follow->audit->format == TABLE_JSON) {
        json_object *object = json_object_new_object();
        json_object_object_add(object, "alarm", json_object_new_string(alarm->name));
        json_object_object_add(object, "message", json_object_new_string(alarm->message));
        print_json(object);
    } else {
        printf("ALARM %s: %s\n", alarm->name, alarm->message);
        fflush(stdout);
    }
    return EXIT_FAULT;
}

// ---- following

// Until it is lost, or following ends.
static enum mirror_result follow_connection(struct follow *follow, struct client *client)
{
    enum mirror_result result = mirror_meet(&follow->mirror, client, follow->ledger_id);
    while (result == MIRROR_SAME || result == MIRROR_GREW) {
        if (stop)
            return MIRROR_STOPPED;
        result = mirror_catch_up(&follow->mirror, client);
        if (result != MIRROR_SAME && result != MIRROR_GREW)
            break;
        follow->backoff_ms = BACKOFF_MS_FIRST;
        follow->untold |= result == MIRROR_GREW;
        tell(follow);
        if (follow->once)
            break;
        if (result == MIRROR_SAME || !follow->mirror.lag_blocks)
            pause_ms(POLL_MS);
    }
    return result;
}

static enum mirror_result follow_once(struct follow *follow)
{
    struct client *client = client_open(follow->address, &follow->mirror.error);
    if (!client)
        return mirror_failed(&follow->mirror);
    enum mirror_result result = follow_connection(follow, client);
    client_close(client);
    return result;
}

static void wait_after_loss(struct follow *follow)
{
    say("%s; trying again in %.1f s", follow->mirror.error.message, follow->backoff_ms / 1000.0);
    pause_ms(follow->backoff_ms);
    follow->backoff_ms = 2 * follow->backoff_ms < BACKOFF_MS_MAX ? 2 * follow->backoff_ms : BACKOFF_MS_MAX;
}

// What can never work is not tried again and again.
static void check_names(const struct follow *follow)
{
    struct tool_error error;
    if (!*follow->mirror.dir)
        fail(EXIT_WRONG_USE, "the name of the mirror's folder is empty");
    if (!client_check_address(follow->address, &error))
        fail(EXIT_WRONG_USE, "--socket: %s", error.message);
}

static int run(struct follow *follow)
{
    for (;;) {
        enum mirror_result result = follow_once(follow);
        if (result == MIRROR_ALARM)
            return tell_alarm(follow);
        if (stop || result == MIRROR_STOPPED)
            return follow->once ? EXIT_UNREADABLE : EXIT_HOLDS;
        if (result == MIRROR_SAME || result == MIRROR_GREW)
            return EXIT_HOLDS; // --once
        if (result == MIRROR_REFUSED || follow->once)
            fail(EXIT_FAILED, "%s", follow->mirror.error.message);
        wait_after_loss(follow);
    }
}

int audit_follow(struct audit *audit)
{
    struct keyfile key;
    struct keyfile_error error;
    uint8_t id[HASH_BYTES];
    const struct command_line *line = &audit->line;
    const char *id_text = option_get(line, "ledger-id");
    audit_need_no_table(audit);
    if (id_text)
        parse_digest(line, "--ledger-id", id_text, id);
    struct follow follow = {.audit = audit,
        .address = option_xget(line, "socket"),
        .once = option_get(line, "once") != NULL,
        .ledger_id = id_text ? id : NULL,
        .mirror = {.dir = argument_xget(line, 0), .key = &key, .stop = &stop},
        .backoff_ms = BACKOFF_MS_FIRST,
        .untold = true};
    check_names(&follow);
    if (!keyfile_load(option_xget(line, "key"), &key, &error))
        fail(EXIT_FAILED, "%s", error.message);
    mirror_open(&follow.mirror, audit);
    damage_watch_end();
    stop_on_signals();
    int code = run(&follow);
    mirror_close(&follow.mirror);
    keyfile_free(&key);
    return code;
}
