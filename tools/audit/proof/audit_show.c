// points-audit show: one block, with its signers, its transactions and what was decided about them.
#include "tools/audit/proof/audit_block.h"
#include "tools/audit/proof/block_sheet.h"

static void print_block(struct audit *audit, const struct replay_block *block, const struct registered_keys *keys)
{
    struct document document = document_begin(audit);
    block_sheet_header(&document, block);
    block_sheet_signers(&document, block, keys);
    block_sheet_body(&document, block);
    document_sentence(&document,
        "The block's hashes and signatures are right. Whether its outcomes are, and whether the signers were permitted "
        "to make them,\n`points-audit verify` tells.");
    document_end(&document);
}

int audit_show(struct audit *audit)
{
    struct ledger *ledger = audit_ledger(argument_xget(&audit->line, 0));
    struct ledger_reading *reading = audit_read(ledger);
    uint64_t index = parse_number(&audit->line, "BLOCK", argument_xget(&audit->line, 1), 0, UINT64_MAX);
    audit_need_block(reading, index);
    struct audit_block block;
    audit_block_read(&block, ledger, reading, index);
    int code = EXIT_HOLDS;
    if (block.fault.message[0]) {
        code = audit_fault(audit, REPLAY_FAULT, &block.fault);
    } else {
        struct registered_keys keys = registered_keys_read(reading, index ? index : 1);
        print_block(audit, &block.block, &keys);
        registered_keys_free(&keys);
    }
    audit_block_free(&block);
    ledger_read_end(reading);
    ledger_close(ledger);
    return code;
}
