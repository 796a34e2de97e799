// Purposes, donations to the home municipality, and their totals by day.
#pragma once

#include "points/lots.h"
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
    uint64_t reversed_donations, reversed_points; // of these, whenever that was
    uint64_t reversals, reversals_points;         // that were made on this day
};

// A donation that can still be reversed.
struct donation {
    uint64_t sequence;
    uint8_t account[ID_BYTES];
    uint8_t municipality; // position in genesis
    uint32_t purpose, day;
    uint32_t last_day; // on which it can be reversed
    uint64_t points;
    struct lot_parts parts; // where the points came from
    UT_hash_handle hh;      // by sequence, in its order
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
    struct donation *reversible; // uthash; some of them perhaps no longer
};

// Adds to the total of this municipality and purpose.
void donation_totals_add(struct donation_totals *totals, const struct donation_total *more);

// The one with this sequence number, if it can be reversed today; else NULL.
struct donation *donation_reversible(const struct donation_days *days, uint64_t sequence, uint32_t today);
// Counts its reversal, today and on its own day, and forgets it.
void donation_reverse(struct donation_days *days, struct donation *donation, uint32_t today);
void donations_forget(struct donation_days *days, uint32_t today); // those at the head that cannot be reversed any more
// Given on days up to `to_day` to a municipality (position in genesis) for a purpose, and not reversed.
uint64_t donations_net(const struct donation_days *days, unsigned municipality, uint32_t purpose, uint32_t to_day);

struct purpose *purpose_get(struct purpose *purposes, uint32_t number); // NULL: none
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
