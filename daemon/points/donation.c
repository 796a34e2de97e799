#include "points/donation.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

static struct purpose *purpose_get(struct purpose *purposes, uint32_t number)
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
}

static struct donation_totals *totals_of_day(struct donation_days *days, uint32_t day)
{
    if (days->count == 0 || days->all[days->count - 1].day != day) {
        days->all = memory_grow(days->all, days->count, &days->capacity, sizeof *days->all);
        days->all[days->count++] = (struct donation_day){.day = day};
    }
    return &days->all[days->count - 1].totals;
}

uint64_t donation_apply(struct turn *turn)
{
    struct points_state *state = turn->state;
    uint64_t points = turn->transaction->donate->points;
    struct donation_total donation = {.municipality = turn->account->municipality,
        .purpose = turn->purpose->definition.purpose,
        .donations = 1,
        .points = points};
    donation_totals_add(totals_of_day(&state->donations, (uint32_t)calendar_day(state->time)), &donation);
    books_move(&state->books, turn->account, BOOK_BALANCES, BOOK_DONATED, points);
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
}
