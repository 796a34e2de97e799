// What the programme consists of, part by part; and how its campaigns stand.
#include "points/query.h"

#include <stdlib.h>

enum { PROGRAMME_ROWS_MAX = 200 };

// Takes rows `offset` to `offset + PROGRAMME_ROWS_MAX - 1` of a part; tells whether this one is among them.
static bool on_page(const Points__V1__GetProgramme *query, size_t row, Points__V1__ProgrammeReply *reply)
{
    if (row >= (size_t)query->offset + PROGRAMME_ROWS_MAX)
        reply->next_offset = query->offset + PROGRAMME_ROWS_MAX;
    return row >= query->offset && row < (size_t)query->offset + PROGRAMME_ROWS_MAX;
}

static void list_municipalities(const struct points_state *state, const Points__V1__GetProgramme *query,
    Points__V1__ProgrammeReply *reply, ProtobufCAllocator *allocator)
{
    reply->municipalities = POINTERS(allocator, PROGRAMME_ROWS_MAX, Points__V1__Municipality);
    for (size_t row = 0; row < state->genesis->n_municipalities; row++)
        if (on_page(query, row, reply))
            reply->municipalities[reply->n_municipalities++] = state->genesis->municipalities[row];
}

static void list_quests(const struct points_state *state, const Points__V1__GetProgramme *query,
    Points__V1__ProgrammeReply *reply, ProtobufCAllocator *allocator)
{
    reply->quests = POINTERS(allocator, PROGRAMME_ROWS_MAX, Points__V1__QuestListed);
    size_t row = 0;
    for (struct quest *quest = state->quests.all; quest; quest = quest->hh.next) {
        if (!on_page(query, row++, reply))
            continue;
        Points__V1__QuestListed *listed = MESSAGE(allocator, Points__V1__QuestListed, POINTS__V1__QUEST_LISTED__INIT);
        listed->quest = quest->definition;
        listed->budget_points = quest->budget.points;
        reply->quests[reply->n_quests++] = listed;
    }
}

static void list_purposes(const struct points_state *state, const Points__V1__GetProgramme *query,
    Points__V1__ProgrammeReply *reply, ProtobufCAllocator *allocator)
{
    reply->purposes = POINTERS(allocator, PROGRAMME_ROWS_MAX, Points__V1__DefinePurpose);
    size_t row = 0;
    for (struct purpose *purpose = state->purposes; purpose; purpose = purpose->hh.next)
        if (on_page(query, row++, reply))
            reply->purposes[reply->n_purposes++] = &purpose->definition;
}

static void list_policies(const struct points_state *state, const Points__V1__GetProgramme *query,
    Points__V1__ProgrammeReply *reply, ProtobufCAllocator *allocator)
{
    reply->policies = POINTERS(allocator, POLICY_COUNT, Points__V1__SetPolicy);
    for (int policy = 1; policy < POLICY_COUNT; policy++) {
        if (!on_page(query, (size_t)policy - 1, reply))
            continue;
        Points__V1__SetPolicy *row = MESSAGE(allocator, Points__V1__SetPolicy, POINTS__V1__SET_POLICY__INIT);
        row->policy = (Points__V1__Policy)policy;
        row->value = state->policies[policy];
        reply->policies[reply->n_policies++] = row;
    }
}

static void list_keys(const struct points_state *state, const Points__V1__GetProgramme *query,
    Points__V1__ProgrammeReply *reply, ProtobufCAllocator *allocator)
{
    reply->keys = POINTERS(allocator, PROGRAMME_ROWS_MAX, Points__V1__KeyListed);
    size_t row = 0;
    for (struct key *key = state->keys; key; key = key->hh.next) {
        if (!on_page(query, row++, reply))
            continue;
        Points__V1__KeyListed *listed = MESSAGE(allocator, Points__V1__KeyListed, POINTS__V1__KEY_LISTED__INIT);
        listed->key = MESSAGE(allocator, Points__V1__RegisterKey, POINTS__V1__REGISTER_KEY__INIT);
        listed->key->key = (ProtobufCBinaryData){KEY_BYTES, key->key};
        listed->key->role = key->role;
        listed->key->holder = key->holder;
        listed->key->municipality = key->municipality;
        listed->revoked = key->revoked != 0;
        reply->keys[reply->n_keys++] = listed;
    }
}

static void list_campaigns(const struct points_state *state, const Points__V1__GetProgramme *query,
    Points__V1__ProgrammeReply *reply, ProtobufCAllocator *allocator)
{
    reply->campaigns = POINTERS(allocator, PROGRAMME_ROWS_MAX, Points__V1__CampaignListed);
    size_t row = 0;
    for (struct campaign *campaign = state->quests.campaigns; campaign; campaign = campaign->hh.next) {
        if (!on_page(query, row++, reply))
            continue;
        Points__V1__CampaignListed *listed =
            MESSAGE(allocator, Points__V1__CampaignListed, POINTS__V1__CAMPAIGN_LISTED__INIT);
        listed->campaign = campaign->definition;
        listed->budget_points = campaign->budget.points;
        reply->campaigns[reply->n_campaigns++] = listed;
    }
}

static void list_shops(const struct points_state *state, const Points__V1__GetProgramme *query,
    Points__V1__ProgrammeReply *reply, ProtobufCAllocator *allocator)
{
    reply->shops = POINTERS(allocator, PROGRAMME_ROWS_MAX, Points__V1__ShopListed);
    size_t row = 0;
    for (struct shop *shop = state->shops; shop; shop = shop->hh.next) {
        if (!on_page(query, row++, reply))
            continue;
        Points__V1__ShopListed *listed = MESSAGE(allocator, Points__V1__ShopListed, POINTS__V1__SHOP_LISTED__INIT);
        listed->shop = shop->definition;
        listed->closed = shop->closed;
        listed->last_day = shop->last_day;
        reply->shops[reply->n_shops++] = listed;
    }
}

Points__V1__ProgrammeReply *points_programme(
    const struct points_state *state, const Points__V1__GetProgramme *query, ProtobufCAllocator *allocator)
{
    static void (*const parts[])(const struct points_state *, const Points__V1__GetProgramme *,
        Points__V1__ProgrammeReply *, ProtobufCAllocator *) = {
        [POINTS__V1__PROGRAMME_PART__MUNICIPALITIES] = list_municipalities,
        [POINTS__V1__PROGRAMME_PART__QUESTS] = list_quests,
        [POINTS__V1__PROGRAMME_PART__PURPOSES] = list_purposes,
        [POINTS__V1__PROGRAMME_PART__POLICIES] = list_policies,
        [POINTS__V1__PROGRAMME_PART__KEYS] = list_keys,
        [POINTS__V1__PROGRAMME_PART__CAMPAIGNS] = list_campaigns,
        [POINTS__V1__PROGRAMME_PART__SHOPS] = list_shops,
    };
    Points__V1__ProgrammeReply *reply =
        MESSAGE(allocator, Points__V1__ProgrammeReply, POINTS__V1__PROGRAMME_REPLY__INIT);
    parts[query->part](state, query, reply, allocator);
    return reply;
}

// ---- a campaign

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

Points__V1__CampaignReply *points_campaign(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetCampaign *query, ProtobufCAllocator *allocator)
{
    const struct campaign *campaign = campaign_get(&state->quests, query->campaign);
    if (!campaign)
        return NULL;
    Points__V1__CampaignReply *reply = MESSAGE(allocator, Points__V1__CampaignReply, POINTS__V1__CAMPAIGN_REPLY__INIT);
    reply->campaign = campaign->definition;
    reply->residents = campaign->residents;
    reply->issued_points = campaign->budget.issued_points;
    if (asker->role != ROLE(MUNICIPALITY))
        reply->budget_points = campaign->budget.points;
    reply->quests = query_take(allocator, HASH_COUNT(state->quests.all), sizeof *reply->quests);
    for (const struct quest *quest = state->quests.all; quest; quest = quest->hh.next)
        if (quest->definition->campaign == campaign->number)
            reply->quests[reply->n_quests++] = quest->number;
    if (reply->n_quests > 0)
        qsort(reply->quests, reply->n_quests, sizeof *reply->quests, by_number);
    return reply;
}
