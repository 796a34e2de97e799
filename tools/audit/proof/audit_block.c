// One block taken out of a ledger at rest.
#include "tools/audit/proof/audit_block.h"

#include <inttypes.h>
#include <string.h>

bool audit_read_checkpoint(struct ledger_reading *reading, char *note, struct replay_fault *fault)
{
    struct ledger_error error;
    if (ledger_read_checkpoint(reading, note, &error))
        return true;
    if (ledger_read_size(reading) == 1)
        fail(EXIT_FAILED, "%s", error.message);
    return replay_fail(fault, "in the checkpoint: %s", error.message);
}

void audit_need_block(struct ledger_reading *reading, uint64_t index)
{
    if (index >= ledger_read_size(reading))
        fail(EXIT_WRONG_USE, "there is no block %" PRIu64 ": the ledger has %" PRIu64 ", counted from 0", index,
            ledger_read_size(reading));
}

static void check_place(struct audit_block *block, struct ledger_reading *reading, struct ledger_error *error)
{
    struct tree_edge edge;
    uint64_t index = block->block.heading.index;
    error->message[0] = '\0';
    if (ledger_read_edge(reading, index, &edge, error))
        ledger_check_place(reading, &block->block.heading, NULL, &edge, error);
}

void audit_block_read(struct audit_block *block, struct ledger *ledger, struct ledger_reading *reading, uint64_t index)
{
    struct ledger_error error;
    struct replay_fault fault = {0};
    *block = (struct audit_block){.fault.block = index};
    arena_init(&block->arena, AUDIT_BLOCK_ARENA_BYTES);
    replay_read_block(reading, ledger_id(ledger), index, true, &block->arena, &block->block);
    check_place(block, reading, &error);
    if (error.message[0])
        replay_fail_ledger(&fault, index, &error);
    for (int check = BLOCK_CHECKS - 1; check >= 0; check--)
        if (block->block.faults[check])
            fault = *block->block.faults[check];
    if (fault.message[0])
        snprintf(
            block->fault.message, sizeof block->fault.message, "in block %" PRIu64 ": %.500s", index, fault.message);
}

void audit_block_free(struct audit_block *block)
{
    arena_free(&block->arena);
}
