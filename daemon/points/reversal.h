// Reversals: undoing one award, donation or conversion.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Which transactions were reversed, by sequence number.
struct reversals {
    struct reversed *all; // uthash
};

void reversals_free(struct reversals *reversals);
struct archive;
void reversals_archive(struct archive *archive, struct reversals *reversals);

struct turn;
bool reversal_target_known(struct turn *turn);
bool reversal_is_first(struct turn *turn);
bool reversal_possible(struct turn *turn);
uint64_t reversal_apply(struct turn *turn);
uint64_t reversal_points(const struct turn *turn); // what can be taken, or given back
