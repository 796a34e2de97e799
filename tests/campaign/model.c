// The campaign's expectations: each function is one row of the table in doc/rules.md.
#include "tests/campaign/model.h"

enum { DAY_S = 86400, JST_S = 9 * 3600, WEEK_DAYS = 7 };

static const uint32_t month_offsets[MONTHS + 1] = {0, 30, 61, 92, 120, 151};

int64_t day_begin(uint32_t day)
{
    return (int64_t)day * DAY_S - JST_S;
}

static uint32_t day_of(int64_t time)
{
    return (uint32_t)((time + JST_S) / DAY_S);
}

uint32_t month_first_day(int month)
{
    return SEASON_FIRST_DAY + month_offsets[month];
}

static int month_of(int64_t time)
{
    int month = 0;
    while (month + 1 < MONTHS && day_of(time) >= month_first_day(month + 1))
        month++;
    return month;
}

uint32_t week_first_day(int week)
{
    return SEASON_FIRST_DAY + WEEK_DAYS + WEEK_DAYS * (uint32_t)week;
}

struct tally model_total(const struct model *model)
{
    struct tally total = {0};
    for (int i = 0; i < MUNICIPALITIES; i++) {
        const struct tally *at = &model->municipalities[i];
        total.accounts += at->accounts;
        total.took_part += at->took_part;
        total.awards += at->awards;
        total.issued += at->issued;
        total.balances += at->balances;
        total.held += at->held;
        total.donated += at->donated;
        total.converted += at->converted;
    }
    return total;
}

struct donations model_donations(const struct model *model, int month, uint32_t municipality)
{
    struct donations sum = {0};
    for (int purpose = 1; purpose <= PURPOSES; purpose++) {
        sum.count += model->donations[month][municipality][purpose].count;
        sum.points += model->donations[month][municipality][purpose].points;
    }
    return sum;
}

// The outcome of a transaction that names an open account: it touches it, applied or refused.
static struct expected touch(struct resident *resident, outcome_code code, uint64_t points, uint64_t sequence)
{
    struct expected expected = {code, code == OUTCOME(APPLIED) ? points : 0, resident->last_sequence};
    resident->last_sequence = (uint32_t)sequence;
    return expected;
}

static struct expected unknown(void)
{
    return (struct expected){.code = OUTCOME(ACCOUNT_UNKNOWN)};
}

struct expected model_open(struct model *model, struct resident *resident, uint64_t sequence)
{
    if (resident->last_sequence)
        return touch(resident, OUTCOME(ACCOUNT_EXISTS), 0, sequence);
    model->municipalities[resident->home].accounts++;
    return touch(resident, OUTCOME(APPLIED), 0, sequence);
}

struct expected model_move(struct model *model, struct resident *resident, uint8_t to, uint64_t sequence)
{
    if (!resident->last_sequence)
        return unknown();
    struct tally *old = &model->municipalities[resident->home], *new = &model->municipalities[to];
    old->accounts--;
    old->balances -= resident->balance;
    old->held -= resident->held;
    new->accounts++;
    new->balances += resident->balance;
    new->held += resident->held;
    resident->old_home = resident->home;
    resident->home = to;
    return touch(resident, OUTCOME(APPLIED), 0, sequence);
}

// ---- awards

static outcome_code judge_award(
    const struct model *model, const struct resident *resident, int64_t occurred_at, uint64_t issued)
{
    uint32_t day = day_of(occurred_at);
    int week = ((int)day - (int)week_first_day(0)) / WEEK_DAYS;
    if (occurred_at > model->now + FUTURE_MAX_S)
        return OUTCOME(IN_FUTURE);
    if (!resident->last_sequence)
        return OUTCOME(ACCOUNT_UNKNOWN);
    if (day < QUEST_FIRST_DAY || day > QUEST_LAST_DAY)
        return OUTCOME(QUEST_CLOSED);
    if (model->now > day_begin(week_first_day(week + 1)) + QUEST_GRACE_S)
        return OUTCOME(TOO_LATE);
    if (resident->weeks >> week & 1)
        return OUTCOME(ALREADY_AWARDED);
    if ((__builtin_popcount(resident->weeks) + 1) * QUEST_POINTS > QUEST_CAP_POINTS)
        return OUTCOME(CAP_REACHED);
    if (issued + QUEST_POINTS > model->budget)
        return OUTCOME(BUDGET_EXHAUSTED);
    return OUTCOME(APPLIED);
}

static void apply_award(struct model *model, struct resident *resident, int64_t occurred_at)
{
    uint32_t week = (day_of(occurred_at) - week_first_day(0)) / WEEK_DAYS;
    struct tally *home = &model->municipalities[resident->home];
    home->took_part += resident->weeks == 0;
    home->awards++;
    home->issued += QUEST_POINTS;
    home->balances += QUEST_POINTS;
    model->awards[week][resident->home]++;
    resident->weeks |= (uint16_t)(1u << week);
    resident->balance += QUEST_POINTS;
}

struct expected model_award(struct model *model, struct resident *resident, int64_t occurred_at, uint64_t sequence)
{
    uint64_t issued = 0;
    for (int i = 0; i < MUNICIPALITIES; i++)
        issued += model->municipalities[i].issued;
    outcome_code code = judge_award(model, resident, occurred_at, issued);
    if (!resident->last_sequence)
        return (struct expected){.code = code};
    if (code == OUTCOME(APPLIED))
        apply_award(model, resident, occurred_at);
    if (code == OUTCOME(BUDGET_EXHAUSTED) && !model->exhausted_on)
        model->exhausted_on = day_of(model->now);
    return touch(resident, code, QUEST_POINTS, sequence);
}

// ---- spending

static bool purpose_closed(const struct model *model, uint32_t purpose)
{
    uint32_t day = day_of(model->now);
    return purpose == PURPOSE_OF_DECEMBER && (day < month_first_day(1) || day >= month_first_day(2));
}

static outcome_code judge_donation(
    const struct model *model, const struct resident *resident, uint8_t to, uint32_t purpose, uint64_t points)
{
    if (purpose_closed(model, purpose))
        return OUTCOME(PURPOSE_CLOSED);
    if (to != resident->home)
        return OUTCOME(NOT_HOME_MUNICIPALITY);
    if (points == 0)
        return OUTCOME(AMOUNT_INVALID);
    return points > resident->balance ? OUTCOME(BALANCE_INSUFFICIENT) : OUTCOME(APPLIED);
}

struct expected model_donate(
    struct model *model, struct resident *resident, uint8_t to, uint32_t purpose, uint64_t points, uint64_t sequence)
{
    if (!resident->last_sequence)
        return unknown();
    outcome_code code = judge_donation(model, resident, to, purpose, points);
    if (code == OUTCOME(APPLIED)) {
        struct donations *row = &model->donations[month_of(model->now)][to][purpose];
        row->count++;
        row->points += points;
        model->municipalities[to].donated += points;
        model->municipalities[to].balances -= points;
        resident->balance -= (uint32_t)points;
    }
    return touch(resident, code, points, sequence);
}

static outcome_code judge_request(const struct model *model, const struct resident *resident, uint64_t points)
{
    if (model->now < day_begin(CONVERSION_FIRST_DAY))
        return OUTCOME(CONVERSION_CLOSED);
    if (points == 0 || points % CONVERSION_UNIT)
        return OUTCOME(AMOUNT_INVALID);
    return points > resident->balance ? OUTCOME(BALANCE_INSUFFICIENT) : OUTCOME(APPLIED);
}

struct expected model_request(struct model *model, struct resident *resident, uint64_t points, uint64_t sequence)
{
    if (!resident->last_sequence)
        return unknown();
    outcome_code code = judge_request(model, resident, points);
    if (code == OUTCOME(APPLIED)) {
        model->municipalities[resident->home].balances -= points;
        model->municipalities[resident->home].held += points;
        resident->balance -= (uint32_t)points;
        resident->held += (uint32_t)points;
        model->pending++;
    }
    return touch(resident, code, points, sequence);
}

struct expected model_answer(
    struct model *model, struct resident *resident, uint32_t points, bool settled, uint64_t sequence)
{
    struct tally *home = &model->municipalities[resident->home];
    model->pending--;
    home->held -= points;
    resident->held -= points;
    if (settled) {
        home->converted += points;
    } else {
        home->balances += points;
        resident->balance += points;
    }
    return touch(resident, OUTCOME(APPLIED), points, sequence);
}
