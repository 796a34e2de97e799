// What may be asked of the state. Replies live in the asker's arena.
#include "points/calendar.h"
#include "points/memory.h"
#include "points/period.h"
#include "points/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROGRESS_MAX = 200,
    LOTS_MAX = 200,
    PENDING_STANDARD = 500,
};

void *query_take(ProtobufCAllocator *allocator, size_t count, size_t size)
{
    void *memory = allocator->alloc(allocator->allocator_data, count * size + 1);
    if (!memory) {
        fputs("out of memory for an answer\n", stderr);
        abort();
    }
    return memory;
}

ProtobufCBinaryData query_bytes(ProtobufCAllocator *allocator, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = query_take(allocator, 1, size);
    memcpy(copy, bytes, size);
    return (ProtobufCBinaryData){size, copy};
}

bool points_may_see(const struct points_state *state, const struct points_asker *asker, uint32_t municipality)
{
    if (asker->role != ROLE(MUNICIPALITY) || state->policies[POLICY(TOTALS_SHARED)])
        return true;
    return municipality == asker->municipality;
}

bool query_may_show(
    const struct points_state *state, const struct points_asker *asker, uint32_t wanted, uint32_t municipality)
{
    return (wanted == 0 || wanted == municipality) && points_may_see(state, asker, municipality);
}

// ---- an account

static Points__V1__QuestProgress *progress_shown(
    const struct points_state *state, const struct progress *progress, ProtobufCAllocator *allocator)
{
    Points__V1__QuestProgress *shown = MESSAGE(allocator, Points__V1__QuestProgress, POINTS__V1__QUEST_PROGRESS__INIT);
    const struct quest *quest = quest_get(&state->quests, progress->key);
    int64_t first_day = period_first_day(quest->definition, progress->newest_period);
    shown->quest = progress->key;
    shown->awards = progress->awards;
    shown->points = progress->points;
    shown->last_period_day = first_day > 0 ? (uint32_t)first_day : 0;
    return shown;
}

static void add_lots(const struct points_state *state, const struct account *account, Points__V1__AccountReply *reply,
    ProtobufCAllocator *allocator)
{
    uint32_t today = state_today(state);
    reply->lots = POINTERS(allocator, LOTS_MAX, Points__V1__AccountLot);
    for (uint32_t at = account->lots; at && reply->n_lots < LOTS_MAX; at = state->lots.all[at - 1].next) {
        const struct lot *lot = &state->lots.all[at - 1];
        if (lot->last_day < today)
            continue;
        Points__V1__AccountLot *shown = MESSAGE(allocator, Points__V1__AccountLot, POINTS__V1__ACCOUNT_LOT__INIT);
        shown->last_day = lot->last_day;
        shown->points = lot->points;
        reply->lots[reply->n_lots++] = shown;
    }
}

Points__V1__AccountReply *points_account(
    const struct points_state *state, const uint8_t id[ID_BYTES], ProtobufCAllocator *allocator)
{
    const struct account *account = account_get(&state->accounts, id);
    if (!account)
        return NULL;
    Points__V1__AccountReply *reply = MESSAGE(allocator, Points__V1__AccountReply, POINTS__V1__ACCOUNT_REPLY__INIT);
    reply->account = query_bytes(allocator, id, ID_BYTES);
    reply->municipality = state_municipality_code(state, account->municipality);
    reply->balance_points = account->balance_points - lots_expired(&state->lots, account, state_today(state));
    reply->held_points = account->held_points;
    reply->last_sequence = account->last_sequence;
    reply->status = (Points__V1__AccountStatus)account->status;
    add_lots(state, account, reply, allocator);
    const uint8_t *into = account_merged_into(&state->accounts, id);
    if (into)
        reply->merged_into = query_bytes(allocator, into, ID_BYTES);
    reply->progress = POINTERS(allocator, PROGRESS_MAX, Points__V1__QuestProgress);
    for (uint32_t at = account->progress; at && reply->n_progress < PROGRESS_MAX;) {
        const struct progress *progress = &state->quests.progresses.all[at - 1];
        if (!(progress->key & PROGRESS_CAMPAIGN))
            reply->progress[reply->n_progress++] = progress_shown(state, progress, allocator);
        at = progress->next;
    }
    return reply;
}

// ---- a quest

static void add_quest_municipality(const struct points_state *state, const struct quest *quest, unsigned municipality,
    Points__V1__QuestReply *reply, ProtobufCAllocator *allocator)
{
    const struct tally *tally = &quest->municipalities[municipality];
    Points__V1__QuestMunicipality *row =
        MESSAGE(allocator, Points__V1__QuestMunicipality, POINTS__V1__QUEST_MUNICIPALITY__INIT);
    row->municipality = state_municipality_code(state, municipality);
    row->residents = tally->residents;
    row->awards = tally->awards;
    row->points = tally->points;
    reply->residents += tally->residents;
    reply->municipalities[reply->n_municipalities++] = row;
}

static void add_quest_period(const struct points_state *state, const struct quest *quest,
    const struct quest_period *period, unsigned municipality, Points__V1__QuestReply *reply,
    ProtobufCAllocator *allocator)
{
    const struct tally *tally = &period->municipalities[municipality];
    if (tally->awards == 0)
        return;
    Points__V1__QuestPeriod *row = MESSAGE(allocator, Points__V1__QuestPeriod, POINTS__V1__QUEST_PERIOD__INIT);
    int64_t first_day = period_first_day(quest->definition, period->period);
    row->first_day = first_day > 0 ? (uint32_t)first_day : 0;
    row->municipality = state_municipality_code(state, municipality);
    row->awards = tally->awards;
    row->points = tally->points;
    reply->periods[reply->n_periods++] = row;
}

static bool period_in_span(
    const struct quest *quest, const struct quest_period *period, const Points__V1__GetQuest *query)
{
    int64_t first_day = period_first_day(quest->definition, period->period);
    int64_t last_day = calendar_day(period_end(quest->definition, period->period) - 1);
    return last_day >= query->from_day && (query->to_day == 0 || first_day <= query->to_day);
}

Points__V1__QuestReply *points_quest(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetQuest *query, ProtobufCAllocator *allocator)
{
    const struct quest *quest = quest_get(&state->quests, query->quest);
    if (!quest)
        return NULL;
    Points__V1__QuestReply *reply = MESSAGE(allocator, Points__V1__QuestReply, POINTS__V1__QUEST_REPLY__INIT);
    unsigned municipalities = state_municipality_count(state);
    reply->quest = quest->definition;
    reply->municipalities = POINTERS(allocator, municipalities, Points__V1__QuestMunicipality);
    reply->periods = POINTERS(allocator, quest->period_count * municipalities, Points__V1__QuestPeriod);
    if (points_may_see(state, asker, 0)) {
        reply->issued_points = quest->budget.issued_points;
        reply->reversed_points = quest->reversed_points;
        reply->shortfall_points = quest->shortfall_points;
    }
    if (asker->role != ROLE(MUNICIPALITY))
        reply->budget_points = quest->budget.points;
    for (unsigned m = 0; m < municipalities; m++)
        if (points_may_see(state, asker, state_municipality_code(state, m)))
            add_quest_municipality(state, quest, m, reply, allocator);
    for (size_t p = 0; p < quest->period_count; p++)
        for (unsigned m = 0; m < municipalities && period_in_span(quest, &quest->periods[p], query); m++)
            if (points_may_see(state, asker, state_municipality_code(state, m)))
                add_quest_period(state, quest, &quest->periods[p], m, reply, allocator);
    return reply;
}

// ---- pending conversions

static Points__V1__PendingConversion *pending_shown(
    const struct points_state *state, const struct conversion *conversion, ProtobufCAllocator *allocator)
{
    Points__V1__PendingConversion *shown =
        MESSAGE(allocator, Points__V1__PendingConversion, POINTS__V1__PENDING_CONVERSION__INIT);
    shown->sequence = conversion->sequence;
    shown->id = query_bytes(allocator, conversion->id, ID_BYTES);
    shown->account = query_bytes(allocator, account_id_merged(&state->accounts, conversion->account), ID_BYTES);
    shown->municipality = state_municipality_code(state, conversion->municipality);
    shown->points = conversion->points;
    shown->requested_at = conversion->requested_at;
    shown->fee_points = conversion->fee_points;
    return shown;
}

Points__V1__PendingConversionsReply *points_pending_conversions(
    const struct points_state *state, const Points__V1__GetPendingConversions *query, ProtobufCAllocator *allocator)
{
    Points__V1__PendingConversionsReply *reply =
        MESSAGE(allocator, Points__V1__PendingConversionsReply, POINTS__V1__PENDING_CONVERSIONS_REPLY__INIT);
    uint32_t limit = query->limit ? query->limit : PENDING_STANDARD;
    reply->conversions = POINTERS(allocator, POINTS_PENDING_MAX, Points__V1__PendingConversion);
    for (const struct conversion *c = state->conversions.pending; c; c = c->hh.next) {
        if (c->sequence <= query->after)
            continue;
        if (reply->n_conversions == limit || reply->n_conversions == POINTS_PENDING_MAX) {
            reply->next = reply->conversions[reply->n_conversions - 1]->sequence;
            break;
        }
        reply->conversions[reply->n_conversions++] = pending_shown(state, c, allocator);
    }
    return reply;
}

// ---- trial balance

static Points__V1__Books *books_shown(const uint64_t column[BOOK_COUNT], ProtobufCAllocator *allocator)
{
    Points__V1__Books *shown = MESSAGE(allocator, Points__V1__Books, POINTS__V1__BOOKS__INIT);
    shown->issued = column[BOOK_ISSUED];
    shown->balances = column[BOOK_BALANCES];
    shown->held = column[BOOK_HELD];
    shown->donated = column[BOOK_DONATED];
    shown->converted = column[BOOK_CONVERTED];
    shown->expired = column[BOOK_EXPIRED];
    shown->forfeited = column[BOOK_FORFEITED];
    shown->reversed = column[BOOK_REVERSED];
    shown->fees = column[BOOK_FEES];
    return shown;
}

Points__V1__TrialBalanceReply *points_trial_balance(const struct points_state *state, ProtobufCAllocator *allocator)
{
    Points__V1__TrialBalanceReply *reply =
        MESSAGE(allocator, Points__V1__TrialBalanceReply, POINTS__V1__TRIAL_BALANCE_REPLY__INIT);
    unsigned municipalities = state_municipality_count(state);
    reply->total = books_shown(state->books.total, allocator);
    reply->last_sequence = state->last_sequence;
    reply->municipalities = POINTERS(allocator, municipalities, Points__V1__MunicipalityBooks);
    for (unsigned m = 0; m < municipalities; m++) {
        Points__V1__MunicipalityBooks *row =
            MESSAGE(allocator, Points__V1__MunicipalityBooks, POINTS__V1__MUNICIPALITY_BOOKS__INIT);
        row->municipality = state_municipality_code(state, m);
        row->accounts = state->books.accounts[m];
        row->books = books_shown(state->books.by_municipality[m], allocator);
        reply->municipalities[reply->n_municipalities++] = row;
    }
    return reply;
}
