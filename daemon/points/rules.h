// A turn: one transaction being decided, as its checks see it. The table of checks is in rules.c.
#pragma once

#include "points/points.h"

struct account;
struct quest;
struct progress;
struct purpose;
struct campaign;
struct shop;
struct conversion;
struct key;
struct donation;
struct notice;
struct donation_series;

// What the fold found before the checks, and what checks leave for those after them.
struct turn {
    struct points_state *state;
    const Points__V1__Transaction *transaction;
    const struct points_inputs *inputs;
    int64_t time; // of the block that it is in, or would be in: then the state's is that of an earlier one
    uint64_t sequence;
    struct account *account; // the one named, NULL when there is none; the one touched, after the effects
    int municipality;        // position in genesis, after the check that finds it
    struct account *merged;  // of MergeAccounts: the other one
    struct quest *quest;
    struct campaign *campaign; // NULL: none
    struct progress *progress; // NULL: no award of this quest yet
    uint32_t day, period;      // of occurred_at
    struct shop *shop;         // NULL: no receipt
    uint64_t points;           // of an award
    uint64_t expired;          // points that the touched account lost since it was touched before
    bool bonus;                // is in them
    struct purpose *purpose;
    struct conversion *conversion;
    struct donation *donation;     // that is reversed
    struct donation_series *donee; // that is paid; NULL: it was given nothing
    struct key *key;
    struct notice *notice;
};

uint32_t turn_today(const struct turn *turn); // the JST day of its time
// Makes it the account that the transaction touches: what has expired is dropped, and will be told.
void turn_touch(struct turn *turn, struct account *account);

typedef bool rule_check(struct turn *turn);      // true: passed
typedef uint64_t rule_effect(struct turn *turn); // returns the points moved
typedef uint64_t rule_points(const struct turn *turn);

enum { RULE_CHECKS_MAX = 16 };

struct rule {
    const char *name;
    role_code role;   // that signers need
    unsigned holders; // how many distinct holders of that role
    struct {
        outcome_code refusal;
        rule_check *check;
    } checks[RULE_CHECKS_MAX]; // in order; ended by a NULL check
    rule_effect *effect;
};

const struct rule *rule_of(const Points__V1__Transaction *transaction);

// What an envelope with a dry run may do, and what only it may.
struct dry_run_rule {
    rule_points *points; // that the effect would move, once the checks have passed
    unsigned operators;  // so many may sign it too, with a dry run; 0: never
    bool one_at_a_time;  // more of them in one envelope need a dry run
};

const struct dry_run_rule *dry_run_rule_of(
    const Points__V1__Transaction *transaction); // NULL: there is no dry run of it
