// Defining and changing quests and campaigns, and their budgets.
#include "points/quest.h"
#include "points/archive.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/period.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdlib.h>

struct quest *quest_get(const struct quests *quests, uint32_t number)
{
    struct quest *quest;
    HASH_FIND(hh, quests->all, &number, sizeof number, quest);
    return quest;
}

struct campaign *campaign_get(const struct quests *quests, uint32_t number)
{
    struct campaign *campaign;
    HASH_FIND(hh, quests->campaigns, &number, sizeof number, campaign);
    return campaign;
}

// NULL: a ChangeQuest without a definition cannot come, canonical form asks for one.
static const Points__V1__DefineQuest *definition_in(const struct turn *turn)
{
    return turn->transaction->body_case == TRANSACTION(DEFINE_QUEST) ? turn->transaction->define_quest
                                                                     : turn->transaction->change_quest->definition;
}

// ---- definitions

bool quest_new(struct turn *turn)
{
    return !quest_get(&turn->state->quests, turn->transaction->define_quest->quest);
}

bool quest_known(struct turn *turn)
{
    uint32_t number = turn->transaction->body_case == TRANSACTION(AWARD) ? turn->transaction->award->quest
                                                                         : definition_in(turn)->quest;
    turn->quest = quest_get(&turn->state->quests, number);
    return turn->quest != NULL;
}

bool quest_campaign_known(struct turn *turn)
{
    uint32_t campaign = definition_in(turn)->campaign;
    return campaign == 0 || campaign_get(&turn->state->quests, campaign);
}

bool quest_municipalities_known(struct turn *turn)
{
    const Points__V1__DefineQuest *quest = definition_in(turn);
    for (size_t i = 0; i < quest->n_municipalities; i++)
        if (state_municipality(turn->state, quest->municipalities[i]) < 0)
            return false;
    return true;
}

static bool municipalities_ascend(const Points__V1__DefineQuest *quest)
{
    for (size_t i = 1; i < quest->n_municipalities; i++)
        if (quest->municipalities[i - 1] >= quest->municipalities[i])
            return false;
    return true;
}

static bool points_valid(uint64_t points)
{
    return points >= 1 && points <= QUEST_POINTS_MAX;
}

static bool step_valid(const Points__V1__ReceiptTerms *terms, size_t i)
{
    const Points__V1__ReceiptStep *step = terms->steps[i];
    return step->amount_yen >= 1 && step->amount_yen <= RECEIPT_YEN_MAX && points_valid(step->points) &&
           (i == 0 || terms->steps[i - 1]->amount_yen < step->amount_yen);
}

static bool receipt_terms_valid(const Points__V1__ReceiptTerms *terms, unsigned municipalities)
{
    for (size_t i = 0; i < terms->n_steps; i++)
        if (!step_valid(terms, i))
            return false;
    if (terms->bonus_municipalities == 0)
        return terms->n_steps > 0 && terms->bonus_points == 0;
    return terms->n_steps > 0 && points_valid(terms->bonus_points) && terms->bonus_municipalities <= municipalities;
}

// Of one award; of a receipt quest, of its first step.
static uint64_t least_points(const Points__V1__DefineQuest *quest)
{
    return quest->receipt ? quest->receipt->steps[0]->points : quest->points;
}

static bool earnings_valid(const Points__V1__DefineQuest *quest, unsigned municipalities)
{
    bool valid = quest->receipt ? quest->points == 0 && receipt_terms_valid(quest->receipt, municipalities)
                                : points_valid(quest->points);
    return valid && (quest->cap_points == 0 || quest->cap_points >= least_points(quest));
}

static bool days_valid(const Points__V1__DefineQuest *quest)
{
    int64_t periods = quest->times ? PROGRESS_COUNTED_PERIODS : PROGRESS_SINGLE_PERIODS;
    return quest->first_day <= quest->last_day && quest->last_day <= CALENDAR_DAY_MAX &&
           quest->grace_s <= periods * period_shortest_s(quest->period);
}

static bool definition_valid(const Points__V1__DefineQuest *quest, unsigned municipalities)
{
    return quest->quest >= 1 && quest->quest <= QUEST_NUMBER_MAX && quest->period != PERIOD(PERIOD_NONE) &&
           quest->times != 1 && quest->times <= QUEST_TIMES_MAX && municipalities_ascend(quest) && days_valid(quest) &&
           expiry_valid(quest) && earnings_valid(quest, municipalities);
}

bool quest_valid(struct turn *turn)
{
    return definition_valid(definition_in(turn), state_municipality_count(turn->state));
}

// What progress was counted by stays.
bool quest_change_valid(struct turn *turn)
{
    const Points__V1__DefineQuest *old = turn->quest->definition, *new = definition_in(turn);
    return quest_valid(turn) && old->period == new->period && old->times == new->times &&
           old->campaign == new->campaign && old->first_day == new->first_day && !old->receipt == !new->receipt;
}

static Points__V1__DefineQuest *copy_of(const Points__V1__DefineQuest *definition)
{
    return (Points__V1__DefineQuest *)memory_message(&definition->base);
}

uint64_t quest_apply_define(struct turn *turn)
{
    struct quest *quest = memory_zeroed(1, sizeof *quest);
    quest->definition = copy_of(turn->transaction->define_quest);
    quest->number = quest->definition->quest;
    quest->municipalities = memory_zeroed(state_municipality_count(turn->state), sizeof *quest->municipalities);
    HASH_ADD(hh, turn->state->quests.all, number, sizeof quest->number, quest);
    return 0;
}

uint64_t quest_apply_change(struct turn *turn)
{
    Points__V1__DefineQuest *old = turn->quest->definition;
    turn->quest->definition = copy_of(definition_in(turn));
    points__v1__define_quest__free_unpacked(old, NULL);
    return 0;
}

bool campaign_new(struct turn *turn)
{
    return !campaign_get(&turn->state->quests, turn->transaction->define_campaign->campaign);
}

bool campaign_valid(struct turn *turn)
{
    uint32_t number = turn->transaction->define_campaign->campaign;
    return number >= 1 && number <= QUEST_NUMBER_MAX;
}

uint64_t campaign_apply_define(struct turn *turn)
{
    struct campaign *campaign = memory_zeroed(1, sizeof *campaign);
    campaign->definition = (Points__V1__DefineCampaign *)memory_message(&turn->transaction->define_campaign->base);
    campaign->number = campaign->definition->campaign;
    HASH_ADD(hh, turn->state->quests.campaigns, number, sizeof campaign->number, campaign);
    return 0;
}

// ---- budgets

bool budget_campaign_known(struct turn *turn)
{
    uint32_t number = turn->transaction->set_budget->campaign;
    turn->campaign = campaign_get(&turn->state->quests, number);
    return number == 0 || turn->campaign;
}

bool budget_quest_known(struct turn *turn)
{
    turn->quest = quest_get(&turn->state->quests, turn->transaction->set_budget->quest);
    return turn->campaign || turn->quest;
}

static struct budget *budget_in(const struct turn *turn)
{
    return turn->campaign ? &turn->campaign->budget : &turn->quest->budget;
}

static uint64_t *budgets_in(const struct turn *turn)
{
    struct quests *quests = &turn->state->quests;
    return turn->campaign ? &quests->campaign_budgets_points : &quests->budgets_points;
}

bool budget_covers_issued(struct turn *turn)
{
    return turn->transaction->set_budget->points >= budget_in(turn)->issued_points;
}

bool budget_fits(struct turn *turn)
{
    uint64_t others = *budgets_in(turn) - budget_in(turn)->points;
    return turn->transaction->set_budget->points <= QUEST_BUDGETS_MAX - others;
}

uint64_t budget_apply(struct turn *turn)
{
    uint64_t points = turn->transaction->set_budget->points;
    *budgets_in(turn) += points - budget_in(turn)->points;
    budget_in(turn)->points = points;
    return 0;
}

// ---- the end of an account, and of all

static uint32_t times_of(const struct quests *quests, uint32_t key)
{
    return key & PROGRESS_CAMPAIGN ? 0 : quest_get(quests, key)->definition->times;
}

// Each part of `from` is joined to the one that `to` has in the same quest, or becomes its.
void quests_merge(struct quests *quests, struct account *from, struct account *to)
{
    struct progress *all = quests->progresses.all;
    for (uint32_t at = from->progress, next; at; at = next) {
        struct progress *part = &all[at - 1];
        struct progress *joined = progress_get(&quests->progresses, to, part->key);
        next = part->next;
        if (joined) {
            progress_join(joined, part, times_of(quests, part->key));
            continue;
        }
        part->next = to->progress;
        to->progress = at;
    }
    from->progress = 0;
}

static void quest_free(struct quest *quest)
{
    for (size_t i = 0; i < quest->period_count; i++)
        free(quest->periods[i].municipalities);
    memory_free(quest->periods, quest->period_capacity, sizeof *quest->periods);
    free(quest->municipalities);
    points__v1__define_quest__free_unpacked(quest->definition, NULL);
    free(quest);
}

void quests_free(struct quests *quests)
{
    struct quest *quest, *next;
    HASH_ITER(hh, quests->all, quest, next)
    {
        HASH_DELETE(hh, quests->all, quest);
        quest_free(quest);
    }
    struct campaign *campaign, *next_campaign;
    HASH_ITER(hh, quests->campaigns, campaign, next_campaign)
    {
        HASH_DELETE(hh, quests->campaigns, campaign);
        points__v1__define_campaign__free_unpacked(campaign->definition, NULL);
        free(campaign);
    }
    memory_free(quests->progresses.all, quests->progresses.capacity, sizeof *quests->progresses.all);
}

// ---- as bytes

static void quest_archive(struct archive *archive, struct quest *quest, unsigned municipalities)
{
    ARCHIVE(archive, quest->number);
    archive_message(archive, &points__v1__define_quest__descriptor, &quest->definition);
    ARCHIVE(archive, quest->budget);
    ARCHIVE(archive, quest->residents);
    ARCHIVE(archive, quest->reversed_points);
    ARCHIVE(archive, quest->shortfall_points);
    archive_fixed(archive, &quest->municipalities, municipalities, sizeof *quest->municipalities);
    archive_room(archive, &quest->periods, &quest->period_count, &quest->period_capacity, sizeof *quest->periods);
    for (size_t i = 0; i < quest->period_count; i++) {
        struct quest_period *period = &quest->periods[i];
        ARCHIVE(archive, period->period);
        archive_fixed(archive, &period->municipalities, municipalities, sizeof *period->municipalities);
    }
}

static void campaign_archive(struct archive *archive, struct campaign *campaign)
{
    ARCHIVE(archive, campaign->number);
    archive_message(archive, &points__v1__define_campaign__descriptor, &campaign->definition);
    ARCHIVE(archive, campaign->budget);
    ARCHIVE(archive, campaign->residents);
}

void quests_archive(struct archive *archive, struct quests *quests, unsigned municipalities)
{
    ARCHIVE_HASH(archive, quests->campaigns, number, campaign_archive);
    ARCHIVE_HASH(archive, quests->all, number, quest_archive, municipalities);
    ARCHIVE(archive, quests->budgets_points);
    ARCHIVE(archive, quests->campaign_budgets_points);
    progresses_archive(archive, &quests->progresses);
}
