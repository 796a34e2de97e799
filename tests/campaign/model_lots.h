// Points that expire: an account's lots, earliest last day first, and what is outstanding for each last day.
#pragma once

#include "tests/campaign/model.h"

struct lot {
    uint32_t next; // the next later last day of the same chain; 0: the last
    uint32_t last_day, points;
};

struct model_lots {
    struct lot *all; // from 1
    uint32_t count, room;
    uint32_t unused;                                   // chain of those to use again
    uint32_t outstanding[EXPIRY_DAYS][MUNICIPALITIES]; // for a last day; once it is over, what expired
};

// What has expired by the model's time leaves the books.
void lots_pass_days(struct model *model, uint32_t today);
// Drops what expired since the account was last touched, from its balance too; returns how many points.
uint32_t lots_drop_expired(struct model *model, struct resident *resident);

void lots_add(struct model *model, struct resident *resident, uint32_t last_day, uint32_t points);
// Takes points that are there, earliest last day first and those that never expire last. Returns the chain of what was
// taken of the former.
uint32_t lots_take(struct model *model, struct resident *resident, uint32_t points);
// The same, but first of this last day (0: first of those that never expire). Nobody wants them back.
void lots_take_from(struct model *model, struct resident *resident, uint32_t last_day, uint32_t points);
// Puts a chain back; what has expired meanwhile gets new last days.
void lots_restore(struct model *model, struct resident *resident, uint32_t chain);
void lots_forget(struct model *model, uint32_t chain);
void lots_move(struct model *model, const struct resident *resident, uint8_t to); // still lives at the old place
void lots_merge(struct model *model, struct resident *into, struct resident *merged);
const struct lot *lots_get(const struct model *model, uint32_t position); // NULL for 0
