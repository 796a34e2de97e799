// The campaign's expectations of awards: deeds of the SDGs quest, receipts, outings.
#include "tests/campaign/model_award.h"
#include "tests/campaign/model_lots.h"
#include "tests/campaign/model_parts.h"
#include "tests/campaign/model_set.h"

enum { RECEIPT_BITS = 4, RECEIPT_MOST = (1 << RECEIPT_BITS) - 1 };

// ---- how often a resident has been awarded

static uint32_t newest_day(const struct resident *resident)
{
    return SEASON_FIRST_DAY + (uint32_t)resident->receipts_day;
}

// Where the count of a day stands in resident->receipts, whose newest day is no earlier.
static unsigned receipts_shift(const struct resident *resident, uint32_t day)
{
    return RECEIPT_BITS * (newest_day(resident) - day);
}

static void receipts_until(struct resident *resident, uint32_t day)
{
    uint32_t newest = newest_day(resident);
    if (day <= newest)
        return;
    unsigned shift = RECEIPT_BITS * (day - newest);
    resident->receipts = shift < 16 ? (uint16_t)(resident->receipts << shift) : 0;
    resident->receipts_day = (uint8_t)(day - SEASON_FIRST_DAY);
}

static uint32_t receipts_on(const struct resident *resident, uint32_t day)
{
    if (day > newest_day(resident))
        return 0;
    unsigned shift = receipts_shift(resident, day);
    return shift < 16 ? resident->receipts >> shift & RECEIPT_MOST : 0;
}

void model_award_merge(struct resident *into, const struct resident *merged)
{
    struct resident from = *merged;
    receipts_until(into, newest_day(&from));
    receipts_until(&from, newest_day(into));
    into->receipts += from.receipts; // two accounts with two awards each fit into 4 bits
    into->weeks |= from.weeks;
    into->outings |= from.outings;
    into->visited |= from.visited;
    into->sdgs_points += from.sdgs_points;
    into->campaign_points += from.campaign_points;
}

static bool had_enough(const struct resident *resident, uint32_t quest, uint32_t day)
{
    if (quest == RECEIPTS)
        return receipts_on(resident, day) >= RECEIPTS_A_DAY;
    return (quest == SDGS ? resident->weeks : resident->outings) >> programme_period(quest, day) & 1;
}

static bool is_first(const struct resident *resident, uint32_t quest)
{
    return quest == SDGS ? !resident->weeks : quest == RECEIPTS ? !resident->visited : !resident->outings;
}

// ---- receipts

static outcome_code judge_receipt(const struct model *model, const struct award *award)
{
    const struct receipt *receipt = &award->receipt;
    const struct shop *shop = &programme_shops[receipt->shop];
    if (award->quest != RECEIPTS)
        return OUTCOME(APPLIED);
    if (receipt->amount_yen < programme_steps[0].amount_yen)
        return OUTCOME(RECEIPT_INVALID);
    if (shop->place != receipt->place)
        return OUTCOME(SHOP_UNKNOWN);
    if (shop->last_day && day_of(award->occurred_at) > shop->last_day)
        return OUTCOME(SHOP_CLOSED);
    return model_set_has(model->digests, receipt->number) ? OUTCOME(EVIDENCE_USED) : OUTCOME(APPLIED);
}

static bool earns_bonus(const struct resident *resident, const struct award *award)
{
    unsigned visited = resident->visited | 1u << award->receipt.place;
    return !(visited & VISITED_BONUS) && __builtin_popcount(visited) >= BONUS_MUNICIPALITIES;
}

static uint32_t points_of(const struct resident *resident, const struct award *award)
{
    if (award->quest != RECEIPTS)
        return programme_quests[award->quest].points;
    int step = RECEIPT_STEPS - 1;
    while (step > 0 && programme_steps[step].amount_yen > award->receipt.amount_yen)
        step--;
    return programme_steps[step].points + (earns_bonus(resident, award) ? BONUS_POINTS : 0);
}

// ---- the checks, in their order

static outcome_code judge_time(const struct model *model, const struct award *award)
{
    const struct quest *terms = &programme_quests[award->quest];
    uint32_t day = day_of(award->occurred_at);
    if (day < terms->first_day || day > terms->last_day)
        return OUTCOME(QUEST_CLOSED);
    uint32_t next = programme_period_first_day(award->quest, programme_period(award->quest, day) + 1);
    return model->now > day_begin(next) + terms->grace_s ? OUTCOME(TOO_LATE) : OUTCOME(APPLIED);
}

static outcome_code judge_points(
    const struct model *model, const struct resident *resident, uint32_t quest, uint32_t points)
{
    const struct quest *terms = &programme_quests[quest];
    const struct quest_tally *tally = &model->quests[quest];
    if (terms->cap_points && resident->sdgs_points + points > terms->cap_points)
        return OUTCOME(CAP_REACHED);
    if (terms->campaign && resident->campaign_points + points > CAMPAIGN_CAP_POINTS)
        return OUTCOME(CAP_REACHED);
    if (tally->issued + points > tally->budget)
        return OUTCOME(BUDGET_EXHAUSTED);
    bool over = terms->campaign && model->campaign.issued + points > model->campaign.budget;
    return over ? OUTCOME(BUDGET_EXHAUSTED) : OUTCOME(APPLIED);
}

static outcome_code judge(const struct model *model, const struct resident *resident, const struct award *award)
{
    if (award->occurred_at > model->now + FUTURE_MAX_S)
        return OUTCOME(IN_FUTURE);
    if (!resident->last_sequence)
        return OUTCOME(ACCOUNT_UNKNOWN);
    if (model_closed(resident))
        return OUTCOME(ACCOUNT_CLOSED);
    outcome_code code = judge_time(model, award);
    if (code == OUTCOME(APPLIED))
        code = judge_receipt(model, award);
    if (code != OUTCOME(APPLIED))
        return code;
    if (had_enough(resident, award->quest, day_of(award->occurred_at)))
        return OUTCOME(ALREADY_AWARDED);
    return judge_points(model, resident, award->quest, points_of(resident, award));
}

// ---- the effect

static void count_award(
    struct model *model, const struct resident *resident, const struct award *award, uint32_t points)
{
    struct quest_tally *tally = &model->quests[award->quest];
    struct quest_count *place = &tally->places[resident->home];
    uint32_t period = programme_period(award->quest, day_of(award->occurred_at));
    place->residents += is_first(resident, award->quest);
    place->awards++;
    place->points += points;
    tally->periods[period][resident->home].awards++;
    tally->periods[period][resident->home].points += points;
    tally->issued += points;
    model->months[model->month].awards[award->quest]++;
    model->months[model->month].issued += points;
    if (award->quest == SDGS)
        return;
    model->campaign.residents += is_first(resident, RECEIPTS) && is_first(resident, OUTINGS);
    model->campaign.issued += points;
}

// What a month, a home and a place are to one resident's visits.
static uint64_t visit_number(
    const struct model *model, const struct resident *resident, uint32_t month, uint32_t home, uint32_t place)
{
    return (((uint64_t)(resident - model->residents) * MONTHS + month) * MUNICIPALITIES + home) * MUNICIPALITIES +
           place;
}

static void count_receipt(struct model *model, struct resident *resident, const struct award *award, uint32_t points)
{
    const struct receipt *receipt = &award->receipt;
    uint32_t month = month_of(day_of(award->occurred_at));
    struct circulation_cell *cell = &model->circulation[month][resident->home][receipt->place];
    cell->receipts++;
    cell->amount_yen += receipt->amount_yen;
    cell->points += points;
    cell->residents +=
        model_set_add(model->visits, visit_number(model, resident, month, resident->home, receipt->place));
    model_set_add(model->digests, receipt->number);
}

void model_visits_merge(struct model *model, const struct resident *into, const struct resident *merged)
{
    for (uint32_t month = 0; merged->visited && month < MONTHS; month++)
        for (uint32_t home = 0; home < MUNICIPALITIES; home++)
            for (uint32_t place = 0; place < MUNICIPALITIES; place++)
                if (model_set_has(model->visits, visit_number(model, merged, month, home, place)))
                    model_set_add(model->visits, visit_number(model, into, month, home, place));
}

static void mark(struct resident *resident, const struct award *award, uint32_t points)
{
    uint32_t day = day_of(award->occurred_at), period = programme_period(award->quest, day);
    if (award->quest == SDGS) {
        resident->weeks |= (uint16_t)(1u << period);
        resident->sdgs_points += (uint16_t)points;
        return;
    }
    resident->campaign_points += (uint16_t)points;
    if (award->quest == OUTINGS) {
        resident->outings |= (uint8_t)(1u << period);
        return;
    }
    if (earns_bonus(resident, award))
        resident->visited |= VISITED_BONUS;
    resident->visited |= (uint16_t)(1u << award->receipt.place);
    receipts_until(resident, day);
    resident->receipts += (uint16_t)(1u << receipts_shift(resident, day));
}

static void apply(struct model *model, struct resident *resident, const struct award *award, uint32_t points)
{
    struct books *home = &model->books[resident->home];
    count_award(model, resident, award, points);
    if (award->quest == RECEIPTS)
        count_receipt(model, resident, award, points);
    mark(resident, award, points);
    home->issued += points;
    home->balances += points;
    resident->balance += points;
    lots_add(model, resident, programme_expiry(award->quest, model->today), points);
}

struct expected model_award(struct model *model, const struct award *award, uint64_t sequence)
{
    struct resident *resident = &model->residents[award->resident];
    outcome_code code = judge(model, resident, award);
    if (!resident->last_sequence)
        return model_refusal(code);
    struct expected expected = model_touch(model, resident, sequence);
    expected.code = code;
    if (code == OUTCOME(APPLIED)) {
        expected.points = points_of(resident, award);
        apply(model, resident, award, expected.points);
    }
    struct quest_tally *tally = &model->quests[award->quest];
    if (code == OUTCOME(BUDGET_EXHAUSTED) && !tally->exhausted_on)
        tally->exhausted_on = model->today;
    return expected;
}
