// Accounts of residents.
#pragma once

#include "points/id_map.h"

#include <stdbool.h>
#include <stdint.h>

// Kept small: there are millions.
struct account {
    uint64_t balance_points;
    uint64_t held_points;    // in pending conversions
    uint64_t last_sequence;  // of the newest entry of its statement
    uint32_t progress;       // first of its chain in quests.progress, counted from 1; 0: none
    uint32_t conversion_use; // in conversions.uses, counted from 1; 0: never requested one
    uint8_t municipality;    // position in genesis
};

struct accounts {
    struct id_map ids; // to position in `all`, counted from 1
    struct account *all;
    size_t count, capacity;
};

struct turn;

// NULL: no such account. Valid until the next account_open.
struct account *account_get(const struct accounts *accounts, const uint8_t id[ID_BYTES]);

// Checks and effects, for the table of rules.c.
bool account_known(struct turn *turn);
bool account_open(struct turn *turn);
bool account_new(struct turn *turn);
bool account_municipality_known(struct turn *turn);
uint64_t account_apply_open(struct turn *turn);
uint64_t account_apply_move(struct turn *turn);
