// The values of a design file: what may stand behind an equals sign.
#pragma once

#include "tools/simulate/simulate_design.h"

// Each reads `text` into what lies `at`. NULL: done; else what would be right, to follow "should be". Texts are copied,
// and what was there is freed.
typedef const char *value_fn(const struct municipality_names *names, const char *text, void *at);

value_fn value_text;           // char *
value_fn value_number;         // uint64_t
value_fn value_count;          // uint32_t
value_fn value_sample;         // uint32_t
value_fn value_share;          // uint32_t: parts of SHARE_WHOLE
value_fn value_day;            // uint32_t
value_fn value_rate;           // uint32_t: thousandths
value_fn value_period;         // Points__V1__Period
value_fn value_times;          // uint32_t
value_fn value_hours;          // uint32_t: seconds
value_fn value_expires;        // struct quest_options
value_fn value_municipalities; // struct quest_options
value_fn value_steps;          // struct quest_options
value_fn value_bonus_places;   // struct quest_options
value_fn value_bonus_points;   // struct quest_options
value_fn value_amounts;        // struct design_quest
