// The campaign's expectations of accounts. Each function is one row of the table in doc/rules.md.
#include "tests/campaign/model_parts.h"
#include "tests/campaign/model_lots.h"
#include "tests/campaign/model_set.h"
#include "tools/error.h"

#include <stdlib.h>

void model_begin(struct model *model)
{
    model->today = SEASON_FIRST_DAY;
    model_set_time(model, day_begin(SEASON_FIRST_DAY) + 9 * HOUR_S);
    model->lots = xcalloc(1, sizeof *model->lots);
    model->visits = model_set_new();
    model->digests = model_set_new();
}

void model_end(struct model *model)
{
    free(model->lots->all);
    free(model->lots);
    model_set_free(model->visits);
    model_set_free(model->digests);
    free(model->merges);
    free(model->notices);
    free(model->residents);
}

void model_set_time(struct model *model, int64_t now)
{
    lots_pass_days(model, day_of(now));
    model->now = now;
    model->today = day_of(now);
    model->month = month_of(model->today);
}

struct resident *model_current(const struct model *model, uint32_t resident)
{
    for (uint32_t i = 0; i < model->merge_count && model->residents[resident].status == ACCOUNT_STATUS(MERGED); i++)
        if (model->merges[i].from == resident)
            resident = model->merges[i].into;
    return &model->residents[resident];
}

struct expected model_touch(struct model *model, struct resident *resident, uint64_t sequence)
{
    struct expected expected = {.previous = resident->last_sequence};
    if (resident->lots)
        expected.expired = lots_drop_expired(model, resident);
    resident->last_sequence = (uint32_t)sequence;
    return expected;
}

struct expected model_refusal(outcome_code code)
{
    return (struct expected){.code = code};
}

bool model_closed(const struct resident *resident)
{
    return resident->status == ACCOUNT_STATUS(CLOSED) || resident->status == ACCOUNT_STATUS(MERGED);
}

static outcome_code judge_account(const struct resident *resident, bool wants_thawed)
{
    if (model_closed(resident))
        return OUTCOME(ACCOUNT_CLOSED);
    return wants_thawed && resident->status == ACCOUNT_STATUS(FROZEN) ? OUTCOME(ACCOUNT_FROZEN) : OUTCOME(APPLIED);
}

outcome_code model_judge_spender(const struct resident *resident)
{
    return judge_account(resident, true);
}

struct expected model_open(struct model *model, struct resident *resident, uint64_t sequence)
{
    bool known = resident->last_sequence != 0;
    struct expected expected = model_touch(model, resident, sequence);
    if (known) {
        expected.code = OUTCOME(ACCOUNT_EXISTS);
        return expected;
    }
    model->books[resident->home].accounts++;
    model->months[model->month].opened++;
    return expected;
}

static void move_books(struct model *model, const struct resident *resident, uint8_t to)
{
    struct books *old = &model->books[resident->home], *new = &model->books[to];
    old->accounts--;
    old->balances -= resident->balance;
    old->held -= resident->held;
    new->accounts++;
    new->balances += resident->balance;
    new->held += resident->held;
    lots_move(model, resident, to);
}

struct expected model_move(struct model *model, struct resident *resident, uint8_t to, uint64_t sequence)
{
    if (!resident->last_sequence)
        return model_refusal(OUTCOME(ACCOUNT_UNKNOWN));
    struct expected expected = model_touch(model, resident, sequence);
    expected.code = judge_account(resident, false);
    if (expected.code == OUTCOME(APPLIED)) {
        move_books(model, resident, to);
        resident->home = to;
    }
    return expected;
}

struct expected model_close(struct model *model, struct resident *resident, uint64_t sequence)
{
    struct expected expected = model_touch(model, resident, sequence);
    expected.code = judge_account(resident, true);
    if (expected.code == OUTCOME(APPLIED) && resident->held > 0)
        expected.code = OUTCOME(CONVERSION_PENDING);
    if (expected.code != OUTCOME(APPLIED))
        return expected;
    struct books *home = &model->books[resident->home];
    expected.points = resident->balance;
    lots_forget(model, lots_take(model, resident, resident->balance));
    home->accounts--;
    home->balances -= resident->balance;
    home->forfeited += resident->balance;
    resident->balance = 0;
    resident->status = ACCOUNT_STATUS(CLOSED);
    model->corrections.closed++;
    model->corrections.closed_points += expected.points;
    return expected;
}

struct expected model_freeze(struct model *model, struct resident *resident, uint64_t sequence)
{
    struct expected expected = model_touch(model, resident, sequence);
    expected.code = judge_account(resident, true);
    if (expected.code == OUTCOME(APPLIED))
        resident->status = ACCOUNT_STATUS(FROZEN);
    return expected;
}

struct expected model_unfreeze(struct model *model, struct resident *resident, uint64_t sequence)
{
    struct expected expected = model_touch(model, resident, sequence);
    expected.code = judge_account(resident, false);
    if (expected.code == OUTCOME(APPLIED) && resident->status != ACCOUNT_STATUS(FROZEN))
        expected.code = OUTCOME(ACCOUNT_NOT_FROZEN);
    if (expected.code == OUTCOME(APPLIED))
        resident->status = ACCOUNT_STATUS(OPEN);
    return expected;
}
