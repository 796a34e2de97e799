#include "points/quest.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <string.h>

enum { PROGRESS_PERIODS = 64 };

static struct quest *quest_get(const struct quests *quests, uint32_t number)
{
    struct quest *quest;
    HASH_FIND(hh, quests->all, &number, sizeof number, quest);
    return quest;
}

bool quest_not_in_future(struct turn *turn)
{
    const struct points_state *state = turn->state;
    return turn->transaction->award->occurred_at <= state->time + (int64_t)state->policies[POLICY(FUTURE_MAX_S)];
}

bool quest_known(struct turn *turn)
{
    const Points__V1__Transaction *transaction = turn->transaction;
    uint32_t number =
        transaction->body_case == TRANSACTION(AWARD) ? transaction->award->quest : transaction->set_budget->quest;
    turn->quest = quest_get(&turn->state->quests, number);
    return turn->quest != NULL;
}

bool quest_open(struct turn *turn)
{
    int64_t day = calendar_day(turn->transaction->award->occurred_at);
    return day >= turn->quest->definition.first_day && day <= turn->quest->definition.last_day;
}

bool quest_in_time(struct turn *turn)
{
    turn->period = calendar_week((uint32_t)calendar_day(turn->transaction->award->occurred_at));
    return turn->state->time <= calendar_week_end(turn->period) + (int64_t)turn->quest->definition.grace_s;
}

static struct progress *progress_get(const struct quests *quests, const struct account *account, uint32_t quest)
{
    for (uint32_t at = account->progress; at; at = quests->progress[at - 1].next)
        if (quests->progress[at - 1].quest == quest)
            return &quests->progress[at - 1];
    return NULL;
}

bool quest_not_awarded(struct turn *turn)
{
    turn->progress = progress_get(&turn->state->quests, turn->account, turn->quest->definition.quest);
    if (!turn->progress || turn->period > turn->progress->newest_period)
        return true;
    uint32_t back = turn->progress->newest_period - turn->period;
    return back < PROGRESS_PERIODS && !(turn->progress->periods >> back & 1);
}

bool quest_under_cap(struct turn *turn)
{
    const Points__V1__DefineQuest *definition = &turn->quest->definition;
    uint64_t had = turn->progress ? turn->progress->points : 0;
    return definition->cap_points == 0 || definition->points <= definition->cap_points - had;
}

bool quest_in_budget(struct turn *turn)
{
    return turn->quest->definition.points <= turn->quest->budget_points - turn->quest->issued_points;
}

static struct progress *progress_new(struct quests *quests, struct account *account, uint32_t quest, uint32_t period)
{
    quests->progress =
        memory_grow(quests->progress, quests->progress_count, &quests->progress_capacity, sizeof *quests->progress);
    struct progress *progress = &quests->progress[quests->progress_count++];
    *progress = (struct progress){.next = account->progress, .quest = quest, .newest_period = period};
    account->progress = (uint32_t)quests->progress_count;
    return progress;
}

static void progress_mark(struct progress *progress, uint32_t period)
{
    if (period > progress->newest_period) {
        uint32_t ahead = period - progress->newest_period;
        progress->periods = ahead < PROGRESS_PERIODS ? progress->periods << ahead : 0;
        progress->newest_period = period;
    }
    progress->periods |= UINT64_C(1) << (progress->newest_period - period);
}

// Periods come nearly in order, so the search begins at the newest.
static struct quest_period *period_of(struct quest *quest, uint32_t period, unsigned municipalities)
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

uint64_t quest_apply_award(struct turn *turn)
{
    struct points_state *state = turn->state;
    struct quest *quest = turn->quest;
    uint64_t points = quest->definition.points;
    bool first = turn->progress == NULL;
    if (first)
        turn->progress = progress_new(&state->quests, turn->account, quest->definition.quest, turn->period);
    progress_mark(turn->progress, turn->period);
    turn->progress->awards++;
    turn->progress->points += points;
    quest->issued_points += points;
    unsigned municipality = turn->account->municipality;
    struct quest_period *period = period_of(quest, turn->period, state_municipality_count(state));
    tally_award(&quest->municipalities[municipality], first, points);
    tally_award(&period->municipalities[municipality], true, points);
    books_move(&state->books, turn->account, BOOK_ISSUED, BOOK_BALANCES, points);
    return points;
}

bool quest_new(struct turn *turn)
{
    return !quest_get(&turn->state->quests, turn->transaction->define_quest->quest);
}

bool quest_valid(struct turn *turn)
{
    const Points__V1__DefineQuest *quest = turn->transaction->define_quest;
    return quest->quest != 0 && quest->period == PERIOD(WEEKLY) && quest->points >= 1 &&
           quest->points <= QUEST_POINTS_MAX && (quest->cap_points == 0 || quest->cap_points >= quest->points) &&
           quest->first_day <= quest->last_day && quest->last_day <= CALENDAR_DAY_MAX &&
           quest->grace_s <= QUEST_GRACE_MAX_S;
}

uint64_t quest_apply_define(struct turn *turn)
{
    struct quest *quest = memory_zeroed(1, sizeof *quest);
    quest->definition = *turn->transaction->define_quest;
    quest->definition.name = memory_text(quest->definition.name);
    quest->municipalities = memory_zeroed(state_municipality_count(turn->state), sizeof *quest->municipalities);
    HASH_ADD(hh, turn->state->quests.all, definition.quest, sizeof quest->definition.quest, quest);
    return 0;
}

bool quest_budget_covers_issued(struct turn *turn)
{
    return turn->transaction->set_budget->points >= turn->quest->issued_points;
}

bool quest_budget_fits(struct turn *turn)
{
    uint64_t others = turn->state->quests.budgets_points - turn->quest->budget_points;
    return turn->transaction->set_budget->points <= QUEST_BUDGETS_MAX - others;
}

uint64_t quest_apply_budget(struct turn *turn)
{
    uint64_t points = turn->transaction->set_budget->points;
    turn->state->quests.budgets_points += points - turn->quest->budget_points;
    turn->quest->budget_points = points;
    return 0;
}

void quests_free(struct quests *quests)
{
    struct quest *quest, *next;
    HASH_ITER(hh, quests->all, quest, next)
    {
        HASH_DELETE(hh, quests->all, quest);
        for (size_t i = 0; i < quest->period_count; i++)
            free(quest->periods[i].municipalities);
        free(quest->periods);
        free(quest->municipalities);
        free(quest->definition.name);
        free(quest);
    }
    free(quests->progress);
}
