// A block for people: its header, its signers, its transactions with what was decided about them.
#pragma once

#include "replay/block.h"
#include "tools/audit/document.h"
#include "tools/audit/registered_keys.h"

// The header's fields. Needs block->header and the header's bytes in block->record.
void block_sheet_header(struct document *document, const struct replay_block *block);
// `keys` tell whose they are; NULL: that is not known.
void block_sheet_signers(
    struct document *document, const struct replay_block *block, const struct registered_keys *keys);
// The transactions of an envelope; or what genesis begins with. Without outcomes, where they are not known.
void block_sheet_body(struct document *document, const struct replay_block *block);
// One line for a transaction, with its type and id before its fields; the caller frees.
char *block_sheet_transaction(const Points__V1__Transaction *transaction);
