// What the campaign expects of the ledger: residents, tallies, and the outcome that each transaction must have. Small
// on purpose, written from doc/rules.md, and shares nothing with the daemon's code.
#pragma once

#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Offsets of days count from 2021-11-01, the day of genesis (a Monday).
enum {
    SEASON_FIRST_DAY = 18932, // 2021-11-01 as a JST day
    SEASON_DAYS = 131,        // to 2022-03-11
    QUEST = 1,
    QUEST_FIRST_DAY = SEASON_FIRST_DAY + 11, // 2021-11-12
    QUEST_LAST_DAY = QUEST_FIRST_DAY + 105,  // 2022-02-25
    QUEST_WEEKS = 16,
    QUEST_POINTS = 100,
    QUEST_CAP_POINTS = 1600,
    QUEST_GRACE_S = 3 * 86400,
    CONVERSION_FIRST_DAY = SEASON_FIRST_DAY + 41, // 2021-12-12
    CONVERSION_UNIT = 100,
    FUTURE_MAX_S = 60,
    PURPOSES = 4,
    PURPOSE_OF_DECEMBER = 4, // the one that closes early
    MUNICIPALITIES = 12,
    MONTHS = 5, // November to March
};

struct resident {
    uint32_t balance, held; // points
    uint32_t last_sequence; // of the entry that touched the account last; 0: not opened yet
    uint16_t weeks;         // bit n: awarded in the quest's week n
    uint8_t home, old_home; // positions of municipalities
    uint8_t opens_on;       // day's offset
    uint8_t eagerness;      // 0: never does the quest; 255: hardly ever misses a week
};

struct tally {
    uint64_t accounts, took_part, awards;
    uint64_t issued, balances, held, donated, converted;
};

struct donations {
    uint64_t count, points;
};

struct model {
    uint64_t seed;
    struct resident *residents;
    uint32_t resident_count;
    uint32_t codes[MUNICIPALITIES];
    int64_t now; // block time of what comes next
    uint64_t budget;
    uint32_t exhausted_on; // JST day on which the budget ran out; 0: it lasts
    struct tally municipalities[MUNICIPALITIES];
    uint64_t awards[QUEST_WEEKS][MUNICIPALITIES];
    struct donations donations[MONTHS][MUNICIPALITIES][PURPOSES + 1];
    uint64_t pending; // conversions
};

struct expected {
    outcome_code code;
    uint64_t points, previous;
};

int64_t day_begin(uint32_t day);     // Unix seconds of a JST day's 00:00
uint32_t month_first_day(int month); // JST day on which one of the MONTHS begins
uint32_t week_first_day(int week);   // the Monday of one of the quest's weeks
struct tally model_total(const struct model *model);
struct donations model_donations(const struct model *model, int month, uint32_t municipality); // all purposes

// Each decides, applies to the tallies when the outcome is APPLIED, and says what the daemon must answer for the
// transaction with this sequence number.
struct expected model_open(struct model *model, struct resident *resident, uint64_t sequence);
struct expected model_move(struct model *model, struct resident *resident, uint8_t to, uint64_t sequence);
struct expected model_award(struct model *model, struct resident *resident, int64_t occurred_at, uint64_t sequence);
struct expected model_donate(
    struct model *model, struct resident *resident, uint8_t to, uint32_t purpose, uint64_t points, uint64_t sequence);
struct expected model_request(struct model *model, struct resident *resident, uint64_t points, uint64_t sequence);
// A pending conversion's answer: settled, or refused.
struct expected model_answer(
    struct model *model, struct resident *resident, uint32_t points, bool settled, uint64_t sequence);
