// Purposes, donations to the home municipality, and their totals by day.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

struct purpose {
    Points__V1__DefinePurpose definition; // its name is ours
    UT_hash_handle hh;                    // by definition.purpose
};

struct donation_total {
    uint32_t purpose;
    uint8_t municipality; // position in genesis
    uint64_t donations, points;
};

struct donation_totals {
    struct donation_total *all;
    size_t count, capacity;
};

struct donation_day {
    uint32_t day;
    struct donation_totals totals;
};

// Ascending, since a donation's day is that of its block.
struct donation_days {
    struct donation_day *all;
    size_t count, capacity;
};

// Adds to the total of this municipality and purpose.
void donation_totals_add(struct donation_totals *totals, const struct donation_total *more);

void purposes_free(struct purpose *purposes);
void donations_free(struct donation_days *days);

struct turn;
bool purpose_known(struct turn *turn);
bool purpose_open(struct turn *turn);
bool purpose_new(struct turn *turn);
bool purpose_valid(struct turn *turn);
uint64_t purpose_apply_define(struct turn *turn);
bool donation_at_home(struct turn *turn);
bool donation_amount_valid(struct turn *turn);
bool donation_covered(struct turn *turn);
uint64_t donation_apply(struct turn *turn);
