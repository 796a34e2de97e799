// The campaign's expectations of what the programme office does: reversals, merges, and the paying out of donations.
#include "tests/campaign/model_award.h"
#include "tests/campaign/model_lots.h"
#include "tests/campaign/model_parts.h"
#include "tools/error.h"

// ---- reversals

struct expected model_reverse_award(
    struct model *model, const struct award *award, uint32_t day, uint32_t points, uint64_t sequence)
{
    struct resident *resident = model_current(model, award->resident);
    struct quest_tally *tally = &model->quests[award->quest];
    if (model_closed(resident))
        return model_refusal(OUTCOME(NOT_REVERSIBLE));
    struct expected expected = model_touch(model, resident, sequence);
    uint32_t taken = points < resident->balance ? points : resident->balance;
    lots_take_from(model, resident, programme_expiry(award->quest, day), taken);
    resident->balance -= taken;
    model->books[resident->home].balances -= taken;
    model->books[resident->home].reversed += taken;
    tally->issued -= taken;
    tally->reversed += taken;
    tally->shortfall += points - taken;
    *(award->quest == SDGS ? &resident->sdgs_points : &resident->campaign_points) -= (uint16_t)taken;
    if (award->quest != SDGS)
        model->campaign.issued -= taken;
    model->corrections.awards++;
    model->corrections.award_points += taken;
    model->corrections.award_shortfall += points - taken;
    expected.points = taken;
    return expected;
}

static void count_reversed_donation(struct model *model, const struct spent *donation)
{
    struct donations *given = &model->donations[month_of(donation->day)][donation->municipality][donation->purpose];
    struct donations *now = &model->donations[month_of(model->today)][donation->municipality][donation->purpose];
    given->reversed_count++;
    given->reversed_points += donation->points;
    now->reversals_count++;
    now->reversals_points += donation->points;
    model->books[donation->municipality].donated -= donation->points;
    model->corrections.donations++;
    model->corrections.donation_points += donation->points;
}

struct expected model_reverse_donation(struct model *model, const struct spent *donation, uint64_t sequence)
{
    struct resident *resident = model_current(model, donation->resident);
    if (model->today > donation->day + REVERSAL_DONATION_DAYS || model_closed(resident)) {
        lots_forget(model, donation->lots);
        return model_refusal(OUTCOME(NOT_REVERSIBLE));
    }
    struct expected expected = model_touch(model, resident, sequence);
    count_reversed_donation(model, donation);
    model_put_back(model, resident, donation);
    expected.points = donation->points;
    return expected;
}

struct expected model_reverse_conversion(struct model *model, const struct spent *conversion, uint64_t sequence)
{
    model->corrections.conversions++;
    model->corrections.conversion_points += conversion->points;
    return model_answer(model, conversion, false, sequence);
}

// ---- merges

static outcome_code judge_merge(const struct resident *into, const struct resident *merged)
{
    if (model_closed(into) || model_closed(merged))
        return OUTCOME(ACCOUNT_CLOSED);
    bool frozen = into->status == ACCOUNT_STATUS(FROZEN) || merged->status == ACCOUNT_STATUS(FROZEN);
    return frozen ? OUTCOME(ACCOUNT_FROZEN) : OUTCOME(APPLIED);
}

static void merge_books(struct model *model, struct resident *into, struct resident *merged)
{
    struct books *from = &model->books[merged->home], *to = &model->books[into->home];
    from->accounts--;
    from->balances -= merged->balance;
    from->held -= merged->held;
    to->balances += merged->balance;
    to->held += merged->held;
    lots_merge(model, into, merged);
    into->balance += merged->balance;
    into->held += merged->held;
    merged->balance = merged->held = 0;
}

static void remember_merge(struct model *model, const struct resident *into, const struct resident *merged)
{
    model->merges = xrealloc(model->merges, (model->merge_count + 1) * sizeof *model->merges);
    model->merges[model->merge_count++] =
        (struct merge){(uint32_t)(merged - model->residents), (uint32_t)(into - model->residents)};
}

struct expected model_merge(struct model *model, struct resident *into, struct resident *merged, uint64_t sequence)
{
    struct expected expected = model_touch(model, into, sequence);
    expected.code = judge_merge(into, merged);
    if (expected.code != OUTCOME(APPLIED))
        return expected;
    expected.expired += lots_drop_expired(model, merged);
    expected.points = merged->balance;
    merge_books(model, into, merged);
    model_visits_merge(model, into, merged);
    model_award_merge(into, merged);
    merged->status = ACCOUNT_STATUS(MERGED);
    remember_merge(model, into, merged);
    model->corrections.merges++;
    model->corrections.merge_points += expected.points;
    return expected;
}

// ---- settlements

int64_t model_open_donations(const struct model *model, uint32_t municipality, uint32_t purpose, uint32_t month)
{
    int64_t open = -(int64_t)model->paid_out[municipality][purpose];
    for (uint32_t i = 0; i <= month; i++) {
        const struct donations *row = &model->donations[i][municipality][purpose];
        open += (int64_t)row->points - (int64_t)row->reversed_points;
    }
    return open;
}

static outcome_code judge_settlement(const struct model *model, uint8_t municipality, uint8_t purpose, uint32_t month)
{
    if (month_last_day(month) >= model->today)
        return OUTCOME(SETTLEMENT_INVALID);
    for (uint32_t i = 0; i < model->settlement_count; i++) {
        const struct settlement *before = &model->settlements[i];
        if (before->municipality == municipality && before->purpose == purpose &&
            before->to_day >= month_last_day(month))
            return OUTCOME(SETTLEMENT_INVALID);
    }
    bool any = model_open_donations(model, municipality, purpose, month) > 0;
    return any ? OUTCOME(APPLIED) : OUTCOME(NOTHING_TO_SETTLE);
}

struct expected model_settle(
    struct model *model, uint8_t municipality, uint8_t purpose, uint32_t month, uint64_t sequence)
{
    struct expected expected = {.code = judge_settlement(model, municipality, purpose, month)};
    if (expected.code != OUTCOME(APPLIED))
        return expected;
    expected.points = (uint32_t)model_open_donations(model, municipality, purpose, month);
    model->paid_out[municipality][purpose] += expected.points;
    if (model->settlement_count == SETTLEMENTS_MAX)
        fail(EXIT_FAILED, "the campaign settles donations more often than it has room for");
    model->settlements[model->settlement_count++] =
        (struct settlement){sequence, model->today, month_last_day(month), expected.points, municipality, purpose};
    return expected;
}
