// The lots of accounts.
#include "tests/campaign/model_lots.h"
#include "tools/error.h"

static struct lot *at(const struct model *model, uint32_t position)
{
    return &model->lots->all[position];
}

const struct lot *lots_get(const struct model *model, uint32_t position)
{
    return position ? at(model, position) : NULL;
}

static uint32_t *outstanding(struct model *model, uint32_t last_day, uint8_t municipality)
{
    return &model->lots->outstanding[last_day - SEASON_FIRST_DAY][municipality];
}

void lots_pass_days(struct model *model, uint32_t today)
{
    for (uint32_t day = model->today; day < today; day++)
        for (uint8_t i = 0; i < MUNICIPALITIES; i++) {
            model->books[i].balances -= *outstanding(model, day, i);
            model->books[i].expired += *outstanding(model, day, i);
            model->months[month_of(day)].expired += *outstanding(model, day, i);
        }
}

// ---- chains

static uint32_t new_lot(struct model_lots *lots, struct lot lot)
{
    uint32_t position = lots->unused;
    if (position) {
        lots->unused = lots->all[position].next;
    } else {
        if (lots->count + 1 >= lots->room) {
            lots->room = lots->room ? 2 * lots->room : 1024;
            lots->all = xrealloc(lots->all, lots->room * sizeof *lots->all);
        }
        position = ++lots->count;
    }
    lots->all[position] = lot;
    return position;
}

static void forget_first(struct model *model, uint32_t *chain)
{
    uint32_t position = *chain;
    *chain = at(model, position)->next;
    at(model, position)->next = model->lots->unused;
    model->lots->unused = position;
}

void lots_forget(struct model *model, uint32_t chain)
{
    while (chain)
        forget_first(model, &chain);
}

// The position of the lot before which this last day belongs; 0: it comes first.
static uint32_t find_before(const struct model *model, uint32_t chain, uint32_t last_day)
{
    uint32_t before = 0;
    for (; chain && at(model, chain)->last_day < last_day; chain = at(model, chain)->next)
        before = chain;
    return before;
}

static void chain_add(struct model *model, uint32_t *chain, uint32_t last_day, uint32_t points)
{
    uint32_t before = find_before(model, *chain, last_day);
    uint32_t next = before ? at(model, before)->next : *chain;
    if (next && at(model, next)->last_day == last_day) {
        at(model, next)->points += points;
        return;
    }
    uint32_t made = new_lot(model->lots, (struct lot){next, last_day, points});
    if (before)
        at(model, before)->next = made;
    else
        *chain = made;
}

// Takes at most so many points of the lot that a link leads to; returns how many.
static uint32_t take_lot(struct model *model, const struct resident *resident, uint32_t *link, uint32_t points)
{
    struct lot *lot = at(model, *link);
    uint32_t part = points < lot->points ? points : lot->points;
    *outstanding(model, lot->last_day, resident->home) -= part;
    lot->points -= part;
    if (lot->points == 0)
        forget_first(model, link);
    return part;
}

// ---- an account's

uint32_t lots_drop_expired(struct model *model, struct resident *resident)
{
    uint32_t expired = 0;
    while (resident->lots && at(model, resident->lots)->last_day < model->today) {
        expired += at(model, resident->lots)->points;
        forget_first(model, &resident->lots);
    }
    resident->balance -= expired;
    return expired;
}

void lots_add(struct model *model, struct resident *resident, uint32_t last_day, uint32_t points)
{
    if (last_day == 0)
        return;
    chain_add(model, &resident->lots, last_day, points);
    *outstanding(model, last_day, resident->home) += points;
}

uint32_t lots_take(struct model *model, struct resident *resident, uint32_t points)
{
    uint32_t taken = 0;
    while (points && resident->lots) {
        uint32_t last_day = at(model, resident->lots)->last_day;
        uint32_t part = take_lot(model, resident, &resident->lots, points);
        chain_add(model, &taken, last_day, part);
        points -= part;
    }
    return taken;
}

static uint32_t never_expiring(const struct model *model, const struct resident *resident)
{
    uint32_t points = resident->balance;
    for (uint32_t lot = resident->lots; lot; lot = at(model, lot)->next)
        points -= at(model, lot)->points;
    return points;
}

void lots_take_from(struct model *model, struct resident *resident, uint32_t last_day, uint32_t points)
{
    uint32_t first = 0;
    if (last_day == 0) {
        first = never_expiring(model, resident);
    } else {
        uint32_t before = find_before(model, resident->lots, last_day);
        uint32_t *link = before ? &at(model, before)->next : &resident->lots;
        if (*link && at(model, *link)->last_day == last_day)
            first = take_lot(model, resident, link, points);
    }
    if (first < points)
        lots_forget(model, lots_take(model, resident, points - first));
}

void lots_restore(struct model *model, struct resident *resident, uint32_t chain)
{
    uint32_t today = model->today;
    while (chain) {
        struct lot lot = *at(model, chain);
        lots_add(model, resident, lot.last_day < today ? today + REFUND_GRACE_DAYS : lot.last_day, lot.points);
        forget_first(model, &chain);
    }
}

void lots_move(struct model *model, const struct resident *resident, uint8_t to)
{
    for (uint32_t position = resident->lots; position; position = at(model, position)->next) {
        const struct lot *lot = at(model, position);
        *outstanding(model, lot->last_day, resident->home) -= lot->points;
        *outstanding(model, lot->last_day, to) += lot->points;
    }
}

void lots_merge(struct model *model, struct resident *into, struct resident *merged)
{
    lots_move(model, merged, into->home);
    while (merged->lots) {
        struct lot lot = *at(model, merged->lots);
        chain_add(model, &into->lots, lot.last_day, lot.points);
        forget_first(model, &merged->lots);
    }
}
