// Conversions into WAON e-money: points held until they are settled or refused.
#pragma once

#include "points/lots.h"
#include "points/series.h"
#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

struct conversion {
    uint64_t sequence; // of its RequestConversion
    uint8_t id[ID_BYTES];
    uint8_t account[ID_BYTES];
    uint8_t municipality; // position in genesis, when it was requested
    uint64_t points;
    uint64_t fee_points;    // of them, when it is settled: as the policy was when it was requested
    int64_t requested_at;   // block time
    struct lot_parts parts; // where the points came from
    UT_hash_handle hh;      // by sequence
};

// What an account has requested on its newest day and in its newest month of requests.
struct conversion_use {
    uint32_t day, month; // JST days; of the month, the first
    uint64_t day_points, month_points;
};

// Columns of a municipality's series.
enum {
    CONVERSIONS_REQUESTED,
    CONVERSIONS_REQUESTED_POINTS,
    CONVERSIONS_SETTLED,
    CONVERSIONS_SETTLED_POINTS, // fees included
    CONVERSIONS_FEE_POINTS,
    CONVERSIONS_REFUSED, // reversed ones too
    CONVERSIONS_REFUSED_POINTS,
};

struct conversions {
    struct conversion *pending;                                // uthash, by sequence; oldest first
    struct series by_municipality[GENESIS_MUNICIPALITIES_MAX]; // the account's home when it happened
    struct conversion_use *uses;
    size_t use_count, use_capacity;
};

void conversions_merge(struct conversions *conversions, struct account *from, struct account *to);
void conversions_free(struct conversions *conversions);
struct archive;
void conversions_archive(struct archive *archive, struct conversions *conversions, unsigned municipalities);

struct turn;
bool conversion_open(struct turn *turn);
bool conversion_amount_valid(struct turn *turn);
bool conversion_under_limits(struct turn *turn);
bool conversion_covered(struct turn *turn);
bool conversion_known(struct turn *turn);
bool conversion_pending(struct turn *turn);
uint64_t conversion_apply_request(struct turn *turn);
uint64_t conversion_apply_settle(struct turn *turn);
uint64_t conversion_apply_refuse(struct turn *turn); // also of Reverse
