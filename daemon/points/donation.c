#include "points/donation.h"
#include "points/archive.h"
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

// ---- the series

struct donation_series *donation_series_get(const struct donations *donations, struct donee donee)
{
    struct donation_series *series;
    HASH_FIND(hh, donations->series, &donee, sizeof donee, series);
    return series;
}

static int by_donee(const struct donation_series *a, const struct donation_series *b)
{
    if (a->donee.municipality != b->donee.municipality)
        return a->donee.municipality < b->donee.municipality ? -1 : 1;
    return a->donee.purpose < b->donee.purpose ? -1 : a->donee.purpose > b->donee.purpose;
}

static struct donation_series *series_of(struct donations *donations, struct donee donee)
{
    struct donation_series *series = donation_series_get(donations, donee);
    if (series)
        return series;
    series = memory_zeroed(1, sizeof *series);
    series->donee = donee;
    if (donee.municipality != DONEE_ALL)
        series->wider = series_of(donations, donee_wider(donee));
    HASH_ADD_INORDER(hh, donations->series, donee, sizeof series->donee, series, by_donee);
    return series;
}

uint64_t donation_series_net(const struct donation_series *series, uint32_t to_day)
{
    const struct series *days = &series->series;
    uint64_t points = days->whole[DONATIONS_POINTS] - days->whole[DONATIONS_REVERSED_POINTS];
    for (size_t i = days->count; i > 0 && days->days[i - 1].day > to_day; i--)
        points -= days->days[i - 1].sums[DONATIONS_POINTS] - days->days[i - 1].sums[DONATIONS_REVERSED_POINTS];
    return points;
}

// ---- giving

static struct donation *remember(struct turn *turn, uint64_t points)
{
    struct points_state *state = turn->state;
    struct donation *donation = memory_zeroed(1, sizeof *donation);
    donation->sequence = turn->sequence;
    memcpy(donation->account, turn->transaction->donate->account.data, ID_BYTES);
    donation->series =
        series_of(&state->donations, (struct donee){turn->account->municipality, turn->purpose->definition.purpose});
    donation->day = state_today(state);
    donation->last_day = donation->day + (uint32_t)state->policies[POLICY(REVERSAL_DONATION_DAYS)];
    donation->points = points;
    HASH_ADD(hh, state->donations.reversible, sequence, sizeof donation->sequence, donation);
    return donation;
}

// In its own series and in the wider ones.
static void count(struct donations *donations, struct account *account, const struct donation *donation)
{
    const int64_t begin[] = {[UNIT(DAY)] = donation->day,
        [UNIT(MONTH)] = calendar_month_first_day(donation->day),
        [UNIT(FISCAL_YEAR)] = calendar_fiscal_year_first_day(donation->day)};
    for (struct donation_series *series = donation->series; series; series = series->wider) {
        int64_t last_day = donor_last_day(&donations->donors, account, series->donee);
        uint64_t more[SERIES_COLUMNS] = {[DONATIONS] = 1, [DONATIONS_POINTS] = donation->points};
        for (int unit = UNIT(WHOLE); unit <= UNIT(FISCAL_YEAR); unit++)
            more[DONORS + unit] = last_day < begin[unit];
        series_add(&series->series, donation->day, more);
    }
    donor_gives(&donations->donors, account, donation->series->donee, donation->day);
}

uint64_t donation_apply(struct turn *turn)
{
    struct points_state *state = turn->state;
    uint64_t points = turn->transaction->donate->points;
    struct donation *donation = remember(turn, points);
    count(&state->donations, turn->account, donation);
    lots_take(&state->lots, turn->account, points, &donation->parts);
    books_move(&state->books, turn->account, BOOK_BALANCES, BOOK_DONATED, points);
    return points;
}

// ---- undoing

struct donation *donation_reversible(const struct donations *donations, uint64_t sequence, uint32_t today)
{
    struct donation *donation;
    HASH_FIND(hh, donations->reversible, &sequence, sizeof sequence, donation);
    return donation && donation->last_day >= today ? donation : NULL;
}

static void forget(struct donations *donations, struct donation *donation)
{
    HASH_DELETE(hh, donations->reversible, donation);
    lot_parts_free(&donation->parts);
    free(donation);
}

void donation_reverse(struct donations *donations, struct donation *donation, uint32_t today)
{
    const uint64_t given[SERIES_COLUMNS] = {[DONATIONS_REVERSED] = 1, [DONATIONS_REVERSED_POINTS] = donation->points};
    const uint64_t now[SERIES_COLUMNS] = {[REVERSALS] = 1, [REVERSALS_POINTS] = donation->points};
    for (struct donation_series *series = donation->series; series; series = series->wider) {
        series_add(&series->series, donation->day, given);
        series_add(&series->series, today, now);
    }
    forget(donations, donation);
}

void donations_forget(struct donations *donations, uint32_t today)
{
    while (donations->reversible && donations->reversible->last_day < today)
        forget(donations, donations->reversible);
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

void donations_free(struct donations *donations)
{
    struct donation_series *series, *next;
    while (donations->reversible)
        forget(donations, donations->reversible);
    donors_free(&donations->donors);
    HASH_ITER(hh, donations->series, series, next)
    {
        HASH_DELETE(hh, donations->series, series);
        series_free(&series->series);
        free(series);
    }
}

// ---- as bytes

static void purpose_archive(struct archive *archive, struct purpose *purpose)
{
    Points__V1__DefinePurpose *definition = &purpose->definition;
    archive_message(archive, &points__v1__define_purpose__descriptor, &definition);
    if (!archive_is_loading(archive) || archive->failed)
        return;
    purpose->definition = *definition;
    purpose->definition.name = memory_text(definition->name);
    points__v1__define_purpose__free_unpacked(definition, NULL);
}

void purposes_archive(struct archive *archive, struct purpose **purposes)
{
    ARCHIVE_HASH(archive, *purposes, definition.purpose, purpose_archive);
}

static void donation_series_archive(struct archive *archive, struct donation_series *series)
{
    ARCHIVE(archive, series->donee);
    series_archive(archive, &series->series);
    ARCHIVE(archive, series->paid_points);
    ARCHIVE(archive, series->paid_to_day);
    archive_check(archive, series->donee.municipality <= DONEE_ALL, "donations went to no municipality");
}

// Each to the next that includes it.
static void link_series(struct archive *archive, struct donations *donations)
{
    if (!archive_is_loading(archive))
        return;
    for (struct donation_series *series = donations->series; series; series = series->hh.next) {
        if (series->donee.municipality == DONEE_ALL)
            continue;
        series->wider = donation_series_get(donations, donee_wider(series->donee));
        archive_check(archive, series->wider != NULL, "donations are not counted in the wider ones");
    }
}

static void donation_archive(struct archive *archive, struct donation *donation, struct donations *donations)
{
    struct donee donee = donation->series ? donation->series->donee : (struct donee){0};
    ARCHIVE(archive, donation->sequence);
    ARCHIVE(archive, donation->account);
    ARCHIVE(archive, donee);
    ARCHIVE(archive, donation->day);
    ARCHIVE(archive, donation->last_day);
    ARCHIVE(archive, donation->points);
    lot_parts_archive(archive, &donation->parts);
    if (archive_is_loading(archive))
        donation->series = donation_series_get(donations, donee);
    archive_check(archive, donation->series != NULL, "a donation went nowhere");
}

void donations_archive(struct archive *archive, struct donations *donations)
{
    ARCHIVE_HASH(archive, donations->series, donee, donation_series_archive);
    link_series(archive, donations);
    ARCHIVE_HASH(archive, donations->reversible, sequence, donation_archive, donations);
    donors_archive(archive, &donations->donors);
}
