// The campaign's expectations of what residents spend: donations, conversions, and the WAON side's answers.
#include "tests/campaign/model_lots.h"
#include "tests/campaign/model_parts.h"

// Out of the balance; `spent` remembers from where.
static void take(struct model *model, struct resident *resident, struct spent *spent)
{
    spent->day = model->today;
    spent->lots = lots_take(model, resident, spent->points);
    resident->balance -= spent->points;
    model->books[resident->home].balances -= spent->points;
}

void model_put_back(struct model *model, struct resident *resident, const struct spent *spent)
{
    resident->balance += spent->points;
    model->books[resident->home].balances += spent->points;
    lots_restore(model, resident, spent->lots);
}

// ---- donations

static outcome_code judge_donation(
    const struct model *model, const struct resident *resident, const struct spent *spent)
{
    const struct purpose *purpose = &programme_purposes[spent->purpose];
    outcome_code code = model_judge_spender(resident);
    if (code != OUTCOME(APPLIED))
        return code;
    if (model->today < purpose->first_day || model->today > purpose->last_day)
        return OUTCOME(PURPOSE_CLOSED);
    if (spent->municipality != resident->home)
        return OUTCOME(NOT_HOME_MUNICIPALITY);
    if (spent->points == 0)
        return OUTCOME(AMOUNT_INVALID);
    return spent->points > resident->balance ? OUTCOME(BALANCE_INSUFFICIENT) : OUTCOME(APPLIED);
}

struct expected model_donate(struct model *model, struct spent *spent, uint64_t sequence)
{
    struct resident *resident = &model->residents[spent->resident];
    struct expected expected = model_touch(model, resident, sequence);
    expected.code = judge_donation(model, resident, spent);
    if (expected.code != OUTCOME(APPLIED))
        return expected;
    take(model, resident, spent);
    struct donations *row = &model->donations[month_of(spent->day)][spent->municipality][spent->purpose];
    row->count++;
    row->points += spent->points;
    model->books[resident->home].donated += spent->points;
    model->months[model->month].donated += spent->points;
    expected.points = spent->points;
    return expected;
}

// ---- conversions

static outcome_code judge_request(const struct model *model, const struct resident *resident, uint32_t points)
{
    outcome_code code = model_judge_spender(resident);
    if (code != OUTCOME(APPLIED))
        return code;
    if (model->now < day_begin(CONVERSION_FIRST_DAY))
        return OUTCOME(CONVERSION_CLOSED);
    if (points == 0 || points % CONVERSION_UNIT)
        return OUTCOME(AMOUNT_INVALID);
    return points > resident->balance ? OUTCOME(BALANCE_INSUFFICIENT) : OUTCOME(APPLIED);
}

struct expected model_request(struct model *model, struct spent *spent, uint64_t sequence)
{
    struct resident *resident = &model->residents[spent->resident];
    struct expected expected = model_touch(model, resident, sequence);
    expected.code = judge_request(model, resident, spent->points);
    if (expected.code != OUTCOME(APPLIED))
        return expected;
    take(model, resident, spent);
    resident->held += spent->points;
    model->books[resident->home].held += spent->points;
    model->pending++;
    expected.points = spent->points;
    return expected;
}

struct expected model_answer(struct model *model, const struct spent *conversion, bool settled, uint64_t sequence)
{
    struct resident *resident = model_current(model, conversion->resident);
    struct expected expected = model_touch(model, resident, sequence);
    model->pending--;
    model->books[resident->home].held -= conversion->points;
    resident->held -= conversion->points;
    if (settled) {
        model->books[resident->home].converted += conversion->points;
        model->months[model->month].converted += conversion->points;
        lots_forget(model, conversion->lots);
    } else {
        model_put_back(model, resident, conversion);
    }
    expected.points = conversion->points;
    return expected;
}
