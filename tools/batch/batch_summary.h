// What became of a batch's rows: for people how many had which outcome, and the first that were refused or, after a dry
// run, that came to something else than it said; for machines all.
#pragma once

#include "tools/batch/dry_run.h"
#include "tools/batch/outbox.h"
#include "tools/command/points.h"

// Every envelope of the outbox must be answered. `dry_run` is of the outbox; NULL: there was none. Returns the exit
// code: EXIT_REFUSED when a row was refused. `refused_heading` stands above refused rows where there was no dry run.
int batch_summary_print(
    struct context *context, const struct outbox *outbox, const struct dry_run *dry_run, const char *refused_heading);
