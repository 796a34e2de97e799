#include "points/conversion.h"
#include "points/archive.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <string.h>

bool conversion_open(struct turn *turn)
{
    return turn->state->time >= (int64_t)turn->state->policies[POLICY(CONVERSION_OPENS_AT)];
}

bool conversion_amount_valid(struct turn *turn)
{
    const uint64_t *policies = turn->state->policies;
    uint64_t points = turn->transaction->request_conversion->points;
    return points >= policies[POLICY(CONVERSION_MIN_POINTS)] &&
           points % policies[POLICY(CONVERSION_UNIT_POINTS)] == 0 && points > policies[POLICY(CONVERSION_FEE_POINTS)];
}

// The account's use brought to the day and month of `time`: what belongs to others is dropped.
static struct conversion_use use_at(const struct conversions *conversions, const struct account *account, int64_t time)
{
    uint32_t day = (uint32_t)calendar_day(time), month = calendar_month_first_day(day);
    struct conversion_use use = {.day = day, .month = month};
    if (account->conversion_use) {
        const struct conversion_use *kept = &conversions->uses[account->conversion_use - 1];
        use.day_points = kept->day == day ? kept->day_points : 0;
        use.month_points = kept->month == month ? kept->month_points : 0;
    }
    return use;
}

static bool within(uint64_t used, uint64_t more, uint64_t limit)
{
    return limit == 0 || (used <= limit && more <= limit - used);
}

bool conversion_under_limits(struct turn *turn)
{
    const struct points_state *state = turn->state;
    uint64_t points = turn->transaction->request_conversion->points;
    struct conversion_use use = use_at(&state->conversions, turn->account, state->time);
    return within(use.day_points, points, state->policies[POLICY(CONVERSION_DAY_MAX_POINTS)]) &&
           within(use.month_points, points, state->policies[POLICY(CONVERSION_MONTH_MAX_POINTS)]);
}

bool conversion_covered(struct turn *turn)
{
    return turn->transaction->request_conversion->points <= turn->account->balance_points;
}

bool conversion_known(struct turn *turn)
{
    return turn->inputs->target_sequence != 0;
}

bool conversion_pending(struct turn *turn)
{
    uint64_t sequence = turn->inputs->target_sequence;
    HASH_FIND(hh, turn->state->conversions.pending, &sequence, sizeof sequence, turn->conversion);
    return turn->conversion != NULL;
}

static void use_add(struct conversions *conversions, struct account *account, int64_t time, uint64_t points)
{
    struct conversion_use use = use_at(conversions, account, time);
    use.day_points += points;
    use.month_points += points;
    if (!account->conversion_use) {
        conversions->uses = memory_grow(
            conversions->uses, conversions->use_count, &conversions->use_capacity, sizeof *conversions->uses);
        account->conversion_use = (uint32_t)++conversions->use_count;
    }
    conversions->uses[account->conversion_use - 1] = use;
}

// A refused conversion no longer counts, if its day and month are still the newest.
static void use_take(struct conversions *conversions, const struct account *account, int64_t time, uint64_t points)
{
    struct conversion_use *use = &conversions->uses[account->conversion_use - 1];
    uint32_t day = (uint32_t)calendar_day(time);
    if (use->day == day)
        use->day_points -= points;
    if (use->month == calendar_month_first_day(day))
        use->month_points -= points;
}

// Of the turn's account, today.
static void count(struct turn *turn, const uint64_t more[SERIES_COLUMNS])
{
    series_add(&turn->state->conversions.by_municipality[turn->account->municipality], state_today(turn->state), more);
}

uint64_t conversion_apply_request(struct turn *turn)
{
    struct points_state *state = turn->state;
    const Points__V1__RequestConversion *request = turn->transaction->request_conversion;
    struct conversion *conversion = memory_zeroed(1, sizeof *conversion);
    conversion->sequence = turn->sequence;
    memcpy(conversion->id, turn->transaction->id.data, ID_BYTES);
    memcpy(conversion->account, request->account.data, ID_BYTES);
    conversion->municipality = turn->account->municipality;
    conversion->points = request->points;
    conversion->fee_points = state->policies[POLICY(CONVERSION_FEE_POINTS)];
    conversion->requested_at = state->time;
    lots_take(&state->lots, turn->account, request->points, &conversion->parts);
    HASH_ADD(hh, state->conversions.pending, sequence, sizeof conversion->sequence, conversion);
    use_add(&state->conversions, turn->account, state->time, request->points);
    books_move(&state->books, turn->account, BOOK_BALANCES, BOOK_HELD, request->points);
    count(turn,
        (uint64_t[SERIES_COLUMNS]){[CONVERSIONS_REQUESTED] = 1, [CONVERSIONS_REQUESTED_POINTS] = request->points});
    return request->points;
}

// ---- the answer

static void forget(struct conversions *conversions, struct conversion *conversion)
{
    HASH_DELETE(hh, conversions->pending, conversion);
    lot_parts_free(&conversion->parts);
    free(conversion);
}

// The turn's account becomes the conversion's.
static void touch(struct turn *turn)
{
    turn_touch(turn, account_get_merged(&turn->state->accounts, turn->conversion->account));
}

uint64_t conversion_apply_settle(struct turn *turn)
{
    struct points_state *state = turn->state;
    uint64_t points = turn->conversion->points, fee_points = turn->conversion->fee_points;
    touch(turn);
    books_move(&state->books, turn->account, BOOK_HELD, BOOK_FEES, fee_points);
    books_move(&state->books, turn->account, BOOK_HELD, BOOK_CONVERTED, points - fee_points);
    count(turn,
        (uint64_t[SERIES_COLUMNS]){
            [CONVERSIONS_SETTLED] = 1, [CONVERSIONS_SETTLED_POINTS] = points, [CONVERSIONS_FEE_POINTS] = fee_points});
    forget(&state->conversions, turn->conversion);
    return points;
}

uint64_t conversion_apply_refuse(struct turn *turn)
{
    struct points_state *state = turn->state;
    uint64_t points = turn->conversion->points;
    touch(turn);
    books_move(&state->books, turn->account, BOOK_HELD, BOOK_BALANCES, points);
    state_refund(state, turn->account, &turn->conversion->parts);
    use_take(&state->conversions, turn->account, turn->conversion->requested_at, points);
    count(turn, (uint64_t[SERIES_COLUMNS]){[CONVERSIONS_REFUSED] = 1, [CONVERSIONS_REFUSED_POINTS] = points});
    forget(&state->conversions, turn->conversion);
    return points;
}

// ---- the end of an account, and of all

// What was used on a newer day or in a newer month counts; on the same one, both do.
static void join_use(struct conversion_use *to, const struct conversion_use *from)
{
    if (from->day == to->day)
        to->day_points += from->day_points;
    else if (from->day > to->day)
        to->day_points = from->day_points;
    if (from->month == to->month)
        to->month_points += from->month_points;
    else if (from->month > to->month)
        to->month_points = from->month_points;
    to->day = from->day > to->day ? from->day : to->day;
    to->month = from->month > to->month ? from->month : to->month;
}

void conversions_merge(struct conversions *conversions, struct account *from, struct account *to)
{
    if (from->conversion_use && to->conversion_use)
        join_use(&conversions->uses[to->conversion_use - 1], &conversions->uses[from->conversion_use - 1]);
    else if (from->conversion_use)
        to->conversion_use = from->conversion_use;
    from->conversion_use = 0;
}

void conversions_free(struct conversions *conversions)
{
    while (conversions->pending)
        forget(conversions, conversions->pending);
    for (int m = 0; m < GENESIS_MUNICIPALITIES_MAX; m++)
        series_free(&conversions->by_municipality[m]);
    memory_free(conversions->uses, conversions->use_capacity, sizeof *conversions->uses);
}

// ---- as bytes

static void conversion_archive(struct archive *archive, struct conversion *conversion, unsigned municipalities)
{
    ARCHIVE(archive, conversion->sequence);
    ARCHIVE(archive, conversion->id);
    ARCHIVE(archive, conversion->account);
    ARCHIVE(archive, conversion->municipality);
    ARCHIVE(archive, conversion->points);
    ARCHIVE(archive, conversion->fee_points);
    ARCHIVE(archive, conversion->requested_at);
    lot_parts_archive(archive, &conversion->parts);
    archive_check(archive, conversion->municipality < municipalities, "a conversion is of no municipality");
}

void conversions_archive(struct archive *archive, struct conversions *conversions, unsigned municipalities)
{
    ARCHIVE_HASH(archive, conversions->pending, sequence, conversion_archive, municipalities);
    for (unsigned m = 0; m < municipalities; m++)
        series_archive(archive, &conversions->by_municipality[m]);
    archive_array(
        archive, &conversions->uses, &conversions->use_count, &conversions->use_capacity, sizeof *conversions->uses);
}
