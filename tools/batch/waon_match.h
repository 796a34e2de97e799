// The WAON side's results, matched row by row against the exported file and the ledger.
#pragma once

#include "tools/batch/batch_rows.h"
#include "tools/batch/waon_file.h"

// Reads the results: a CSV file whose first line names `conversion`, `result` (settled or refused) and, if there is
// one, `reason`; other columns are passed over. Each becomes a transaction whose id follows from conversion and result,
// so that it is decided once however often it is sent; the exported row gets its line. What is wrong, a conversion that
// was not exported among it, is printed with its line; returns how many are wrong. The caller frees `answers`.
size_t waon_match(const char *path, struct waon_rows *exported, struct batch_rows *answers);
