#include "points/lots.h"
#include "points/archive.h"
#include "points/memory.h"

#include <stdlib.h>
#include <string.h>

// ---- how many points expire when, and where

// The search begins at the latest day: most lots are new.
static struct expiry_day *day_get(struct lots *lots, uint32_t last_day)
{
    size_t at = lots->day_count;
    while (at > 0 && lots->days[at - 1].last_day > last_day)
        at--;
    if (at > 0 && lots->days[at - 1].last_day == last_day)
        return &lots->days[at - 1];
    lots->days = memory_grow(lots->days, lots->day_count, &lots->day_capacity, sizeof *lots->days);
    memmove(&lots->days[at + 1], &lots->days[at], (lots->day_count - at) * sizeof *lots->days);
    lots->day_count++;
    lots->days[at] =
        (struct expiry_day){last_day, memory_zeroed(lots->municipalities, sizeof *lots->days[at].municipalities)};
    return &lots->days[at];
}

static void outstanding_add(struct lots *lots, uint32_t last_day, unsigned municipality, uint64_t points)
{
    day_get(lots, last_day)->municipalities[municipality] += points;
}

static void outstanding_take(struct lots *lots, uint32_t last_day, unsigned municipality, uint64_t points)
{
    day_get(lots, last_day)->municipalities[municipality] -= points;
}

void lots_pass_days(struct lots *lots, struct ledger_books *books, uint32_t today)
{
    for (; lots->passed < lots->day_count && lots->days[lots->passed].last_day < today; lots->passed++)
        for (unsigned m = 0; m < lots->municipalities; m++)
            books_expire(books, m, lots->days[lots->passed].last_day, lots->days[lots->passed].municipalities[m]);
}

// ---- the lots of one account, a chain in the order of their last days

static struct lot *lot_at(const struct lots *lots, uint32_t position)
{
    return &lots->all[position - 1];
}

static uint32_t lot_new(struct lots *lots, struct lot lot)
{
    uint32_t position = lots->unused;
    if (position) {
        lots->unused = lot_at(lots, position)->next;
    } else {
        lots->all = memory_grow(lots->all, lots->count, &lots->capacity, sizeof *lots->all);
        position = (uint32_t)++lots->count;
    }
    *lot_at(lots, position) = lot;
    return position;
}

static void drop_first(struct lots *lots, struct account *account)
{
    uint32_t first = account->lots;
    account->lots = lot_at(lots, first)->next;
    lot_at(lots, first)->next = lots->unused;
    lots->unused = first;
}

uint64_t lots_expired(const struct lots *lots, const struct account *account, uint32_t today)
{
    uint64_t points = 0;
    for (uint32_t at = account->lots; at && lot_at(lots, at)->last_day < today; at = lot_at(lots, at)->next)
        points += lot_at(lots, at)->points;
    return points;
}

uint64_t lots_drop_expired(struct lots *lots, struct account *account, uint32_t today)
{
    uint64_t points = 0;
    while (account->lots && lot_at(lots, account->lots)->last_day < today) {
        points += lot_at(lots, account->lots)->points;
        drop_first(lots, account);
    }
    account->balance_points -= points;
    return points;
}

// Into the chain, without a word to the outstanding points.
static void chain_add(struct lots *lots, struct account *account, struct lot_part part)
{
    uint32_t before = 0, at = account->lots;
    while (at && lot_at(lots, at)->last_day < part.last_day) {
        before = at;
        at = lot_at(lots, at)->next;
    }
    if (at && lot_at(lots, at)->last_day == part.last_day) {
        lot_at(lots, at)->points += part.points;
        return;
    }
    uint32_t position = lot_new(lots, (struct lot){at, part.last_day, part.points});
    if (before)
        lot_at(lots, before)->next = position;
    else
        account->lots = position;
}

void lots_add(struct lots *lots, struct account *account, struct lot_part part)
{
    if (part.last_day == 0 || part.points == 0)
        return;
    chain_add(lots, account, part);
    outstanding_add(lots, part.last_day, account->municipality, part.points);
}

static void note(struct lot_parts *parts, struct lot_part part)
{
    if (!parts || part.points == 0)
        return;
    parts->all = memory_grow(parts->all, parts->count, &parts->capacity, sizeof *parts->all);
    parts->all[parts->count++] = part;
}

void lots_take(struct lots *lots, struct account *account, uint64_t points, struct lot_parts *taken)
{
    while (points > 0 && account->lots) {
        struct lot *lot = lot_at(lots, account->lots);
        uint64_t part = points < lot->points ? points : lot->points;
        note(taken, (struct lot_part){lot->last_day, part});
        outstanding_take(lots, lot->last_day, account->municipality, part);
        points -= part;
        lot->points -= part;
        if (lot->points == 0)
            drop_first(lots, account);
    }
    note(taken, (struct lot_part){0, points});
}

static uint64_t never_expiring(const struct lots *lots, const struct account *account)
{
    uint64_t points = account->balance_points;
    for (uint32_t at = account->lots; at; at = lot_at(lots, at)->next)
        points -= lot_at(lots, at)->points;
    return points;
}

// Takes what there is of one lot, at most `points`; returns how many.
static uint64_t take_of_day(struct lots *lots, struct account *account, uint32_t last_day, uint64_t points)
{
    uint32_t *link = &account->lots;
    while (*link && lot_at(lots, *link)->last_day != last_day)
        link = &lot_at(lots, *link)->next;
    if (!*link)
        return 0;
    uint32_t position = *link;
    struct lot *lot = lot_at(lots, position);
    uint64_t part = points < lot->points ? points : lot->points;
    outstanding_take(lots, last_day, account->municipality, part);
    lot->points -= part;
    if (lot->points == 0) {
        *link = lot->next;
        lot->next = lots->unused;
        lots->unused = position;
    }
    return part;
}

void lots_take_from(struct lots *lots, struct account *account, uint32_t last_day, uint64_t points)
{
    uint64_t never = never_expiring(lots, account);
    uint64_t first = last_day ? take_of_day(lots, account, last_day, points) : never < points ? never : points;
    lots_take(lots, account, points - first, NULL);
}

void lots_restore(
    struct lots *lots, struct account *account, const struct lot_parts *parts, uint32_t today, uint32_t late_day)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct lot_part part = parts->all[i];
        if (part.last_day != 0 && part.last_day < today)
            part.last_day = late_day;
        lots_add(lots, account, part);
    }
}

void lots_move(struct lots *lots, const struct account *account, unsigned municipality)
{
    for (uint32_t at = account->lots; at; at = lot_at(lots, at)->next) {
        const struct lot *lot = lot_at(lots, at);
        outstanding_take(lots, lot->last_day, account->municipality, lot->points);
        outstanding_add(lots, lot->last_day, municipality, lot->points);
    }
}

void lots_merge(struct lots *lots, struct account *from, struct account *to)
{
    lots_move(lots, from, to->municipality);
    while (from->lots) {
        struct lot_part part = {lot_at(lots, from->lots)->last_day, lot_at(lots, from->lots)->points};
        drop_first(lots, from);
        chain_add(lots, to, part);
    }
}

void lot_parts_free(struct lot_parts *parts)
{
    memory_free(parts->all, parts->capacity, sizeof *parts->all);
    *parts = (struct lot_parts){0};
}

void lots_free(struct lots *lots)
{
    for (size_t i = 0; i < lots->day_count; i++)
        free(lots->days[i].municipalities);
    memory_free(lots->days, lots->day_capacity, sizeof *lots->days);
    memory_free(lots->all, lots->capacity, sizeof *lots->all);
}

// ---- as bytes

void lot_parts_archive(struct archive *archive, struct lot_parts *parts)
{
    archive_array(archive, &parts->all, &parts->count, &parts->capacity, sizeof *parts->all);
}

void lots_archive(struct archive *archive, struct lots *lots, unsigned municipalities)
{
    bool fit = true;
    lots->municipalities = municipalities;
    archive_array(archive, &lots->all, &lots->count, &lots->capacity, sizeof *lots->all);
    ARCHIVE(archive, lots->unused);
    archive_room(archive, &lots->days, &lots->day_count, &lots->day_capacity, sizeof *lots->days);
    for (size_t i = 0; i < lots->day_count; i++) {
        ARCHIVE(archive, lots->days[i].last_day);
        archive_fixed(archive, &lots->days[i].municipalities, municipalities, sizeof *lots->days[i].municipalities);
    }
    ARCHIVE(archive, lots->passed);
    for (size_t i = 0; archive_is_loading(archive) && i < lots->count; i++)
        fit &= lots->all[i].next <= lots->count;
    archive_check(
        archive, fit && lots->unused <= lots->count && lots->passed <= lots->day_count, "a lot points nowhere");
}
