// Entries of a ledger, looked up wherever it is: a daemon is asked, or the ledger itself.
#pragma once

#include "proto/formats.h"

typedef void entry_fn(void *data, const Points__V1__LedgerEntry *entry);

// What cannot be had ends the process. Entries are whole, and stay as long as the source does.
struct entries {
    void *source;
    const Points__V1__LedgerEntry *(*by_id)(void *source, const ProtobufCBinaryData *id);
    void (*of_account)(void *source, const ProtobufCBinaryData *account, entry_fn *take, void *data); // newest first
};
