// One block taken out of a ledger at rest.
#include "tools/audit/audit_block.h"

#include <inttypes.h>
#include <string.h>

void audit_need_no_table(const struct audit *audit)
{
    if (audit->format == TABLE_CSV || audit->format == TABLE_CP932)
        fail_usage(&audit->line, "%s prints no table, so --csv and --cp932 are not for it", audit->line.name);
}

struct ledger_reading *audit_read(struct ledger *ledger)
{
    struct ledger_error error;
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    if (!reading)
        fail(EXIT_FAILED, "%s", error.message);
    return reading;
}

void audit_block_read(struct audit_block *block, struct ledger *ledger, struct ledger_reading *reading, uint64_t index)
{
    struct tree_edge edge;
    struct ledger_error error;
    struct replay_fault fault = {0};
    *block = (struct audit_block){.fault.block = index};
    arena_init(&block->arena, AUDIT_BLOCK_ARENA_BYTES);
    if (!ledger_read_edge(reading, index, &edge, &error))
        replay_fail(&fault, "%s", error.message);
    else if (replay_read_block(reading, ledger_id(ledger), &edge, &block->arena, &block->block, &fault))
        replay_check_signatures(&block->block, &fault);
    if (fault.message[0])
        snprintf(
            block->fault.message, sizeof block->fault.message, "in block %" PRIu64 ": %.500s", index, fault.message);
}

void audit_block_free(struct audit_block *block)
{
    arena_free(&block->arena);
}
