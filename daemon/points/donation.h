// Purposes, donations to the home municipality, and their totals by day.
#pragma once

#include "points/donor.h"
#include "points/lots.h"
#include "points/series.h"
#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

struct purpose {
    Points__V1__DefinePurpose definition; // its name is ours
    UT_hash_handle hh;                    // by definition.purpose
};

// Columns of a donee's series.
enum {
    DONATIONS,
    DONATIONS_POINTS,
    DONATIONS_REVERSED, // of these, whenever that was
    DONATIONS_REVERSED_POINTS,
    REVERSALS, // that were made on this day
    REVERSALS_POINTS,
    DONORS, // one column for each TotalsUnit: those whose first donation ever, of the day, month or fiscal year this is
};
_Static_assert(DONORS + UNIT(FISCAL_YEAR) < SERIES_COLUMNS, "a column for each unit");

// All that a donee was given.
struct donation_series {
    struct donee donee;
    struct donation_series *wider; // counts its donations too; NULL: there is none
    struct series series;
    uint64_t paid_points; // by settlements
    uint32_t paid_to_day; // by the newest of them; when there are paid_points
    UT_hash_handle hh;    // by donee, in the order of municipality, purpose
};

// A donation that can still be reversed.
struct donation {
    uint64_t sequence;
    uint8_t account[ID_BYTES];
    struct donation_series *series;
    uint32_t day;
    uint32_t last_day; // on which it can be reversed
    uint64_t points;
    struct lot_parts parts; // where the points came from
    UT_hash_handle hh;      // by sequence, in its order
};

struct donations {
    struct donation_series *series; // uthash
    struct donation *reversible;    // uthash; some of them perhaps no longer
    struct donors donors;
};

struct donation_series *donation_series_get(const struct donations *donations, struct donee donee); // NULL: no donation
// Given on days up to `to_day`, and not reversed.
uint64_t donation_series_net(const struct donation_series *series, uint32_t to_day);

// The one with this sequence number, if it can be reversed today; else NULL.
struct donation *donation_reversible(const struct donations *donations, uint64_t sequence, uint32_t today);
// Counts its reversal, today and on its own day, and forgets it.
void donation_reverse(struct donations *donations, struct donation *donation, uint32_t today);
void donations_forget(struct donations *donations, uint32_t today); // those that cannot be reversed any more

struct purpose *purpose_get(struct purpose *purposes, uint32_t number); // NULL: none
void purposes_free(struct purpose *purposes);
void donations_free(struct donations *donations);
struct archive;
void purposes_archive(struct archive *archive, struct purpose **purposes);
void donations_archive(struct archive *archive, struct donations *donations);

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
