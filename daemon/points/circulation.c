#include "points/circulation.h"
#include "points/archive.h"
#include "points/memory.h"

#include <stdlib.h>
#include <string.h>

#define EVER UINT32_MAX // as a month
enum { WORD_BITS = 64 };

// ---- who has visited where

static struct visit *visit_get(
    const struct circulation *circulation, const struct account *account, const struct visit *like)
{
    for (uint32_t at = account->visits; at; at = circulation->visits[at - 1].next) {
        struct visit *visit = &circulation->visits[at - 1];
        if (visit->quest == like->quest && visit->month == like->month && visit->home == like->home)
            return visit;
    }
    return NULL;
}

// Marks a place as visited. True: it was not, before.
static bool visit_mark(
    struct circulation *circulation, struct account *account, const struct visit *like, unsigned place)
{
    struct visit *visit = visit_get(circulation, account, like);
    if (!visit) {
        circulation->visits = memory_grow(
            circulation->visits, circulation->visit_count, &circulation->visit_capacity, sizeof *circulation->visits);
        visit = &circulation->visits[circulation->visit_count++];
        *visit = *like;
        visit->next = account->visits;
        account->visits = (uint32_t)circulation->visit_count;
    }
    uint64_t *word = &visit->places[place / WORD_BITS], bit = UINT64_C(1) << place % WORD_BITS;
    bool new = !(*word & bit);
    *word |= bit;
    return new;
}

unsigned circulation_visited(
    const struct circulation *circulation, const struct account *account, uint32_t quest, unsigned place)
{
    const struct visit *visit = visit_get(circulation, account, &(struct visit){.quest = quest, .month = EVER});
    uint64_t places[PLACE_WORDS] = {0};
    unsigned visited = 0;
    if (visit)
        memcpy(places, visit->places, sizeof places);
    places[place / WORD_BITS] |= UINT64_C(1) << place % WORD_BITS;
    for (int i = 0; i < PLACE_WORDS; i++)
        visited += (unsigned)__builtin_popcountll(places[i]);
    return visited;
}

// ---- the matrix

static int compare_month(const struct circulation_month *month, uint32_t quest, uint32_t number)
{
    if (month->quest != quest)
        return month->quest < quest ? -1 : 1;
    return month->month < number ? -1 : month->month > number;
}

static struct circulation_month *month_get(
    struct circulation *circulation, uint32_t quest, uint32_t number, unsigned municipalities)
{
    size_t at = circulation->month_count;
    while (at > 0 && compare_month(&circulation->months[at - 1], quest, number) > 0)
        at--;
    if (at > 0 && compare_month(&circulation->months[at - 1], quest, number) == 0)
        return &circulation->months[at - 1];
    circulation->months = memory_grow(
        circulation->months, circulation->month_count, &circulation->month_capacity, sizeof *circulation->months);
    struct circulation_month *month = &circulation->months[at];
    memmove(month + 1, month, (circulation->month_count - at) * sizeof *month);
    circulation->month_count++;
    *month = (struct circulation_month){
        quest, number, memory_zeroed((size_t)municipalities * municipalities, sizeof *month->cells)};
    return month;
}

static void count(struct circulation *circulation, struct account *account, const struct purchase *purchase,
    uint32_t quest, unsigned municipalities)
{
    struct visit like = {.quest = quest, .month = purchase->month, .home = account->municipality};
    struct circulation_month *month = month_get(circulation, quest, purchase->month, municipalities);
    struct circulation_cell *cell = &month->cells[account->municipality * municipalities + purchase->place];
    cell->receipts++;
    cell->amount_yen += purchase->amount_yen;
    cell->points += purchase->points;
    cell->residents += visit_mark(circulation, account, &like, purchase->place);
}

void circulation_add(
    struct circulation *circulation, struct account *account, const struct purchase *purchase, unsigned municipalities)
{
    count(circulation, account, purchase, 0, municipalities);
    count(circulation, account, purchase, purchase->quest, municipalities);
    visit_mark(circulation, account, &(struct visit){.quest = purchase->quest, .month = EVER}, purchase->place);
}

// ---- the end of an account, and of all

void circulation_merge(struct circulation *circulation, struct account *from, struct account *to)
{
    for (uint32_t at = from->visits, next; at; at = next) {
        struct visit *visit = &circulation->visits[at - 1];
        struct visit *joined = visit_get(circulation, to, visit);
        next = visit->next;
        if (joined) {
            for (int i = 0; i < PLACE_WORDS; i++)
                joined->places[i] |= visit->places[i];
            continue;
        }
        visit->next = to->visits;
        to->visits = at;
    }
    from->visits = 0;
}

void circulation_free(struct circulation *circulation)
{
    for (size_t i = 0; i < circulation->month_count; i++)
        free(circulation->months[i].cells);
    memory_free(circulation->months, circulation->month_capacity, sizeof *circulation->months);
    memory_free(circulation->visits, circulation->visit_capacity, sizeof *circulation->visits);
}

// ---- as bytes

static bool visits_fit(const struct circulation *circulation, unsigned municipalities)
{
    bool fit = true;
    for (size_t i = 0; i < circulation->visit_count; i++)
        fit &= circulation->visits[i].next <= circulation->visit_count && circulation->visits[i].home < municipalities;
    return fit;
}

void circulation_archive(struct archive *archive, struct circulation *circulation, unsigned municipalities)
{
    archive_array(archive, &circulation->visits, &circulation->visit_count, &circulation->visit_capacity,
        sizeof *circulation->visits);
    archive_room(archive, &circulation->months, &circulation->month_count, &circulation->month_capacity,
        sizeof *circulation->months);
    for (size_t i = 0; i < circulation->month_count; i++) {
        struct circulation_month *month = &circulation->months[i];
        ARCHIVE(archive, month->quest);
        ARCHIVE(archive, month->month);
        archive_fixed(archive, &month->cells, (size_t)municipalities * municipalities, sizeof *month->cells);
    }
    archive_check(
        archive, !archive_is_loading(archive) || visits_fit(circulation, municipalities), "a visit points nowhere");
}
