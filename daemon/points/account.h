// Accounts of residents.
#pragma once

#include "points/id_map.h"

#include <stdbool.h>
#include <stdint.h>

// Kept small: there are millions. A cache line.
struct account {
    uint8_t id[ID_BYTES];
    uint64_t balance_points; // with lots that expired since it was last touched
    uint64_t held_points;    // in pending conversions
    uint64_t last_sequence;  // of the newest entry of its statement
    uint32_t progress;       // first of its chain in quests.progress, counted from 1; 0: none
    uint32_t conversion_use; // in conversions.uses, counted from 1; 0: never requested one
    uint32_t visits;         // first of its chain in circulation.visits, counted from 1; 0: no receipts
    uint32_t lots;           // first of its chain in lots.all, counted from 1; 0: nothing expires
    uint32_t donors;         // first of its chain in donations.donors, counted from 1; 0: never gave
    uint8_t municipality;    // position in genesis
    uint8_t status;          // Points__V1__AccountStatus
};
_Static_assert(sizeof(struct account) == 64, "millions of accounts");

// An account that was merged into another.
struct account_merge {
    uint8_t id[ID_BYTES], into[ID_BYTES];
};

struct accounts {
    struct id_map ids; // to place in `all`
    struct account *all;
    size_t count, capacity;
    struct id_map merged; // to place in `merges`
    struct account_merge *merges;
    size_t merge_count, merge_capacity;
};

void accounts_free(struct accounts *accounts);
struct archive;
struct points_state;
void accounts_archive(struct archive *archive, struct points_state *state); // after all that accounts point to

struct turn;

// NULL: no such account. Valid until the next account_apply_open.
struct account *account_get(const struct accounts *accounts, const uint8_t id[ID_BYTES]);
// Which it is if there is one, for looking ahead: told without a look at it.
const struct account *account_guess(const struct accounts *accounts, const uint8_t id[ID_BYTES]);
// The account that this one is now, after any merges; itself when it was never merged.
struct account *account_get_merged(const struct accounts *accounts, const uint8_t id[ID_BYTES]);
const uint8_t *account_id_merged(const struct accounts *accounts, const uint8_t id[ID_BYTES]); // its id
// ID_BYTES: the account that this one was merged into; NULL: into none.
const uint8_t *account_merged_into(const struct accounts *accounts, const uint8_t id[ID_BYTES]);

bool account_is_open(const struct account *account); // frozen ones too

// Checks and effects, for the table of rules.c.
bool account_known(struct turn *turn);
bool account_open(struct turn *turn);
bool account_new(struct turn *turn);
bool account_not_frozen(struct turn *turn);
bool account_frozen(struct turn *turn);
bool account_nothing_held(struct turn *turn);
bool account_municipality_known(struct turn *turn);
uint64_t account_apply_open(struct turn *turn);
uint64_t account_apply_move(struct turn *turn);
uint64_t account_apply_close(struct turn *turn);
uint64_t account_apply_freeze(struct turn *turn);
uint64_t account_apply_unfreeze(struct turn *turn);
