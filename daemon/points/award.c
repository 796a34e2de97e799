#include "points/award.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/period.h"
#include "points/rules.h"
#include "points/state.h"

#include <string.h>

// ---- when and by whom

bool award_not_in_future(struct turn *turn)
{
    const struct points_state *state = turn->state;
    return turn->transaction->award->occurred_at <= turn->time + (int64_t)state->policies[POLICY(FUTURE_MAX_S)];
}

bool award_quest_open(struct turn *turn)
{
    int64_t day = calendar_day(turn->transaction->award->occurred_at);
    turn->day = (uint32_t)day;
    return day >= turn->quest->definition->first_day && day <= turn->quest->definition->last_day;
}

bool award_in_time(struct turn *turn)
{
    const Points__V1__DefineQuest *definition = turn->quest->definition;
    turn->period = period_of(definition, turn->day);
    return turn->time <= period_end(definition, turn->period) + (int64_t)definition->grace_s;
}

bool award_eligible(struct turn *turn)
{
    const Points__V1__DefineQuest *definition = turn->quest->definition;
    uint32_t home = state_municipality_code(turn->state, turn->account->municipality);
    for (size_t i = 0; i < definition->n_municipalities; i++)
        if (definition->municipalities[i] == home)
            return true;
    return definition->n_municipalities == 0;
}

// ---- receipts

bool award_receipt_fits(struct turn *turn)
{
    const Points__V1__ReceiptTerms *terms = turn->quest->definition->receipt;
    const Points__V1__Receipt *receipt = turn->transaction->award->receipt;
    if (!terms || !receipt)
        return !terms && !receipt;
    return receipt->amount_yen >= terms->steps[0]->amount_yen && receipt->amount_yen <= RECEIPT_YEN_MAX;
}

bool award_shop_known(struct turn *turn)
{
    const Points__V1__Receipt *receipt = turn->transaction->award->receipt;
    if (!receipt)
        return true;
    turn->shop = shop_get(turn->state->shops, receipt->shop);
    return turn->shop && turn->shop->definition->municipality == receipt->municipality;
}

bool award_shop_open(struct turn *turn)
{
    return !turn->shop || !turn->shop->closed || turn->day <= turn->shop->last_day;
}

bool award_evidence_new(struct turn *turn)
{
    const Points__V1__Receipt *receipt = turn->transaction->award->receipt;
    return !receipt || !evidence_used(&turn->state->evidence, receipt->digest.data);
}

// ---- how often and how many

bool award_not_yet(struct turn *turn)
{
    uint32_t times = turn->quest->definition->times;
    turn->progress = progress_get(&turn->state->quests.progresses, turn->account, turn->quest->number);
    return !turn->progress || progress_awards(turn->progress, turn->period, times) < (times ? times : 1);
}

bool award_place_left(struct turn *turn)
{
    uint64_t most = turn->quest->definition->residents_max;
    return most == 0 || turn->progress || turn->quest->residents < most;
}

// ---- how much

static uint64_t step_points(const Points__V1__ReceiptTerms *terms, uint64_t amount_yen)
{
    size_t i = terms->n_steps;
    while (i > 1 && terms->steps[i - 1]->amount_yen > amount_yen)
        i--;
    return terms->steps[i - 1]->points;
}

// Whether this receipt brings the resident to as many municipalities as the bonus asks for.
static bool earns_bonus(const struct turn *turn)
{
    const Points__V1__ReceiptTerms *terms = turn->quest->definition->receipt;
    if (!terms->bonus_municipalities || (turn->progress && turn->progress->had_bonus))
        return false;
    unsigned visited =
        circulation_visited(&turn->state->circulation, turn->account, turn->quest->number, turn->shop->municipality);
    return visited >= terms->bonus_municipalities;
}

static void find_points(struct turn *turn)
{
    const Points__V1__DefineQuest *definition = turn->quest->definition;
    turn->points = definition->points;
    if (!definition->receipt)
        return;
    turn->points = step_points(definition->receipt, turn->transaction->award->receipt->amount_yen);
    turn->bonus = earns_bonus(turn);
    if (turn->bonus)
        turn->points += definition->receipt->bonus_points;
}

// A cap that was changed to less than was had before leaves nothing.
static bool under_cap(uint64_t cap, const struct progress *progress, uint64_t points)
{
    uint64_t had = progress ? progress->points : 0;
    return cap == 0 || (had <= cap && points <= cap - had);
}

bool award_under_caps(struct turn *turn)
{
    const struct quests *quests = &turn->state->quests;
    uint32_t number = turn->quest->definition->campaign;
    find_points(turn);
    if (!under_cap(turn->quest->definition->cap_points, turn->progress, turn->points))
        return false;
    if (number == 0)
        return true;
    turn->campaign = campaign_get(quests, number);
    return under_cap(turn->campaign->definition->cap_points,
        progress_get(&quests->progresses, turn->account, number | PROGRESS_CAMPAIGN), turn->points);
}

static bool in_budget(const struct budget *budget, uint64_t points)
{
    return points <= budget->points - budget->issued_points;
}

bool award_in_budgets(struct turn *turn)
{
    return in_budget(&turn->quest->budget, turn->points) &&
           (!turn->campaign || in_budget(&turn->campaign->budget, turn->points));
}

uint64_t award_points(const struct turn *turn)
{
    return turn->points;
}

// ---- the effect

// Periods come nearly in order, so the search begins at the newest.
static struct quest_period *quest_period_of(struct quest *quest, uint32_t period, unsigned municipalities)
{
    size_t at = quest->period_count;
    while (at > 0 && quest->periods[at - 1].period > period)
        at--;
    if (at > 0 && quest->periods[at - 1].period == period)
        return &quest->periods[at - 1];
    quest->periods = memory_grow(quest->periods, quest->period_count, &quest->period_capacity, sizeof *quest->periods);
    memmove(&quest->periods[at + 1], &quest->periods[at], (quest->period_count - at) * sizeof *quest->periods);
    quest->period_count++;
    quest->periods[at] =
        (struct quest_period){period, memory_zeroed(municipalities, sizeof *quest->periods[at].municipalities)};
    return &quest->periods[at];
}

static void tally_award(struct tally *tally, bool first, uint64_t points)
{
    tally->residents += first;
    tally->awards++;
    tally->points += points;
}

static void count_for_quest(struct turn *turn, bool first)
{
    struct quest *quest = turn->quest;
    unsigned municipality = turn->account->municipality;
    struct quest_period *period = quest_period_of(quest, turn->period, state_municipality_count(turn->state));
    quest->residents += first;
    quest->budget.issued_points += turn->points;
    tally_award(&quest->municipalities[municipality], first, turn->points);
    tally_award(&period->municipalities[municipality], true, turn->points);
}

// A new part in the quest may have moved all parts, so the campaign's is looked up again.
static void count_for_campaign(struct turn *turn)
{
    struct progresses *progresses = &turn->state->quests.progresses;
    uint32_t key = turn->campaign->number | PROGRESS_CAMPAIGN;
    struct progress *progress = progress_get(progresses, turn->account, key);
    turn->campaign->residents += progress == NULL;
    if (!progress)
        progress = progress_new(progresses, turn->account, key, 0);
    turn->campaign->budget.issued_points += turn->points;
    progress_add(progress, 0, 0, turn->points);
}

static void count_receipt(struct turn *turn)
{
    const Points__V1__Receipt *receipt = turn->transaction->award->receipt;
    evidence_use(&turn->state->evidence, receipt->digest.data);
    circulation_add(&turn->state->circulation, turn->account,
        &(struct purchase){.quest = turn->quest->number,
            .month = calendar_month(turn->day),
            .place = turn->shop->municipality,
            .amount_yen = receipt->amount_yen,
            .points = turn->points},
        state_municipality_count(turn->state));
}

uint64_t award_apply(struct turn *turn)
{
    bool first = turn->progress == NULL;
    if (first)
        turn->progress =
            progress_new(&turn->state->quests.progresses, turn->account, turn->quest->number, turn->period);
    progress_add(turn->progress, turn->period, turn->quest->definition->times, turn->points);
    turn->progress->had_bonus |= turn->bonus;
    count_for_quest(turn, first);
    if (turn->campaign)
        count_for_campaign(turn);
    if (turn->shop)
        count_receipt(turn);
    books_move(&turn->state->books, turn->account, BOOK_ISSUED, BOOK_BALANCES, turn->points);
    uint32_t last_day = expiry_last_day(turn->quest->definition, state_today(turn->state));
    lots_add(&turn->state->lots, turn->account, (struct lot_part){last_day, turn->points});
    return turn->points;
}
