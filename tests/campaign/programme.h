// The programme of 2021/22: its quests and their campaign, its shops, its purposes, and the rest of its terms. The
// office defines what stands here, and the model judges by it.
#pragma once

#include "proto/formats.h"
#include "tests/campaign/calendar.h"

#include <stdint.h>

enum {
    MUNICIPALITIES = 12, // in the order of data/municipalities.csv

    // Quests, by number.
    SDGS = 1,     // a deed a week
    RECEIPTS = 2, // 巡って買って応援
    OUTINGS = 3,  // +α: by bus or train, once a month
    QUESTS = 3,
    SDGS_WEEKS = 16,

    // Receipts and outings belong to one campaign.
    CAMPAIGN = 1,
    CAMPAIGN_CAP_POINTS = 700,
    RECEIPTS_A_DAY = 2,
    RECEIPT_STEPS = 4,
    BONUS_MUNICIPALITIES = 3,
    BONUS_POINTS = 300,
    SHOPS = 18,

    PURPOSES = 4,
    PURPOSE_OF_DECEMBER = 4, // the one that closes early

    CONVERSION_FIRST_DAY = DECEMBER + 12,
    CONVERSION_UNIT = 100,

    // Policies that keep their defaults.
    FUTURE_MAX_S = 60,
    REFUND_GRACE_DAYS = 30,
    REVERSAL_DONATION_DAYS = 14,
};

struct quest {
    const char *name;
    Points__V1__Period period;
    uint32_t points, cap_points; // receipts: points by their step
    uint32_t first_day, last_day, grace_s, times;
    uint32_t campaign; // 0: none
    Points__V1__ExpiryKind expiry;
    uint32_t expiry_days;
};

struct receipt_step {
    uint32_t amount_yen, points;
};

struct shop {
    const char *name;
    uint8_t place;     // position of its municipality
    uint32_t last_day; // 0: it stays open
};

struct purpose {
    const char *name;
    uint32_t first_day, last_day;
};

extern const struct quest programme_quests[QUESTS + 1]; // by number
extern const struct receipt_step programme_steps[RECEIPT_STEPS];
extern const struct shop programme_shops[SHOPS + 1];          // by number
extern const struct purpose programme_purposes[PURPOSES + 1]; // by number
extern const char programme_campaign_name[];

// The period of a quest that a day lies in, numbered from the one of its first day.
uint32_t programme_period(uint32_t quest, uint32_t day);
uint32_t programme_period_first_day(uint32_t quest, uint32_t period);
// The last day of points awarded on a day; 0: they never expire.
uint32_t programme_expiry(uint32_t quest, uint32_t day);
