// What a state amounts to, in tables.
#include "tools/audit/state_view.h"
#include "tools/books_table.h"
#include "tools/error.h"
#include "tools/payments.h"
#include "tools/quest_tables.h"
#include "tools/totals_table.h"

#include <stdlib.h>

enum { VIEW_ARENA_BYTES = 1 << 26 };
static const struct points_asker auditor = {.role = ROLE(AUDITOR)};

static void programme_pages_of(void *source, programme_part part, programme_page_fn *take, void *data)
{
    struct arena arena;
    const struct state_view *view = source;
    Points__V1__GetProgramme query = POINTS__V1__GET_PROGRAMME__INIT;
    query.part = part;
    arena_init(&arena, VIEW_ARENA_BYTES);
    do {
        arena_reset(&arena);
        const Points__V1__ProgrammeReply *reply = points_programme(view->state, &query, &arena.allocator);
        take(data, reply);
        query.offset = reply->next_offset;
    } while (query.offset);
    arena_free(&arena);
}

void state_view_begin(struct state_view *view, const struct points_state *state, bool sums)
{
    *view = (struct state_view){.state = state, .sums = sums, .names = {.pages = programme_pages_of, .source = view}};
    arena_init(&view->arena, VIEW_ARENA_BYTES);
}

void state_view_end(struct state_view *view)
{
    names_free(&view->names);
    arena_free(&view->arena);
}

struct table *state_books(struct state_view *view, bool *balanced)
{
    arena_reset(&view->arena);
    const Points__V1__TrialBalanceReply *reply = points_trial_balance(view->state, &view->arena.allocator);
    *balanced = books_add_up(reply);
    return books_table(reply, &view->names, view->sums);
}

// ---- quests and campaigns

struct listing {
    struct state_view *view;
    struct table *table;
};

static void add_quests(void *data, const Points__V1__ProgrammeReply *page)
{
    struct listing *listing = data;
    Points__V1__GetQuest query = POINTS__V1__GET_QUEST__INIT;
    for (size_t i = 0; i < page->n_quests; i++) {
        arena_reset(&listing->view->arena);
        query.quest = page->quests[i]->quest->quest;
        quest_row(listing->table, points_quest(listing->view->state, &auditor, &query, &listing->view->arena.allocator),
            true);
    }
}

struct table *state_quests(struct state_view *view)
{
    struct listing listing = {view, quest_table()};
    programme_pages_of(view, PART(QUESTS), add_quests, &listing);
    return listing.table;
}

static void add_campaigns(void *data, const Points__V1__ProgrammeReply *page)
{
    struct listing *listing = data;
    Points__V1__GetCampaign query = POINTS__V1__GET_CAMPAIGN__INIT;
    for (size_t i = 0; i < page->n_campaigns; i++) {
        arena_reset(&listing->view->arena);
        query.campaign = page->campaigns[i]->campaign->campaign;
        campaign_row(
            listing->table, points_campaign(listing->view->state, &auditor, &query, &listing->view->arena.allocator));
    }
}

struct table *state_campaigns(struct state_view *view)
{
    struct listing listing = {view, campaign_table()};
    programme_pages_of(view, PART(CAMPAIGNS), add_campaigns, &listing);
    return listing.table;
}

// ---- totals

struct table *state_donations(struct state_view *view, const Points__V1__GetDonationTotals *asked)
{
    Points__V1__GetDonationTotals query = *asked;
    Points__V1__DonationTotal *rows = NULL;
    size_t count = 0;
    query.offset = 0;
    do {
        arena_reset(&view->arena);
        const Points__V1__DonationTotalsReply *reply =
            points_donation_totals(view->state, &auditor, &query, &view->arena.allocator);
        rows = xrealloc(rows, (count + reply->n_rows + 1) * sizeof *rows);
        for (size_t i = 0; i < reply->n_rows; i++)
            rows[count++] = *reply->rows[i];
        query.offset = reply->next_offset;
    } while (query.offset);
    struct table *table = donation_totals_table(rows, count, &view->names, view->sums);
    free(rows);
    return table;
}

struct table *state_conversions(struct state_view *view, const Points__V1__GetConversionTotals *asked)
{
    Points__V1__GetConversionTotals query = *asked;
    Points__V1__ConversionTotal *rows = NULL;
    size_t count = 0;
    query.offset = 0;
    do {
        arena_reset(&view->arena);
        const Points__V1__ConversionTotalsReply *reply =
            points_conversion_totals(view->state, &auditor, &query, &view->arena.allocator);
        rows = xrealloc(rows, (count + reply->n_rows + 1) * sizeof *rows);
        for (size_t i = 0; i < reply->n_rows; i++)
            rows[count++] = *reply->rows[i];
        query.offset = reply->next_offset;
    } while (query.offset);
    struct table *table = conversion_totals_table(rows, count, &view->names, view->sums);
    free(rows);
    return table;
}

struct table *state_payments(struct state_view *view, const Points__V1__GetDonationTotals *asked)
{
    const struct payments_span span = {asked->unit, asked->from_day, asked->to_day};
    Points__V1__GetSettlements query = POINTS__V1__GET_SETTLEMENTS__INIT;
    struct sums sums = {0};
    query.municipality = asked->municipality;
    query.purpose = asked->purpose;
    do {
        arena_reset(&view->arena);
        const Points__V1__SettlementsReply *reply =
            points_settlements(view->state, &auditor, &query, &view->arena.allocator);
        payments_add(&sums, reply, &span);
        query.offset = reply->next_offset;
    } while (query.offset);
    sums_unite(&sums);
    struct table *table = payments_table(&sums, &view->names, view->sums);
    sums_free(&sums);
    return table;
}

// ---- points whose last day is over

uint64_t state_overdue(struct state_view *view, uint32_t day)
{
    uint64_t points = 0;
    Points__V1__GetExpiry query = POINTS__V1__GET_EXPIRY__INIT;
    query.to_day = day - 1;
    do {
        arena_reset(&view->arena);
        const Points__V1__ExpiryReply *reply = points_expiry(view->state, &auditor, &query, &view->arena.allocator);
        for (size_t i = 0; i < reply->n_rows; i++)
            points += reply->rows[i]->expired ? 0 : reply->rows[i]->points;
        query.offset = reply->next_offset;
    } while (query.offset);
    return points;
}

// ---- pending conversions

struct state_pending state_pending(struct state_view *view)
{
    struct state_pending pending = {0};
    Points__V1__GetPendingConversions query = POINTS__V1__GET_PENDING_CONVERSIONS__INIT;
    do {
        arena_reset(&view->arena);
        const Points__V1__PendingConversionsReply *reply =
            points_pending_conversions(view->state, &query, &view->arena.allocator);
        for (size_t i = 0; i < reply->n_conversions; i++)
            pending.points += reply->conversions[i]->points;
        pending.conversions += reply->n_conversions;
        query.after = reply->next;
    } while (query.after);
    return pending;
}
