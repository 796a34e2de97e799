// points-audit verify: everything checked, from genesis to the checkpoint, and against a checkpoint seen before.
#include "tools/audit/audit.h"
#include "tools/audit/audit_report.h"
#include "tools/audit/seen.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct verify {
    const struct audit *audit;
    struct replay replay;
    uint64_t faults;   // as told
    json_object *told; // with --json
    double seconds;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// ---- faults

static void tell(void *context, const struct replay_fault *fault)
{
    struct verify *verify = context;
    verify->faults++;
    if (!verify->told) {
        printf("FAULT %s\n", fault->message);
        return;
    }
    json_object *object = json_object_new_object();
    if (fault->block != REPLAY_NO_BLOCK)
        json_object_object_add(object, "block", json_object_new_uint64(fault->block));
    json_object_object_add(object, "fault", json_object_new_string(fault->message));
    json_object_array_add(verify->told, object);
}

// The replay has told all when it was asked for all, else nothing yet.
static void tell_last(struct verify *verify, enum replay_result result)
{
    if (result == REPLAY_FAULT && !verify->replay.settings.tell)
        tell(verify, &verify->replay.fault);
}

// ---- what it came to

static double transactions_per_s(const struct verify *verify)
{
    return (double)points_last_sequence(verify->replay.fold.state) / verify->seconds;
}

static void print_holds(const struct verify *verify, const struct seen *seen)
{
    audit_report(&verify->replay, stdout);
    if (seen->path)
        printf("It extends the checkpoint of %" PRIu64 " blocks in %s.\n", seen->checkpoint.size, seen->path);
    char *plain = xprintf("%.0f", transactions_per_s(verify)), *speed = table_with_separators(plain);
    printf("It took %.1f s: %s transactions/s.\n", verify->seconds, speed);
    free(speed);
    free(plain);
}

static void print_faults(const struct verify *verify)
{
    if (verify->replay.settings.tell)
        printf("%" PRIu64 " fault%s found%s\n", verify->faults, verify->faults == 1 ? " was" : "s were",
            verify->replay.fold_ended ? "; from a block that cannot be read, or not follow, on, outcomes and books "
                                        "were not checked"
                                      : "");
}

static void add_text(json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, json_object_new_string(text));
}

static void add_ledger(json_object *object, const struct verify *verify)
{
    uint8_t root[HASH_BYTES];
    char id[2 * HASH_BYTES + 1], root_text[sodium_base64_ENCODED_LEN(HASH_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    const struct points_state *state = verify->replay.fold.state;
    tree_root(&verify->replay.edge, root);
    sodium_bin2hex(id, sizeof id, ledger_id(verify->replay.settings.ledger), HASH_BYTES);
    sodium_bin2base64(root_text, sizeof root_text, root, HASH_BYTES, sodium_base64_VARIANT_ORIGINAL);
    add_text(object, "ledger", points_genesis(state)->origin);
    add_text(object, "id", id);
    json_object_object_add(object, "blocks", json_object_new_uint64(verify->replay.edge.size));
    json_object_object_add(object, "transactions", json_object_new_uint64(points_last_sequence(state)));
    add_text(object, "root", root_text);
    json_object_object_add(object, "time", json_object_new_int64(points_time(state)));
    json_object_object_add(
        object, "scripted", json_object_new_boolean(points_genesis(state)->time_source == TIME_SOURCE(SCRIPTED)));
    json_object_object_add(object, "transactions_per_s", json_object_new_int64((int64_t)transactions_per_s(verify)));
}

static void print_json(struct verify *verify, const struct seen *seen, bool holds)
{
    json_object *object = json_object_new_object();
    json_object_object_add(object, "holds", json_object_new_boolean(holds));
    json_object_object_add(object, "seconds", json_object_new_double(verify->seconds));
    if (verify->replay.fold.state)
        add_ledger(object, verify);
    if (seen->path)
        json_object_object_add(object, "from_blocks", json_object_new_uint64(seen->checkpoint.size));
    json_object_object_add(object, "faults", verify->told);
    puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}

int audit_verify(struct audit *audit)
{
    struct verify verify = {.audit = audit, .told = audit->format == TABLE_JSON ? json_object_new_array() : NULL};
    struct seen seen = seen_read(&audit->line, option_get(&audit->line, "from-checkpoint"));
    struct ledger *ledger = audit_ledger(argument_xget(&audit->line, 0));
    const struct audit_pass pass = {
        .signatures = true, .tell = option_get(&audit->line, "all") ? tell : NULL, .context = &verify};
    double begin_s = now_s();
    enum replay_result result = audit_replay(ledger, &pass, &verify.replay);
    verify.seconds = now_s() - begin_s;
    if (result == REPLAY_UNREADABLE)
        return audit_fault(audit, result, &verify.replay.fault);
    tell_last(&verify, result);
    if (seen.path && verify.replay.fold.state && !seen_extended(&seen, &verify.replay)) {
        tell(&verify, &seen.fault);
        result = REPLAY_FAULT;
    }
    if (verify.told)
        print_json(&verify, &seen, result == REPLAY_HOLDS);
    else if (result == REPLAY_HOLDS)
        print_holds(&verify, &seen);
    else
        print_faults(&verify);
    audit_replay_end(&verify.replay);
    ledger_close(ledger);
    return result == REPLAY_HOLDS ? EXIT_HOLDS : EXIT_FAULT;
}
