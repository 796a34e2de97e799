// Lots: the points of an account that will expire, by their last day; and how many points expire when, and where.
#pragma once

#include "points/account.h"
#include "points/books.h"

#include <stddef.h>
#include <stdint.h>

struct lot {
    uint32_t next; // of the same account, the next later last day, counted from 1; 0: the last
    uint32_t last_day;
    uint64_t points;
};

// What is outstanding for a last day, by municipality (position in genesis); once the day has passed, what expired.
struct expiry_day {
    uint32_t last_day;
    uint64_t *municipalities;
};

struct lots {
    struct lot *all;
    size_t count, capacity;
    uint32_t unused;         // chain of lots to use again, counted from 1
    struct expiry_day *days; // ascending
    size_t day_count, day_capacity;
    size_t passed; // so many of them are over
    unsigned municipalities;
};

// Points taken from lots, or to be put back; last_day 0: of those that never expire.
struct lot_part {
    uint32_t last_day;
    uint64_t points;
};
struct lot_parts {
    struct lot_part *all;
    size_t count, capacity;
};

// Before the first transaction of a block: points whose last day is before `today` leave the books.
void lots_pass_days(struct lots *lots, struct ledger_books *books, uint32_t today);
// Drops the account's lots that have expired, from its balance too; returns their points. The functions below want that
// done first: they know living lots only.
uint64_t lots_drop_expired(struct lots *lots, struct account *account, uint32_t today);
uint64_t lots_expired(const struct lots *lots, const struct account *account, uint32_t today); // would be dropped

void lots_add(struct lots *lots, struct account *account, struct lot_part part);
// Takes points that are there, earliest last day first. `taken` NULL: nobody wants to know from where.
void lots_take(struct lots *lots, struct account *account, uint64_t points, struct lot_parts *taken);
// The same, but first from `last_day` (0: from those that never expire).
void lots_take_from(struct lots *lots, struct account *account, uint32_t last_day, uint64_t points);
// Puts parts back; what has expired meanwhile goes to the lot of `late_day`.
void lots_restore(
    struct lots *lots, struct account *account, const struct lot_parts *parts, uint32_t today, uint32_t late_day);
void lots_move(
    struct lots *lots, const struct account *account, unsigned municipality); // the account still names the old one
void lots_merge(struct lots *lots, struct account *from, struct account *to);
void lots_free(struct lots *lots);
void lot_parts_free(struct lot_parts *parts);
struct archive;
void lots_archive(struct archive *archive, struct lots *lots, unsigned municipalities);
void lot_parts_archive(struct archive *archive, struct lot_parts *parts);
