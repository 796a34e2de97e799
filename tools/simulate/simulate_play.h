// A design played once: residents come, complete quests and spend, day by day, and what the rules decided is counted.
#pragma once

#include "points/points.h"
#include "tools/simulate/simulate_design.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct play_tally {
    uint64_t residents, awards, points, refused; // residents with at least one award
};

struct play_refusal {
    outcome_code code;
    uint64_t awards;
    uint32_t first_day;
};

enum { PLAY_REFUSALS_MAX = 16 }; // an award has no more checks

// What came of one quest, or of all together.
struct play_part {
    struct play_tally municipalities[MUNICIPALITIES_MAX]; // as the design's list has them
    struct play_tally *weeks;                             // of the quests' days; residents are not counted here
    struct play_refusal refusals[PLAY_REFUSALS_MAX];
    size_t refusal_count;
    uint32_t ran_out_on; // the first day on which its own budget did not pay an award; 0: it lasts
};

// Counted over those who play; the design's `sample` says how many residents one of them stands for.
struct play {
    const struct design *design;
    uint64_t seed;
    uint64_t residents[MUNICIPALITIES_MAX];    // one in `sample`
    uint64_t participants[MUNICIPALITIES_MAX]; // of these
    struct play_part *parts;                   // of the quests, and one more of all together
    size_t week_count;
    struct points_state *state; // after the last day
};

// The caller frees. Too many residents end the process.
struct play *play_all(const struct design *design, uint64_t seed);
void play_free(struct play *play);

uint32_t play_week_first_day(const struct play *play, size_t week); // a Monday
struct play_tally play_total(const struct play_part *part);
const struct play_part *play_together(const struct play *play);
