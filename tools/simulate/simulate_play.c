// The days of a simulation. points-simulate(5) describes how residents behave; every decision is drawn from the seed.
#include "tools/simulate/simulate_play.h"
#include "points/calendar.h"
#include "points/period.h"
#include "proto/arena.h"
#include "tools/outcome_names.h"
#include "tools/simulate/draw.h"
#include "tools/simulate/simulate_setup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum topic { PLACE, TAKES_PART, ACCOUNT, ACCOUNT_REST, QUEST_SEED, COMPLETES, SHOPS, DIGEST, SPENDS };

enum {
    POSTING_HOUR = 20, // when a day's transactions are decided
    HOUR_S = 3600,
    WEEK_DAYS = 7,
    RESIDENTS_MAX = 1000000000,
    ARENA_BYTES = 1 << 20, // one resident's account
};

// Those who take part, in an order that has nothing to do with where they live.
struct crowd {
    uint8_t *homes; // positions in the list of municipalities
    uint64_t *had;  // bit n: an award of quest n
    uint32_t count;
};

struct playing {
    struct play *play;
    struct crowd crowd;
    uint64_t quest_budgets[DESIGN_QUESTS_MAX], campaign_budget; // left
    uint32_t today;
    int64_t now;
    size_t week;
    struct arena arena;
};

// ---- residents

static uint32_t count_residents(struct play *play)
{
    uint64_t count = 0;
    const struct municipality_list *list = play->design->municipalities;
    for (size_t i = 0; i < list->count; i++) {
        play->residents[i] = (list->residents[i] + play->design->sample / 2) / play->design->sample;
        count += play->residents[i];
    }
    if (count > RESIDENTS_MAX)
        fail(
            EXIT_WRONG_USE, "%" PRIu64 " residents are too many to play; let one in several play with --sample", count);
    return (uint32_t)count;
}

static void scatter(uint8_t *homes, uint32_t count, uint64_t seed)
{
    for (uint32_t i = count; i > 1; i--) {
        uint64_t other = draw(seed, PLACE, i, 0) % i;
        uint8_t kept = homes[i - 1];
        homes[i - 1] = homes[other];
        homes[other] = kept;
    }
}

// Who does not take part is left out.
static void choose_participants(struct playing *playing, uint8_t *homes, uint32_t count)
{
    struct play *play = playing->play;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bits = draw(play->seed, TAKES_PART, i, 0);
        if (!draw_chance(&bits, play->design->participation[homes[i]].share))
            continue;
        play->participants[homes[i]]++;
        homes[playing->crowd.count++] = homes[i];
    }
}

static void account_id(const struct play *play, uint32_t who, uint8_t id[ID_BYTES])
{
    uint64_t halves[] = {draw(play->seed, ACCOUNT, who, 0), draw(play->seed, ACCOUNT_REST, who, 0)};
    memcpy(id, halves, ID_BYTES);
}

// Ids are no affair of the rules' as long as nothing is looked up by them.
static struct points_outcome decide(struct playing *playing, transaction_type type, void *body)
{
    static const struct points_inputs new = {.prior = POINTS_NEW};
    static uint8_t id[ID_BYTES];
    Points__V1__Transaction transaction = POINTS__V1__TRANSACTION__INIT;
    transaction.id = (ProtobufCBinaryData){ID_BYTES, id};
    transaction.body_case = type;
    transaction.award = body; // all bodies lie in the same place
    return points_apply(playing->play->state, &transaction, &new);
}

static void must_apply(struct playing *playing, transaction_type type, void *body)
{
    outcome_code code = decide(playing, type, body).code;
    if (code != OUTCOME(APPLIED))
        fail(EXIT_FAILED, "the rules refused what should pass (%s, %s)", transaction_name(type), outcome_name(code));
}

static void open_accounts(struct playing *playing)
{
    uint8_t id[ID_BYTES];
    Points__V1__OpenAccount open = POINTS__V1__OPEN_ACCOUNT__INIT;
    open.account = (ProtobufCBinaryData){ID_BYTES, id};
    for (uint32_t who = 0; who < playing->crowd.count; who++) {
        account_id(playing->play, who, id);
        open.municipality = playing->play->design->municipalities->rows[playing->crowd.homes[who]].code;
        must_apply(playing, TRANSACTION(OPEN_ACCOUNT), &open);
    }
}

static void gather(struct playing *playing)
{
    struct play *play = playing->play;
    uint32_t count = count_residents(play), at = 0;
    uint8_t *homes = xmalloc(count);
    for (size_t i = 0; i < play->design->municipalities->count; i++)
        for (uint64_t j = 0; j < play->residents[i]; j++)
            homes[at++] = (uint8_t)i;
    scatter(homes, count, play->seed);
    playing->crowd.homes = homes;
    choose_participants(playing, homes, count);
    playing->crowd.had = xcalloc(playing->crowd.count, sizeof *playing->crowd.had);
    open_accounts(playing);
}

// ---- counting

static struct play_refusal *refusal_of(struct play_part *part, outcome_code code, uint32_t day)
{
    size_t at = 0;
    while (at < part->refusal_count && part->refusals[at].code != code)
        at++;
    if (at == part->refusal_count)
        part->refusals[part->refusal_count++] = (struct play_refusal){.code = code, .first_day = day};
    return &part->refusals[at];
}

static void count_in(struct play_part *part, const struct playing *playing, uint8_t home, bool first,
    const struct points_outcome *outcome)
{
    struct play_tally *tallies[] = {&part->municipalities[home], &part->weeks[playing->week]};
    bool applied = outcome->code == OUTCOME(APPLIED);
    tallies[0]->residents += first;
    for (size_t i = 0; i < 2; i++) {
        tallies[i]->awards += applied;
        tallies[i]->points += outcome->points;
        tallies[i]->refused += !applied;
    }
    if (!applied)
        refusal_of(part, outcome->code, playing->today)->awards++;
}

static void note_exhausted(struct play_part *part, uint32_t today)
{
    if (!part->ran_out_on)
        part->ran_out_on = today;
}

// The outcome does not say whose budget it was: the one that has less left. Only those that the design names count.
static void find_exhausted(struct playing *playing, size_t quest)
{
    struct play *play = playing->play;
    bool quests = play->design->quests[quest].budget_points != BUDGET_NOT_GIVEN;
    bool campaigns = play->design->campaign_budget_points != BUDGET_NOT_GIVEN;
    uint64_t quest_left = playing->quest_budgets[quest], campaign_left = playing->campaign_budget;
    if (quests && (!campaigns || quest_left <= campaign_left))
        note_exhausted(&play->parts[quest], playing->today);
    if (campaigns && (!quests || campaign_left <= quest_left))
        note_exhausted(&play->parts[play->design->quest_count], playing->today);
}

static void count(struct playing *playing, size_t quest, uint32_t who, const struct points_outcome *outcome)
{
    struct play *play = playing->play;
    uint64_t bit = UINT64_C(1) << quest, *had = &playing->crowd.had[who];
    bool applied = outcome->code == OUTCOME(APPLIED);
    uint8_t home = playing->crowd.homes[who];
    count_in(&play->parts[quest], playing, home, applied && !(*had & bit), outcome);
    count_in(&play->parts[play->design->quest_count], playing, home, applied && !*had, outcome);
    if (applied)
        *had |= bit;
    playing->quest_budgets[quest] -= outcome->points;
    playing->campaign_budget -= play->design->campaign_line ? outcome->points : 0;
    if (outcome->code == OUTCOME(BUDGET_EXHAUSTED))
        find_exhausted(playing, quest);
}

static void award(struct playing *playing, size_t quest, uint32_t who, Points__V1__Receipt *receipt)
{
    uint8_t id[ID_BYTES];
    Points__V1__Award body = POINTS__V1__AWARD__INIT;
    account_id(playing->play, who, id);
    body.account = (ProtobufCBinaryData){ID_BYTES, id};
    body.quest = playing->play->design->quests[quest].options.quest.quest;
    body.occurred_at = playing->now;
    body.receipt = receipt;
    struct points_outcome outcome = decide(playing, TRANSACTION(AWARD), &body);
    count(playing, quest, who, &outcome);
}

// ---- quests without receipts

// A quest on a day.
struct quest_day {
    size_t quest;
    const struct design_quest *design;
    uint64_t seed;
    bool is_for[MUNICIPALITIES_MAX];
    // Its period, as far as the quest lasts: the day is number `day` of so many, from 0.
    uint32_t period, period_days, day;
};

static void find_period(struct quest_day *today, uint32_t day)
{
    const Points__V1__DefineQuest *quest = &today->design->options.quest;
    today->period = period_of(quest, day);
    int64_t first = period_first_day(quest, today->period), end = calendar_day(period_end(quest, today->period));
    if (first < quest->first_day)
        first = quest->first_day;
    if (end > (int64_t)quest->last_day + 1)
        end = (int64_t)quest->last_day + 1;
    today->period_days = (uint32_t)(end - first);
    today->day = (uint32_t)(day - first);
}

static uint32_t completion(const struct playing *playing, const struct quest_day *today, uint8_t home)
{
    uint32_t own = today->design->completion;
    return own == SHARE_NOT_GIVEN ? playing->play->design->participation[home].completion : own;
}

// Each award that the period allows is completed with the probability, on a day of the period, all alike.
static void complete(struct playing *playing, const struct quest_day *today, uint32_t who)
{
    uint32_t times = today->design->options.quest.times,
             probability = completion(playing, today, playing->crowd.homes[who]);
    uint64_t bits = draw(today->seed, COMPLETES, who, today->period);
    for (uint32_t i = 0; i < (times ? times : 1); i++) {
        bool completes = draw_chance(&bits, probability);
        if (draw_take(&bits, today->period_days) == today->day && completes)
            award(playing, today->quest, who, NULL);
    }
}

// ---- receipt quests

static uint64_t draw_amount(const struct design_quest *quest, uint64_t *bits)
{
    uint32_t drawn = (uint32_t)((*bits >> 32) * SHARE_WHOLE >> 32);
    size_t at = 0;
    *bits = draw_next(*bits);
    while (at + 1 < quest->amount_count && drawn >= quest->amounts[at].share)
        drawn -= quest->amounts[at++].share;
    return quest->amounts[at].yen;
}

// At home, or in any other municipality alike.
static size_t draw_place(const struct playing *playing, const struct design_quest *quest, uint8_t home, uint64_t *bits)
{
    uint32_t others = (uint32_t)playing->play->design->municipalities->count - 1;
    if (draw_chance(bits, quest->home_share) || !others)
        return home;
    uint32_t other = draw_take(bits, others);
    return other + (other >= home);
}

static void shop(struct playing *playing, const struct quest_day *today, uint32_t who, uint64_t *bits)
{
    uint64_t digest[HASH_BYTES / sizeof(uint64_t)] = {*bits, draw(*bits, DIGEST, who, playing->today)};
    Points__V1__Receipt receipt = POINTS__V1__RECEIPT__INIT;
    receipt.digest = (ProtobufCBinaryData){HASH_BYTES, (uint8_t *)digest};
    receipt.amount_yen = draw_amount(today->design, bits);
    size_t place = draw_place(playing, today->design, playing->crowd.homes[who], bits);
    receipt.shop = setup_shop(place);
    receipt.municipality = playing->play->design->municipalities->rows[place].code;
    award(playing, today->quest, who, &receipt);
}

// A seventh of the week's receipts: the whole ones, and one more by chance.
static void go_shopping(struct playing *playing, const struct quest_day *today, uint32_t who)
{
    enum { ONE_A_DAY = 1000 * WEEK_DAYS };
    uint32_t mean = today->design->receipts;
    uint64_t bits = draw(today->seed, SHOPS, who, playing->today);
    bool one_more = draw_chance(&bits, (uint32_t)((uint64_t)(mean % ONE_A_DAY) * SHARE_WHOLE / ONE_A_DAY));
    for (uint32_t i = 0; i < mean / ONE_A_DAY + one_more; i++)
        shop(playing, today, who, &bits);
}

// ---- spending

static uint64_t balance_of(struct playing *playing, const uint8_t id[ID_BYTES])
{
    arena_reset(&playing->arena);
    return points_account(playing->play->state, id, &playing->arena.allocator)->balance_points;
}

static void spend(struct playing *playing)
{
    uint8_t id[ID_BYTES];
    const struct design *design = playing->play->design;
    Points__V1__Donate donate = POINTS__V1__DONATE__INIT;
    donate.account = (ProtobufCBinaryData){ID_BYTES, id};
    donate.purpose = SETUP_PURPOSE;
    for (uint32_t who = 0; who < playing->crowd.count; who++) {
        uint64_t bits = draw(playing->play->seed, SPENDS, who, playing->today);
        if (!draw_chance(&bits, design->weekly_spending))
            continue;
        account_id(playing->play, who, id);
        donate.points = balance_of(playing, id);
        donate.municipality = design->municipalities->rows[playing->crowd.homes[who]].code;
        if (donate.points)
            must_apply(playing, TRANSACTION(DONATE), &donate);
    }
}

// ---- the days

static bool is_for(const Points__V1__DefineQuest *quest, uint32_t code)
{
    for (size_t i = 0; i < quest->n_municipalities; i++)
        if (quest->municipalities[i] == code)
            return true;
    return quest->n_municipalities == 0;
}

static void play_quest(struct playing *playing, size_t quest)
{
    const struct design *design = playing->play->design;
    const Points__V1__DefineQuest *definition = &design->quests[quest].options.quest;
    struct quest_day today = {.quest = quest, .design = &design->quests[quest]};
    if (playing->today < definition->first_day || playing->today > definition->last_day)
        return;
    today.seed = draw(playing->play->seed, QUEST_SEED, definition->quest, 0);
    for (size_t i = 0; i < design->municipalities->count; i++)
        today.is_for[i] = is_for(definition, design->municipalities->rows[i].code);
    find_period(&today, playing->today);
    for (uint32_t who = 0; who < playing->crowd.count; who++) {
        if (!today.is_for[playing->crowd.homes[who]])
            continue;
        if (definition->receipt)
            go_shopping(playing, &today, who);
        else
            complete(playing, &today, who);
    }
}

static void play_day(struct playing *playing, uint32_t day)
{
    struct play *play = playing->play;
    playing->today = day;
    playing->now = calendar_day_begin(day) + POSTING_HOUR * HOUR_S;
    playing->week = calendar_week(day) - calendar_week(play->design->first_day);
    points_block_begin(play->state, playing->now);
    for (size_t i = 0; i < play->design->quest_count; i++)
        play_quest(playing, i);
    if (play->design->weekly_spending && calendar_week(day + 1) != calendar_week(day))
        spend(playing);
}

static void begin(struct play *play, struct playing *playing)
{
    const struct design *design = play->design;
    play->week_count = calendar_week(design->last_award_day) - calendar_week(design->first_day) + 1;
    play->parts = xcalloc(design->quest_count + 1, sizeof *play->parts);
    for (size_t i = 0; i <= design->quest_count; i++)
        play->parts[i].weeks = xcalloc(play->week_count, sizeof *play->parts[i].weeks);
    for (size_t i = 0; i < design->quest_count; i++)
        playing->quest_budgets[i] = setup_budget(design, i) / design->sample;
    playing->campaign_budget = setup_campaign_budget(design) / design->sample;
    play->state = setup_state(design, design->sample);
    arena_init(&playing->arena, ARENA_BYTES);
}

struct play *play_all(const struct design *design, uint64_t seed)
{
    struct play *play = xcalloc(1, sizeof *play);
    struct playing playing = {.play = play};
    *play = (struct play){.design = design, .seed = seed};
    begin(play, &playing);
    gather(&playing);
    for (uint32_t day = design->first_day; day <= design->last_day; day++)
        play_day(&playing, day);
    free(playing.crowd.homes);
    free(playing.crowd.had);
    arena_free(&playing.arena);
    return play;
}

void play_free(struct play *play)
{
    for (size_t i = 0; i <= play->design->quest_count; i++)
        free(play->parts[i].weeks);
    free(play->parts);
    points_free(play->state);
    free(play);
}

// ---- asking

uint32_t play_week_first_day(const struct play *play, size_t week)
{
    int64_t day = calendar_week_first_day(calendar_week(play->design->first_day) + (uint32_t)week);
    return day < 0 ? 0 : (uint32_t)day;
}

struct play_tally play_total(const struct play_part *part)
{
    struct play_tally total = {0};
    for (size_t i = 0; i < MUNICIPALITIES_MAX; i++) {
        total.residents += part->municipalities[i].residents;
        total.awards += part->municipalities[i].awards;
        total.points += part->municipalities[i].points;
        total.refused += part->municipalities[i].refused;
    }
    return total;
}

const struct play_part *play_together(const struct play *play)
{
    return &play->parts[play->design->quest_count];
}
