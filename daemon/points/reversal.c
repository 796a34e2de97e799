#include "points/reversal.h"
#include "points/archive.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/period.h"
#include "points/rules.h"
#include "points/state.h"
#include "proto/entry.h"

#include <stdlib.h>

struct reversed {
    uint64_t sequence;
    UT_hash_handle hh;
};

bool reversal_target_known(struct turn *turn)
{
    return turn->inputs->target != NULL;
}

bool reversal_is_first(struct turn *turn)
{
    struct reversed *reversed;
    uint64_t sequence = turn->inputs->target_sequence;
    HASH_FIND(hh, turn->state->reversals.all, &sequence, sizeof sequence, reversed);
    return !reversed;
}

// ---- whether

static struct account *account_of_target(const struct turn *turn)
{
    const ProtobufCBinaryData *account = entry_account(turn->inputs->target->transaction);
    return account_get_merged(&turn->state->accounts, account->data);
}

static bool donation_possible(struct turn *turn)
{
    turn->donation = donation_reversible(&turn->state->donations, turn->inputs->target_sequence, turn_today(turn));
    return turn->donation != NULL;
}

bool reversal_possible(struct turn *turn)
{
    const struct points_decided *target = turn->inputs->target;
    transaction_type type = target->transaction->body_case;
    bool kind = type == TRANSACTION(AWARD) || (type == TRANSACTION(DONATE) && donation_possible(turn)) ||
                (type == TRANSACTION(REQUEST_CONVERSION) && conversion_pending(turn));
    return target->outcome.code == OUTCOME(APPLIED) && kind && account_is_open(account_of_target(turn));
}

// ---- how many

// Of an award, what is left; the rest was spent already.
static uint64_t award_left(const struct turn *turn)
{
    const struct account *account = account_of_target(turn);
    uint64_t awarded = turn->inputs->target->outcome.points;
    uint64_t left = account->balance_points - lots_expired(&turn->state->lots, account, turn_today(turn));
    return awarded < left ? awarded : left;
}

uint64_t reversal_points(const struct turn *turn)
{
    if (turn->conversion)
        return turn->conversion->points;
    return turn->donation ? turn->donation->points : award_left(turn);
}

// ---- how

static void give_back(struct budget *budget, struct progress *progress, uint64_t points)
{
    budget->issued_points -= points;
    progress->points -= points;
}

static void give_back_to_campaign(const struct turn *turn, uint64_t points)
{
    uint32_t number = turn->quest->definition->campaign;
    struct quests *quests = &turn->state->quests;
    if (number != 0)
        give_back(&campaign_get(quests, number)->budget,
            progress_get(&quests->progresses, turn->account, number | PROGRESS_CAMPAIGN), points);
}

static uint64_t reverse_award(struct turn *turn)
{
    struct points_state *state = turn->state;
    const struct points_decided *target = turn->inputs->target;
    uint64_t points = award_left(turn);
    turn->quest = quest_get(&state->quests, target->transaction->award->quest);
    turn->quest->reversed_points += points;
    turn->quest->shortfall_points += target->outcome.points - points;
    give_back(
        &turn->quest->budget, progress_get(&state->quests.progresses, turn->account, turn->quest->number), points);
    give_back_to_campaign(turn, points);
    uint32_t award_day = (uint32_t)calendar_day(target->time);
    lots_take_from(&state->lots, turn->account, expiry_last_day(turn->quest->definition, award_day), points);
    books_move(&state->books, turn->account, BOOK_BALANCES, BOOK_REVERSED, points);
    return points;
}

static uint64_t reverse_donation(struct turn *turn)
{
    struct points_state *state = turn->state;
    uint64_t points = turn->donation->points;
    books_undo_donation(&state->books, turn->account, turn->donation->series->donee.municipality, points);
    state_refund(state, turn->account, &turn->donation->parts);
    donation_reverse(&state->donations, turn->donation, state_today(state));
    return points;
}

static void remember(struct reversals *reversals, uint64_t sequence)
{
    struct reversed *reversed = memory_zeroed(1, sizeof *reversed);
    reversed->sequence = sequence;
    HASH_ADD(hh, reversals->all, sequence, sizeof reversed->sequence, reversed);
}

uint64_t reversal_apply(struct turn *turn)
{
    remember(&turn->state->reversals, turn->inputs->target_sequence);
    if (turn->conversion)
        return conversion_apply_refuse(turn);
    turn_touch(turn, account_of_target(turn));
    return turn->donation ? reverse_donation(turn) : reverse_award(turn);
}

void reversals_free(struct reversals *reversals)
{
    struct reversed *reversed, *next;
    HASH_ITER(hh, reversals->all, reversed, next)
    {
        HASH_DELETE(hh, reversals->all, reversed);
        free(reversed);
    }
}

static void reversed_archive(struct archive *archive, struct reversed *reversed)
{
    ARCHIVE(archive, reversed->sequence);
}

void reversals_archive(struct archive *archive, struct reversals *reversals)
{
    ARCHIVE_HASH(archive, reversals->all, sequence, reversed_archive);
}
