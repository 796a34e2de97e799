// What a state amounts to, in tables: the same as a daemon that has come so far would answer.
#pragma once

#include "points/points.h"
#include "proto/arena.h"
#include "tools/names.h"
#include "tools/table.h"

#include <stdbool.h>
#include <stddef.h>

struct state_view {
    const struct points_state *state; // borrowed; must not move on while it is looked at
    struct arena arena;               // of one answer at a time
    struct names names;
    bool sums; // tables of numbers end with their sums, for people
};

// The view must stay where it is.
void state_view_begin(struct state_view *view, const struct points_state *state, bool sums);
void state_view_end(struct state_view *view);

// `balanced`: whether they add up (tools/books_table.h).
struct table *state_books(struct state_view *view, bool *balanced);
struct table *state_quests(struct state_view *view);
struct table *state_campaigns(struct state_view *view);
// All pages, whatever the query's offset.
struct table *state_donations(struct state_view *view, const Points__V1__GetDonationTotals *query);
struct table *state_conversions(struct state_view *view, const Points__V1__GetConversionTotals *query);
// What was paid out of donations, by the day of payment, of the query's municipality, purpose, days and unit.
struct table *state_payments(struct state_view *view, const Points__V1__GetDonationTotals *query);

// Points among the balances whose last day is before this one: the first block of that day or later counts them as
// expired.
uint64_t state_overdue(struct state_view *view, uint32_t day);

struct state_pending {
    uint64_t conversions, points;
};
struct state_pending state_pending(struct state_view *view);
