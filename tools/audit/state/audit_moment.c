// The moment that a command is asked about.
#include "tools/audit/state/audit_moment.h"
#include "points/calendar.h"
#include "tools/audit/state/prefix.h"
#include "tools/jst.h"

#include <inttypes.h>
#include <stdlib.h>

// ---- getting there

static struct audit_pass read_pass(const struct audit *audit, uint64_t size)
{
    struct audit_pass pass = {0};
    const char *block = option_get(&audit->line, "block"), *at = option_get(&audit->line, "at");
    if (block && at)
        fail_usage(&audit->line, "--block and --at exclude each other; give one of them");
    if (block)
        pass.blocks = parse_number(&audit->line, "--block", block, 0, size - 1) + 1;
    if (at)
        pass.before = parse_time(&audit->line, "--at", at);
    if (at && pass.before <= 0)
        fail_usage(&audit->line, "--at: there was no ledger then");
    return pass;
}

static noreturn void fail_before_genesis(struct audit_moment *moment)
{
    char time[JST_TIME_BYTES];
    struct ledger_error error = {""};
    struct ledger_record record;
    struct ledger_reading *reading = ledger_read_begin(moment->ledger, &error);
    Points__V1__BlockHeader *header = NULL;
    if (reading && ledger_read_block(reading, 0, &record, &error) == 1)
        header = points__v1__block_header__unpack(NULL, record.header_size, record.header);
    if (!header)
        fail(EXIT_FAILED, "block 0 cannot be read: %s", error.message);
    ledger_read_end(reading);
    jst_print_time(header->time, time);
    points__v1__block_header__free_unpacked(header, NULL);
    fail(EXIT_WRONG_USE, "--at: the ledger begins at %s JST; there is nothing before that", time);
}

void audit_moment_begin(struct audit *audit, struct audit_moment *moment)
{
    moment->ledger = audit_ledger(argument_xget(&audit->line, 0));
    const struct audit_pass pass = read_pass(audit, ledger_size(moment->ledger));
    moment->at = pass.before;
    audit_xreplay(audit, moment->ledger, &pass, &moment->replay);
    if (!moment->replay.fold.state)
        fail_before_genesis(moment);
    moment->checkpoint = prefix_prove(audit, &moment->replay);
    state_view_begin(&moment->view, moment->replay.fold.state, audit->format == TABLE_PEOPLE);
}

void audit_moment_end(struct audit_moment *moment)
{
    state_view_end(&moment->view);
    audit_replay_end(&moment->replay);
    ledger_close(moment->ledger);
}

// ---- showing it

static void remark_checkpoint(struct document *document, uint64_t blocks, uint64_t signed_blocks)
{
    if (!signed_blocks)
        document_remark(document, "Genesis stands alone; no checkpoint was signed yet.");
    else if (blocks == signed_blocks)
        document_remark(document, "It is the last of the %" PRIu64 " that the newest checkpoint signs.", signed_blocks);
    else if (blocks == 1)
        document_remark(
            document, "It is the first of the %" PRIu64 " that the newest checkpoint signs.", signed_blocks);
    else
        document_remark(document,
            "These %" PRIu64 " blocks are the first of the %" PRIu64 " that the newest checkpoint signs.", blocks,
            signed_blocks);
}

static void remark_block(struct document *document, const struct audit_moment *moment)
{
    char time[JST_TIME_BYTES];
    jst_print_time(points_time(moment->replay.fold.state), time);
    document_remark(
        document, "This is the state after block %" PRIu64 ", of %s JST.", moment->replay.edge.size - 1, time);
}

static void remark_after(struct document *document, const struct audit_moment *moment)
{
    char at[JST_TIME_BYTES], last[JST_TIME_BYTES];
    jst_print_time(moment->at, at);
    jst_print_time(points_time(moment->replay.fold.state), last);
    document_remark(
        document, "%s JST lies after the ledger's last block, of %s JST: the ledger does not know it yet.", at, last);
}

void audit_show_instant(struct document *document, const struct audit_moment *moment)
{
    if (moment->at)
        document_time(document, "at", moment->at, "");
}

void audit_show_overdue(struct document *document, struct audit_moment *moment)
{
    if (!moment->at)
        return;
    uint64_t points = state_overdue(&moment->view, calendar_day(moment->at));
    if (points)
        document_remark(document,
            "Of the balances, %" PRIu64
            " points had their last day over by then; the next block counts them as expired.",
            points);
    document_hidden(document, "points_overdue", points);
}

void audit_show_moment(struct document *document, const struct audit_moment *moment)
{
    uint64_t blocks = moment->replay.edge.size;
    bool after = moment->at && !moment->replay.stopped;
    if (document->format == TABLE_PEOPLE) {
        remark_block(document, moment);
        remark_checkpoint(document, blocks, moment->checkpoint.size);
    }
    if (after)
        remark_after(document, moment);
    document_hidden(document, "block", blocks - 1);
    document_hidden_time(document, "block_time", points_time(moment->replay.fold.state));
    document_hidden(document, "checkpoint_blocks", moment->checkpoint.size);
    document_boolean(document, "at_after_last_block", after);
}
