// What the fold keeps: the state of the whole programme. Inside points/ only.
#pragma once

#include "points/account.h"
#include "points/books.h"
#include "points/circulation.h"
#include "points/conversion.h"
#include "points/donation.h"
#include "points/id_map.h"
#include "points/keys.h"
#include "points/lots.h"
#include "points/notice.h"
#include "points/points.h"
#include "points/policy.h"
#include "points/quest.h"
#include "points/reversal.h"
#include "points/settlement.h"
#include "points/shop.h"

struct points_state {
    Points__V1__Genesis *genesis; // our copy
    int64_t time;                 // of the newest block, Unix seconds
    int64_t scripted_time;        // as the last SetTime left it; SCRIPTED ledgers only
    uint64_t last_sequence;

    struct accounts accounts;
    struct ledger_books books;
    struct quests quests;
    struct shop *shops; // uthash, by number, in the order of their registration
    struct evidence evidence;
    struct circulation circulation;
    struct lots lots;
    struct reversals reversals;
    struct settlements settlements;
    struct purpose *purposes; // uthash, by number
    struct donations donations;
    struct conversions conversions;
    struct notices notices;
    struct key *keys; // uthash, by key
    uint64_t policies[POLICY_COUNT];
};

uint32_t state_today(const struct points_state *state); // the JST day of block time

// Points that were spent come back to the lots that they were taken from, or live on for a while.
void state_refund(struct points_state *state, struct account *account, const struct lot_parts *parts);

// Position of a municipality in genesis, -1 when there is none.
int state_municipality(const struct points_state *state, uint32_t code);
uint32_t state_municipality_code(const struct points_state *state, unsigned municipality);
unsigned state_municipality_count(const struct points_state *state);
