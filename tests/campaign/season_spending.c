// Donations to the home municipality, conversions into WAON, and the WAON side's answers.
#include "tests/campaign/season_parts.h"
#include "tests/campaign/model_lots.h"

#include <string.h>

enum { DONATION_POINTS_MIN = 100, CONVERSION_POINTS_MIN = 300 };

// ---- donations

// How many in a million give today: more when the SDGs quest ends, and before the fiscal year does.
static uint32_t giving(const struct season *season)
{
    if (season->today > MARCH + 31)
        return 30;
    if (season->today > MARCH + 24)
        return 9000;
    uint32_t last_day = programme_quests[SDGS].last_day;
    return season->today > last_day - 5 && season->today <= last_day + 3 ? 9000 : 2000;
}

static uint8_t choose_purpose(const struct season *season, uint64_t *bits)
{
    bool december = season->today > DECEMBER && season->today <= JANUARY + 4; // some are a few days late
    uint32_t share = draw_take(bits, december ? 100 : 85);
    return share < 42 ? 1 : share < 68 ? 2 : share < 85 ? 3 : PURPOSE_OF_DECEMBER;
}

static uint32_t donation_amount(const struct season *season, uint32_t balance, uint64_t *bits)
{
    uint32_t manner = draw_take(bits, 1000);
    if (manner < 2)
        return 0;
    if (manner < 12)
        return balance + 100;
    if (manner < 100)
        return 50;
    if (season->today > programme_quests[SDGS].last_day - 5 && manner < 800)
        return balance;
    return 100 * (1 + draw_take(bits, balance / 100));
}

void donate(struct season *season, struct spent *gift)
{
    struct posting posting;
    Points__V1__Donate body = POINTS__V1__DONATE__INIT;
    posting_begin(season, &posting, TRANSACTION(DONATE));
    posting.transaction.donate = &body;
    body.account = posting_account(season, &posting, gift->resident);
    body.municipality = season->model->codes[gift->municipality];
    body.purpose = gift->purpose;
    body.points = gift->points;
    uint64_t sequence = stream_next(season->stream, BY_APP);
    struct expected outcome = model_donate(season->model, gift, sequence);
    stream_add(season->stream, &posting.transaction, outcome);
    if (outcome.code == OUTCOME(APPLIED) && !office_notes_donation(season, gift, posting.id))
        lots_forget(season->model, gift->lots);
}

void donations_of_today(struct season *season)
{
    uint32_t people = season->population->count;
    uint64_t bits;
    for (uint32_t i = how_many(season, DRAW_DONATION, people, giving(season)); i > 0; i--) {
        const struct resident *resident = somebody(season, DRAW_DONATION, i, people, &bits);
        uint32_t balance = resident ? model_balance(season->model, resident) : 0;
        if (balance < DONATION_POINTS_MIN)
            continue;
        struct spent gift = {.resident = index_of(season, resident), .municipality = resident->home};
        uint8_t old_home = season->population->people[gift.resident].old_home;
        if (old_home != resident->home && draw_take(&bits, 10) < 3)
            gift.municipality = old_home; // forgot the move
        gift.purpose = choose_purpose(season, &bits);
        gift.points = donation_amount(season, balance, &bits);
        donate(season, &gift);
    }
}

// ---- conversions

static uint32_t converting(const struct season *season)
{
    if (season->today >= CONVERSION_FIRST_DAY)
        return season->today > MARCH + 31 ? 500 : 4000;
    return season->today + 7 >= CONVERSION_FIRST_DAY ? 60 : 0;
}

static uint32_t conversion_amount(uint32_t balance, uint64_t *bits)
{
    uint32_t manner = draw_take(bits, 1000), units = balance / CONVERSION_UNIT;
    if (manner < 4)
        return 150;
    if (manner < 10)
        return (units + 2) * CONVERSION_UNIT;
    return manner < 500 ? units * CONVERSION_UNIT : (1 + draw_take(bits, units)) * CONVERSION_UNIT;
}

void convert(struct season *season, uint32_t resident, uint32_t points)
{
    struct posting posting;
    struct conversion made = {.spent = {.resident = resident, .points = points}};
    Points__V1__RequestConversion body = POINTS__V1__REQUEST_CONVERSION__INIT;
    posting_begin(season, &posting, TRANSACTION(REQUEST_CONVERSION));
    posting.transaction.request_conversion = &body;
    body.account = posting_account(season, &posting, resident);
    body.points = points;
    uint64_t sequence = stream_next(season->stream, BY_APP);
    struct expected outcome = model_request(season->model, &made.spent, sequence);
    stream_add(season->stream, &posting.transaction, outcome);
    if (outcome.code != OUTCOME(APPLIED))
        return;
    uint64_t bits = draw(season->model->seed, DRAW_WAON, sequence, 0);
    memcpy(made.id, posting.id, ID_BYTES);
    made.reversed = office_notes_conversion(season, &made.spent, made.id);
    struct conversion *waiting = later(&day_after(season, 2 + draw_take(&bits, 3))->conversions, sizeof made);
    *waiting = made;
}

void conversions_of_today(struct season *season)
{
    uint32_t people = season->population->count;
    uint64_t bits;
    for (uint32_t i = how_many(season, DRAW_CONVERSION, people, converting(season)); i > 0; i--) {
        const struct resident *resident = somebody(season, DRAW_CONVERSION, i, people, &bits);
        uint32_t balance = resident ? model_balance(season->model, resident) : 0;
        if (balance >= CONVERSION_POINTS_MIN)
            convert(season, index_of(season, resident), conversion_amount(balance, &bits));
    }
}

// ---- the WAON side

// `outcome` NULL: the model decides.
static void answer(struct season *season, struct conversion *conversion, bool settled, const struct expected *outcome)
{
    struct posting posting;
    Points__V1__SettleConversion settle = POINTS__V1__SETTLE_CONVERSION__INIT;
    Points__V1__RefuseConversion refuse = POINTS__V1__REFUSE_CONVERSION__INIT;
    posting_begin(season, &posting, settled ? TRANSACTION(SETTLE_CONVERSION) : TRANSACTION(REFUSE_CONVERSION));
    settle.conversion = refuse.conversion = bytes16(conversion->id);
    refuse.reason = (char *)"会員番号が確認できません";
    if (settled)
        posting.transaction.settle_conversion = &settle;
    else
        posting.transaction.refuse_conversion = &refuse;
    uint64_t sequence = stream_next(season->stream, BY_WAON);
    stream_add(season->stream, &posting.transaction,
        outcome ? *outcome : model_answer(season->model, &conversion->spent, settled, sequence));
}

void conversions_answered(struct season *season)
{
    static const struct expected not_pending = {.code = OUTCOME(CONVERSION_NOT_PENDING)};
    static const struct expected unknown = {.code = OUTCOME(CONVERSION_UNKNOWN)};
    const struct waiting *waiting = &day_after(season, 0)->conversions;
    struct conversion *conversions = waiting->items;
    for (size_t i = 0; i < waiting->count; i++) {
        struct conversion *conversion = &conversions[i];
        uint64_t bits = draw(season->model->seed, DRAW_WAON, season->ids, 1);
        bool settled = draw_take(&bits, 100) >= 5;
        answer(season, conversion, settled, conversion->reversed ? &not_pending : NULL);
        if (draw_take(&bits, 200) == 0)
            answer(season, conversion, !settled, &not_pending); // a second thought comes too late
        if (draw_take(&bits, 2000) == 0) {
            struct conversion stranger = *conversion;
            memset(stranger.id, 0xee, sizeof stranger.id);
            answer(season, &stranger, true, &unknown);
        }
    }
}
