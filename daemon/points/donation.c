#include "points/donation.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdlib.h>
#include <string.h>

struct purpose *purpose_get(struct purpose *purposes, uint32_t number)
{
    struct purpose *purpose;
    HASH_FIND(hh, purposes, &number, sizeof number, purpose);
    return purpose;
}

bool purpose_known(struct turn *turn)
{
    turn->purpose = purpose_get(turn->state->purposes, turn->transaction->donate->purpose);
    return turn->purpose != NULL;
}

bool purpose_open(struct turn *turn)
{
    int64_t day = calendar_day(turn->state->time);
    return day >= turn->purpose->definition.first_day && day <= turn->purpose->definition.last_day;
}

bool purpose_new(struct turn *turn)
{
    return !purpose_get(turn->state->purposes, turn->transaction->define_purpose->purpose);
}

bool purpose_valid(struct turn *turn)
{
    const Points__V1__DefinePurpose *purpose = turn->transaction->define_purpose;
    return purpose->purpose != 0 && purpose->first_day <= purpose->last_day && purpose->last_day <= CALENDAR_DAY_MAX;
}

uint64_t purpose_apply_define(struct turn *turn)
{
    struct purpose *purpose = memory_zeroed(1, sizeof *purpose);
    purpose->definition = *turn->transaction->define_purpose;
    purpose->definition.name = memory_text(purpose->definition.name);
    HASH_ADD(hh, turn->state->purposes, definition.purpose, sizeof purpose->definition.purpose, purpose);
    return 0;
}

bool donation_at_home(struct turn *turn)
{
    return turn->transaction->donate->municipality == state_municipality_code(turn->state, turn->account->municipality);
}

bool donation_amount_valid(struct turn *turn)
{
    return turn->transaction->donate->points > 0;
}

bool donation_covered(struct turn *turn)
{
    return turn->transaction->donate->points <= turn->account->balance_points;
}

void donation_totals_add(struct donation_totals *totals, const struct donation_total *more)
{
    size_t at = 0;
    while (at < totals->count &&
           (totals->all[at].municipality != more->municipality || totals->all[at].purpose != more->purpose))
        at++;
    if (at == totals->count) {
        totals->all = memory_grow(totals->all, totals->count, &totals->capacity, sizeof *totals->all);
        totals->all[totals->count++] =
            (struct donation_total){.municipality = more->municipality, .purpose = more->purpose};
    }
    totals->all[at].donations += more->donations;
    totals->all[at].points += more->points;
    totals->all[at].reversed_donations += more->reversed_donations;
    totals->all[at].reversed_points += more->reversed_points;
    totals->all[at].reversals += more->reversals;
    totals->all[at].reversals_points += more->reversals_points;
}

// The newest day, or one before it.
static struct donation_totals *totals_of_day(struct donation_days *days, uint32_t day)
{
    size_t at = days->count;
    while (at > 0 && days->all[at - 1].day > day)
        at--;
    if (at > 0 && days->all[at - 1].day == day)
        return &days->all[at - 1].totals;
    days->all = memory_grow(days->all, days->count, &days->capacity, sizeof *days->all);
    days->all[days->count++] = (struct donation_day){.day = day}; // block time does not go back: it is the newest
    return &days->all[days->count - 1].totals;
}

static struct donation *remember(struct turn *turn, uint64_t points)
{
    struct points_state *state = turn->state;
    struct donation *donation = memory_zeroed(1, sizeof *donation);
    donation->sequence = turn->sequence;
    memcpy(donation->account, turn->transaction->donate->account.data, ID_BYTES);
    donation->municipality = turn->account->municipality;
    donation->purpose = turn->purpose->definition.purpose;
    donation->day = state_today(state);
    donation->last_day = donation->day + (uint32_t)state->policies[POLICY(REVERSAL_DONATION_DAYS)];
    donation->points = points;
    HASH_ADD(hh, state->donations.reversible, sequence, sizeof donation->sequence, donation);
    return donation;
}

uint64_t donation_apply(struct turn *turn)
{
    struct points_state *state = turn->state;
    uint64_t points = turn->transaction->donate->points;
    struct donation *donation = remember(turn, points);
    struct donation_total total = {
        .municipality = donation->municipality, .purpose = donation->purpose, .donations = 1, .points = points};
    donation_totals_add(totals_of_day(&state->donations, donation->day), &total);
    lots_take(&state->lots, turn->account, points, &donation->parts);
    books_move(&state->books, turn->account, BOOK_BALANCES, BOOK_DONATED, points);
    return points;
}

// ---- undoing, and what is left

struct donation *donation_reversible(const struct donation_days *days, uint64_t sequence, uint32_t today)
{
    struct donation *donation;
    HASH_FIND(hh, days->reversible, &sequence, sizeof sequence, donation);
    return donation && donation->last_day >= today ? donation : NULL;
}

static void forget(struct donation_days *days, struct donation *donation)
{
    HASH_DELETE(hh, days->reversible, donation);
    lot_parts_free(&donation->parts);
    free(donation);
}

void donation_reverse(struct donation_days *days, struct donation *donation, uint32_t today)
{
    struct donation_total given = {.municipality = donation->municipality,
        .purpose = donation->purpose,
        .reversed_donations = 1,
        .reversed_points = donation->points};
    struct donation_total now = {.municipality = donation->municipality,
        .purpose = donation->purpose,
        .reversals = 1,
        .reversals_points = donation->points};
    donation_totals_add(totals_of_day(days, donation->day), &given);
    donation_totals_add(totals_of_day(days, today), &now);
    forget(days, donation);
}

void donations_forget(struct donation_days *days, uint32_t today)
{
    while (days->reversible && days->reversible->last_day < today)
        forget(days, days->reversible);
}

uint64_t donations_net(const struct donation_days *days, unsigned municipality, uint32_t purpose, uint32_t to_day)
{
    uint64_t points = 0;
    for (size_t i = 0; i < days->count && days->all[i].day <= to_day; i++)
        for (size_t j = 0; j < days->all[i].totals.count; j++) {
            const struct donation_total *total = &days->all[i].totals.all[j];
            if (total->municipality == municipality && total->purpose == purpose)
                points += total->points - total->reversed_points;
        }
    return points;
}

void purposes_free(struct purpose *purposes)
{
    struct purpose *purpose, *next;
    HASH_ITER(hh, purposes, purpose, next)
    {
        HASH_DELETE(hh, purposes, purpose);
        free(purpose->definition.name);
        free(purpose);
    }
}

void donations_free(struct donation_days *days)
{
    for (size_t i = 0; i < days->count; i++)
        free(days->all[i].totals.all);
    free(days->all);
    while (days->reversible)
        forget(days, days->reversible);
}
