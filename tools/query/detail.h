// Entries of the ledger: asked for, and what stands beside their type.
#pragma once

#include "tools/command/points.h"

// Ends the process when the daemon left a part out.
void entry_need_whole(const Points__V1__LedgerEntry *entry);
// The answer with the entry of a transaction, whole; its key must be proved. The caller frees.
Points__V1__Response *entry_call(struct context *context, const ProtobufCBinaryData *id);
// What the entry was about, in words; of a reversal, the daemon is asked what was reversed.
void detail_cell(struct context *context, struct table *table, const Points__V1__LedgerEntry *entry);
