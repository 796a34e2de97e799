// A ledger opened and replayed for a command, with progress on a terminal.
#include "tools/audit/audit.h"
#include "tools/audit/progress.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void audit_need_no_table(const struct audit *audit)
{
    if (audit->format == TABLE_CSV || audit->format == TABLE_CP932)
        fail_usage(&audit->line, "%s prints no single table, so --csv and --cp932 are not for it", audit->line.name);
}

double audit_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct ledger *audit_ledger(const char *dir)
{
    struct ledger_error error;
    struct ledger *ledger = ledger_open(dir, LEDGER_READ, &error);
    if (!ledger)
        fail(EXIT_FAILED, "%s", error.message);
    return ledger;
}

struct ledger_reading *audit_read(struct ledger *ledger)
{
    struct ledger_error error;
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    if (!reading)
        fail(EXIT_FAILED, "%s", error.message);
    return reading;
}

static void index_fails(const char *message)
{
    fail(EXIT_FAILED, "%s", message);
}

static struct id_index *open_index(void)
{
    struct id_index_error error;
    const struct id_index_settings settings = {.background = true, .fail = index_fails};
    struct id_index *ids = id_index_open(&settings, &error);
    if (!ids)
        fail(EXIT_FAILED, "%s", error.message);
    return ids;
}

// What the replay calls with.
struct pass {
    const struct audit_pass *asked;
    struct progress progress;
};

static void show(void *context, uint64_t blocks_done, uint64_t blocks, uint64_t transactions)
{
    struct pass *pass = context;
    progress_show(&pass->progress, blocks_done, blocks, transactions);
}

static bool visit(void *context, const struct replay_visit *visited)
{
    const struct pass *pass = context;
    return pass->asked->visit(pass->asked->context, visited);
}

static void tell(void *context, const struct replay_fault *fault)
{
    struct pass *pass = context;
    progress_end(&pass->progress);
    pass->asked->tell(pass->asked->context, fault);
}

enum replay_result audit_replay(struct ledger *ledger, const struct audit_pass *asked, struct replay *replay)
{
    struct pass pass = {.asked = asked, .progress = progress_begin()};
    const struct replay_settings settings = {.ledger = ledger,
        .ids = open_index(),
        .signatures = asked->signatures,
        .blocks = asked->blocks,
        .before = asked->before,
        .progress = show,
        .visit = asked->visit ? visit : NULL,
        .tell = asked->tell ? tell : NULL,
        .context = &pass};
    enum replay_result result = replay_run(replay, &settings);
    replay->settings.progress = NULL; // what they are called with ends here
    replay->settings.visit = NULL;
    replay->settings.tell = NULL;
    progress_end(&pass.progress);
    return result;
}

void audit_replay_end(struct replay *replay)
{
    struct id_index *ids = replay->fold.ids;
    replay_end(replay);
    id_index_close(ids);
}

int audit_fault(const struct audit *audit, enum replay_result result, const struct replay_fault *fault)
{
    if (result == REPLAY_UNREADABLE) {
        say("%s", fault->message);
        return EXIT_UNREADABLE;
    }
    if (audit->format == TABLE_JSON) {
        json_object *object = json_object_new_object();
        json_object_object_add(object, "holds", json_object_new_boolean(false));
        if (fault->block != REPLAY_NO_BLOCK)
            json_object_object_add(object, "block", json_object_new_uint64(fault->block));
        json_object_object_add(object, "fault", json_object_new_string(fault->message));
        puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(object);
    } else {
        printf("FAULT %s\n", fault->message);
    }
    return EXIT_FAULT;
}

noreturn void audit_leave(const struct audit *audit, struct replay *replay, enum replay_result result)
{
    struct ledger *ledger = replay->settings.ledger;
    int code = audit_fault(audit, result, &replay->fault);
    audit_replay_end(replay);
    ledger_close(ledger);
    exit(code);
}

void audit_xreplay(struct audit *audit, struct ledger *ledger, const struct audit_pass *pass, struct replay *replay)
{
    enum replay_result result = audit_replay(ledger, pass, replay);
    if (result != REPLAY_HOLDS)
        audit_leave(audit, replay, result);
}
