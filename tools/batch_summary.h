// What became of a batch's rows: for people how many had which outcome, and the first refused ones; for machines all.
#pragma once

#include "tools/outbox.h"
#include "tools/points.h"

// Every envelope of the outbox must be answered. Returns the exit code: EXIT_REFUSED when a row was refused.
int batch_summary_print(struct context *context, const struct outbox *outbox);
