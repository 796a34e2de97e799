// One resident's part in one quest, or in one campaign: what was earned, and in which of the newest periods.
#pragma once

#include "points/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The newest periods fit in one word: 64 of them when one award each is all that can be, 8 with counts to 255. Grace is
// limited so that nothing older can be awarded any more.
struct progress {
    uint32_t next; // of the same account, counted from 1; 0: the last
    uint32_t key;  // the quest's number, or the campaign's with PROGRESS_CAMPAIGN
    uint32_t awards : 31;
    uint32_t had_bonus : 1;
    uint32_t newest_period;
    uint64_t periods; // counts of awards, the newest period's lowest
    uint64_t points;
};

#define PROGRESS_CAMPAIGN (UINT32_C(1) << 31)
enum { PROGRESS_SINGLE_PERIODS = 60, PROGRESS_COUNTED_PERIODS = 4 }; // of grace

struct progresses {
    struct progress *all;
    size_t count, capacity;
};

// NULL: no part yet. Valid until the next progress_new.
struct progress *progress_get(const struct progresses *progresses, const struct account *account, uint32_t key);
struct archive;
void progresses_archive(struct archive *archive, struct progresses *progresses);

struct progress *progress_new(struct progresses *progresses, struct account *account, uint32_t key, uint32_t period);

// Awards in a period; `times` as the quest has it. More than any `times` when the period is too old to tell.
unsigned progress_awards(const struct progress *progress, uint32_t period, uint32_t times);
void progress_add(struct progress *progress, uint32_t period, uint32_t times, uint64_t points);
// Adds what `from` did to `to`, both of one quest.
void progress_join(struct progress *to, const struct progress *from, uint32_t times);
