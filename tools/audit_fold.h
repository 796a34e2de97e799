// The rules, applied again to blocks whose form is right.
#pragma once

#include "tools/audit_block.h"

bool audit_fold_genesis(struct audit_fold *fold, const struct audit_block *block, struct audit_fault *fault);
// `reading` is asked for earlier transactions whose ids come again.
bool audit_fold_block(struct audit_fold *fold, struct ledger_reading *reading, struct arena *arena,
    const struct audit_block *block, struct audit_fault *fault);
