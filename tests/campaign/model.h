// What the campaign expects of the ledger: accounts, tallies, and the outcome that each transaction must have. Small on
// purpose, written from doc/rules.md, and shares nothing with the daemon's code.
#pragma once

#include "tests/campaign/programme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXPIRY_DAYS = SEASON_DAYS + REFUND_GRACE_DAYS, // last days of lots, counted from the season's first
    SETTLEMENTS_MAX = 8 * MUNICIPALITIES * PURPOSES,
    VISITED_BONUS = 1 << 15,
};

// An account. There are millions: 32 bytes.
struct resident {
    uint32_t balance;         // points, with lots that expired since it was last touched
    uint32_t held;            // points
    uint32_t last_sequence;   // of the entry that touched the account last; 0: not opened yet
    uint32_t lots;            // first of its chain (model_lots.h); 0: nothing expires
    uint16_t weeks;           // bit n: awarded in the SDGs quest's week n
    uint16_t sdgs_points;     // earned by it, less what was reversed
    uint16_t campaign_points; // earned by receipts and outings, likewise
    uint16_t visited;         // bit n: has an awarded receipt from municipality n; VISITED_BONUS: had the bonus
    uint16_t receipts;        // awarded on their newest day and the three before, 4 bits each, the newest lowest
    uint8_t receipts_day;     // that newest day, counted from the season's first
    uint8_t outings;          // bit n: awarded in month n of the quest
    uint8_t home;             // position of a municipality
    uint8_t status;           // Points__V1__AccountStatus
};

struct books {
    uint64_t accounts; // open ones
    uint64_t issued, balances, held, donated, converted, expired, forfeited, reversed;
};

struct quest_count {
    uint64_t residents, awards, points; // of a period: awards and points only
};

struct quest_tally {
    uint64_t budget, issued, reversed, shortfall; // points; issued: less what was reversed
    uint32_t exhausted_on;                        // day of the first BUDGET_EXHAUSTED; 0: there was none
    struct quest_count places[MUNICIPALITIES], periods[SEASON_DAYS][MUNICIPALITIES];
};

struct campaign_tally {
    uint64_t budget, issued, residents;
};

struct donations {
    uint64_t count, points;                     // given
    uint64_t reversed_count, reversed_points;   // of these, whenever that was
    uint64_t reversals_count, reversals_points; // made, whenever they were given
};

struct circulation_cell {
    uint64_t receipts, amount_yen, residents, points;
};

struct settlement {
    uint64_t sequence;
    uint32_t day, to_day, points;
    uint8_t municipality, purpose;
};

struct merge {
    uint32_t from, into; // residents
};

// What happened in a month.
struct month_tally {
    uint64_t opened, awards[QUESTS + 1], issued, donated, converted, expired; // points from issued on
};

// How often accounts were corrected, for the report.
struct corrections {
    uint64_t awards, award_points, award_shortfall; // points: what was taken
    uint64_t donations, donation_points, conversions, conversion_points;
    uint64_t merges, merge_points, closed, closed_points;
};

struct model_lots; // points that expire
struct model_set;  // of numbers
struct notice;     // model_notice.h

struct model {
    uint64_t seed;
    struct resident *residents;
    uint32_t resident_count; // with those of second accounts
    uint32_t codes[MUNICIPALITIES];
    int64_t now;           // block time of what comes next
    uint32_t today, month; // of it
    struct books books[MUNICIPALITIES];
    struct quest_tally quests[QUESTS + 1]; // by number
    struct campaign_tally campaign;
    struct donations donations[MONTHS][MUNICIPALITIES][PURPOSES + 1];
    struct circulation_cell circulation[MONTHS][MUNICIPALITIES][MUNICIPALITIES]; // home, place
    struct model_set *visits, *digests;                                          // of circulation; of receipts awarded
    struct model_lots *lots;
    uint64_t pending; // conversions
    uint64_t paid_out[MUNICIPALITIES][PURPOSES + 1];
    struct settlement settlements[SETTLEMENTS_MAX];
    uint32_t settlement_count;
    struct merge *merges;
    uint32_t merge_count;
    struct notice *notices; // in the order in which they were posted
    uint32_t notice_count;
    struct month_tally months[MONTHS];
    struct corrections corrections;
};

struct expected {
    outcome_code code;
    uint32_t points, expired;
    uint64_t previous;
};

struct receipt {
    uint32_t number, amount_yen; // the number stands for its digest
    uint8_t shop, place;         // shop's number, position of the municipality that the receipt names
};

struct award {
    uint32_t resident, quest;
    int64_t occurred_at;
    struct receipt receipt; // of RECEIPTS
};

// Points that can come back: given, or held for a conversion.
struct spent {
    uint32_t resident, points;
    uint32_t lots; // chain of those that expire
    uint32_t day;
    uint8_t municipality, purpose; // of a donation
};

void model_begin(struct model *model); // residents, codes and budgets are there
void model_end(struct model *model);
// A block of a later time: what has expired by then leaves the books.
void model_set_time(struct model *model, int64_t now);

// Each decides, applies to the tallies when the outcome is APPLIED, and says what the daemon must answer for the
// transaction with this sequence number.
struct expected model_open(struct model *model, struct resident *resident, uint64_t sequence);
struct expected model_move(struct model *model, struct resident *resident, uint8_t to, uint64_t sequence);
struct expected model_close(struct model *model, struct resident *resident, uint64_t sequence);
struct expected model_freeze(struct model *model, struct resident *resident, uint64_t sequence);
struct expected model_unfreeze(struct model *model, struct resident *resident, uint64_t sequence);
struct expected model_merge(struct model *model, struct resident *into, struct resident *merged, uint64_t sequence);
struct expected model_award(struct model *model, const struct award *award, uint64_t sequence);
// Both fill in lots and day of `spent`, when applied; these are whoever's it is to bring back or to drop.
struct expected model_donate(struct model *model, struct spent *spent, uint64_t sequence);
struct expected model_request(struct model *model, struct spent *spent, uint64_t sequence);
// A pending conversion's answer: settled, or refused. Ends `conversion`.
struct expected model_answer(struct model *model, const struct spent *conversion, bool settled, uint64_t sequence);
// Reversals of what was applied, for the first time.
struct expected model_reverse_award(
    struct model *model, const struct award *award, uint32_t day, uint32_t points, uint64_t sequence);
struct expected model_reverse_donation(struct model *model, const struct spent *donation, uint64_t sequence);
struct expected model_reverse_conversion(struct model *model, const struct spent *conversion, uint64_t sequence);
// Of a month's last day at the latest, and all before.
struct expected model_settle(
    struct model *model, uint8_t municipality, uint8_t purpose, uint32_t month, uint64_t sequence);

// Asking.
struct resident *model_current(const struct model *model, uint32_t resident); // after any merge
uint32_t model_balance(const struct model *model, const struct resident *resident);
struct books model_total(const struct model *model);
uint64_t model_expiring(const struct model *model); // points of the balances that will expire
struct quest_count model_quest_total(const struct model *model, uint32_t quest);
struct donations model_donations(const struct model *model, uint32_t month, uint32_t municipality); // all purposes
struct donations model_donations_total(const struct model *model);
int64_t model_open_donations(const struct model *model, uint32_t municipality, uint32_t purpose, uint32_t month);
