// points-audit verify: everything checked, from genesis to the checkpoint, and against a checkpoint seen before.
#include "tools/audit/audit.h"
#include "tools/audit/audit_report.h"
#include "tools/audit/seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct verify {
    struct document document;
    struct replay replay;
    struct table *faults; // NULL: people are told each as it is found
    uint64_t fault_count;
    double seconds;
};

// ---- faults

static struct table *new_faults(void)
{
    static const struct table_column columns[] = {{"block", TABLE_ORDINAL}, {"fault", TABLE_TEXT}};
    return table_new("faults", columns, sizeof columns / sizeof *columns);
}

static void tell(void *context, const struct replay_fault *fault)
{
    struct verify *verify = context;
    verify->fault_count++;
    if (!verify->faults) {
        printf("FAULT %s\n", fault->message);
        return;
    }
    if (fault->block == REPLAY_NO_BLOCK)
        table_empty(verify->faults);
    else
        table_number(verify->faults, fault->block);
    table_text(verify->faults, fault->message);
}

// The first fault was not told yet, unless all were wanted.
static enum replay_result replay_all(struct verify *verify, const struct audit *audit, struct ledger *ledger)
{
    const struct audit_pass pass = {
        .signatures = true, .tell = option_get(&audit->line, "all") ? tell : NULL, .context = verify};
    double begin_s = audit_now_s();
    enum replay_result result = audit_replay(ledger, &pass, &verify->replay);
    verify->seconds = audit_now_s() - begin_s;
    if (result == REPLAY_FAULT && !pass.tell)
        tell(verify, &verify->replay.fault);
    return result;
}

static void check_seen(struct verify *verify, struct seen *seen)
{
    if (seen->path && verify->replay.fold.state && !seen_extended(seen, &verify->replay))
        tell(verify, &seen->fault);
}

// ---- what it came to

static void show_speed(struct verify *verify)
{
    uint64_t speed = (uint64_t)((double)points_last_sequence(verify->replay.fold.state) / verify->seconds);
    char *plain = xprintf("%" PRIu64, speed), *grouped = table_with_separators(plain);
    document_sentence(&verify->document, "It took %.1f s: %s transactions/s.", verify->seconds, grouped);
    document_hidden(&verify->document, "milliseconds", (uint64_t)(verify->seconds * 1000));
    document_hidden(&verify->document, "transactions_per_s", speed);
    free(grouped);
    free(plain);
}

static void show_holds(struct verify *verify, const struct seen *seen)
{
    audit_report(&verify->document, &verify->replay);
    if (seen->path) {
        document_sentence(&verify->document, "It extends the checkpoint of %" PRIu64 " blocks in %s.",
            seen->checkpoint.size, seen->path);
        document_hidden(&verify->document, "from_blocks", seen->checkpoint.size);
    }
    show_speed(verify);
}

static void show_faults(struct verify *verify, bool all)
{
    if (all)
        document_sentence(&verify->document, "%" PRIu64 " fault%s found.%s", verify->fault_count,
            verify->fault_count == 1 ? " was" : "s were",
            verify->replay.fold_ended ? " From a block that cannot be read, or cannot follow the one before it, on, "
                                        "outcomes and books were not checked."
                                      : "");
    document_boolean(&verify->document, "outcomes_checked_to_the_end", !verify->replay.fold_ended);
}

int audit_verify(struct audit *audit)
{
    audit_need_no_table(audit);
    bool json = audit->format == TABLE_JSON;
    struct verify verify = {.document = document_begin(audit), .faults = json ? new_faults() : NULL};
    struct seen seen = seen_read(&audit->line, option_get(&audit->line, "from-checkpoint"));
    struct ledger *ledger = audit_ledger(argument_xget(&audit->line, 0));
    enum replay_result result = replay_all(&verify, audit, ledger);
    if (result == REPLAY_UNREADABLE)
        return audit_fault(audit, result, &verify.replay.fault);
    check_seen(&verify, &seen);
    document_boolean(&verify.document, "holds", verify.fault_count == 0);
    if (verify.fault_count)
        show_faults(&verify, option_get(&audit->line, "all"));
    else
        show_holds(&verify, &seen);
    if (json)
        document_table(&verify.document, NULL, NULL, verify.faults);
    document_end(&verify.document);
    audit_replay_end(&verify.replay);
    ledger_close(ledger);
    return verify.fault_count ? EXIT_FAULT : EXIT_HOLDS;
}
