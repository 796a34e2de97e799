// A dry run for people: what it comes to, which rows of the file repeat others, and what budgets have left.
#pragma once

#include "tools/batch/dry_run.h"
#include "tools/command/points.h"

// Plain text, the same for the same dry run wherever it is made: counts and points by outcome and by quest, and the
// lines that repeat another (the same account, quest, day and receipt; or the same transaction reversed). The caller
// frees.
char *dry_run_summary(const struct dry_run *dry_run, const uint8_t sha256[HASH_BYTES], size_t *size);

struct dry_run_sum {
    size_t applied, repeats; // rows
    uint64_t points;
};
struct dry_run_sum dry_run_sum(const struct dry_run *dry_run);

// Says what the awards would take of each budget, of quests and campaigns, and what is left of it now.
void dry_run_say_budgets(struct context *context, const struct dry_run *dry_run);
