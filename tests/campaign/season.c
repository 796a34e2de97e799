// The season, day by day at 20:00 JST. Every decision is drawn from the seed, so a run repeats.
#include "tests/campaign/season.h"
#include "tests/campaign/draw.h"
#include "tests/campaign/population.h"
#include "tools/jst.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HOUR_S = 3600,
    POSTING_HOUR = 20, // when the backend posts the day's transactions
    RECENT = 1024,     // awards that may be posted again
    IDS_PER_MS = 4,    // so that ids ascend through the day
    DAYS_BEYOND = 16,  // what waits for a day may wait past the season's end
    PER_MILLION = 1000000,
    FINAL_DAY = QUEST_LAST_DAY - 4, // from here on people spend what they have
};

// An award that waits to be posted: the phone was off the network, or the app tries twice.
struct post {
    uint32_t resident;
    int64_t occurred_at;
};

// A conversion that waits for the WAON side.
struct conversion {
    uint8_t id[ID_BYTES];
    uint32_t resident, points;
};

struct day {
    struct post *posts;
    struct conversion *conversions;
    size_t post_count, post_room, conversion_count, conversion_room;
};

struct recent {
    uint8_t id[ID_BYTES];
    struct post post;
    uint64_t sequence;
    struct expected outcome;
};

struct season {
    struct model *model;
    struct stream *stream;
    uint32_t today; // offset
    struct day days[SEASON_DAYS + DAYS_BEYOND];
    struct recent recent[RECENT];
    uint64_t award_count, id_count, id_count_today;
    uint32_t keenness[MUNICIPALITIES]; // per mille: places differ
};

// ---- pieces of transactions

static uint32_t today_day(const struct season *season)
{
    return SEASON_FIRST_DAY + season->today;
}

static void new_id(struct season *season, uint8_t id[ID_BYTES])
{
    uint64_t number = season->id_count++, halves[2];
    uint64_t now_ms = (uint64_t)season->model->now * 1000 + season->id_count_today++ / IDS_PER_MS;
    halves[0] = draw(season->model->seed, DRAW_ID, number, 0);
    halves[1] = draw(season->model->seed, DRAW_ID_REST, number, 0);
    uuid7_at(now_ms, (const uint8_t *)halves, id);
}

static ProtobufCBinaryData bytes16(uint8_t id[ID_BYTES])
{
    return (ProtobufCBinaryData){ID_BYTES, id};
}

static Points__V1__Transaction transaction(transaction_type type, uint8_t id[ID_BYTES])
{
    Points__V1__Transaction made = POINTS__V1__TRANSACTION__INIT;
    made.id = bytes16(id);
    made.body_case = type;
    return made;
}

static uint32_t index_of(const struct season *season, const struct resident *resident)
{
    return (uint32_t)(resident - season->model->residents);
}

// ---- the programme office

static void operators_add(struct season *season, enum signers signers, Points__V1__Transaction *filled)
{
    uint8_t id[ID_BYTES];
    new_id(season, id);
    filled->id = bytes16(id);
    stream_next(season->stream, signers);
    stream_add(season->stream, filled, (struct expected){.code = OUTCOME(APPLIED)});
}

static void define_quest(struct season *season)
{
    Points__V1__DefineQuest quest = POINTS__V1__DEFINE_QUEST__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(DEFINE_QUEST), NULL);
    filled.define_quest = &quest;
    quest.quest = QUEST;
    quest.name = (char *)"SDGsクエスト";
    quest.period = PERIOD(WEEKLY);
    quest.points = QUEST_POINTS;
    quest.cap_points = QUEST_CAP_POINTS;
    quest.first_day = QUEST_FIRST_DAY;
    quest.last_day = QUEST_LAST_DAY;
    quest.grace_s = QUEST_GRACE_S;
    operators_add(season, BY_OPERATOR, &filled);
}

static void define_purposes(struct season *season)
{
    static const char *const names[PURPOSES] = {"COVID-19対策", "まちづくり", "子育て支援", "歳末たすけあい"};
    for (uint32_t i = 1; i <= PURPOSES; i++) {
        Points__V1__DefinePurpose purpose = POINTS__V1__DEFINE_PURPOSE__INIT;
        Points__V1__Transaction filled = transaction(TRANSACTION(DEFINE_PURPOSE), NULL);
        filled.define_purpose = &purpose;
        purpose.purpose = i;
        purpose.name = (char *)names[i - 1];
        purpose.first_day = i == PURPOSE_OF_DECEMBER ? month_first_day(1) : month_first_day(0);
        purpose.last_day = i == PURPOSE_OF_DECEMBER ? month_first_day(2) - 1 : month_first_day(4) + 30;
        operators_add(season, BY_OPERATOR, &filled);
    }
}

static void set_policy(struct season *season, Points__V1__Policy which, uint64_t value)
{
    Points__V1__SetPolicy policy = POINTS__V1__SET_POLICY__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(SET_POLICY), NULL);
    filled.set_policy = &policy;
    policy.policy = which;
    policy.value = value;
    operators_add(season, BY_TWO_OPERATORS, &filled);
}

static void set_up(struct season *season)
{
    Points__V1__SetBudget budget = POINTS__V1__SET_BUDGET__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(SET_BUDGET), NULL);
    define_quest(season);
    define_purposes(season);
    filled.set_budget = &budget;
    budget.quest = QUEST;
    budget.points = season->model->budget;
    operators_add(season, BY_TWO_OPERATORS, &filled);
    set_policy(season, POLICY(CONVERSION_OPENS_AT), (uint64_t)day_begin(CONVERSION_FIRST_DAY));
    set_policy(season, POLICY(CONVERSION_UNIT_POINTS), CONVERSION_UNIT);
}

static void move_time(struct season *season)
{
    uint8_t id[ID_BYTES];
    Points__V1__SetTime set_time = POINTS__V1__SET_TIME__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(SET_TIME), id);
    int64_t time = day_begin(today_day(season)) + POSTING_HOUR * HOUR_S;
    new_id(season, id);
    filled.set_time = &set_time;
    set_time.time = time;
    stream_set_time(season->stream, &filled, time);
    season->model->now = time;
    season->id_count_today = 0;
}

// ---- accounts

static void open_account(struct season *season, struct resident *resident)
{
    uint8_t id[ID_BYTES], account[ID_BYTES];
    Points__V1__OpenAccount open = POINTS__V1__OPEN_ACCOUNT__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(OPEN_ACCOUNT), id);
    new_id(season, id);
    population_account(season->model, index_of(season, resident), account);
    filled.open_account = &open;
    open.account = bytes16(account);
    open.municipality = season->model->codes[resident->home];
    uint64_t sequence = stream_next(season->stream, BY_APP);
    stream_add(season->stream, &filled, model_open(season->model, resident, sequence));
}

static void move_account(struct season *season, struct resident *resident, uint64_t *bits)
{
    uint8_t id[ID_BYTES], account[ID_BYTES];
    uint8_t to = population_other_place(season->model, resident->home, bits);
    Points__V1__MoveAccount move = POINTS__V1__MOVE_ACCOUNT__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(MOVE_ACCOUNT), id);
    new_id(season, id);
    population_account(season->model, index_of(season, resident), account);
    filled.move_account = &move;
    move.account = bytes16(account);
    move.municipality = season->model->codes[to];
    uint64_t sequence = stream_next(season->stream, BY_APP);
    stream_add(season->stream, &filled, model_move(season->model, resident, to, sequence));
}

// ---- awards

static Points__V1__Transaction fill_award(const struct season *season, const struct post *post, uint8_t id[ID_BYTES],
    uint8_t account[ID_BYTES], Points__V1__Award *award)
{
    Points__V1__Transaction filled = transaction(TRANSACTION(AWARD), id);
    points__v1__award__init(award);
    population_account(season->model, post->resident, account);
    award->account = bytes16(account);
    award->quest = QUEST;
    award->occurred_at = post->occurred_at;
    filled.award = award;
    return filled;
}

// The same bytes as some while ago, as after an answer that never arrived.
static void post_again(struct season *season, const struct recent *recent)
{
    uint8_t id[ID_BYTES], account[ID_BYTES];
    Points__V1__Award award;
    memcpy(id, recent->id, ID_BYTES);
    Points__V1__Transaction filled = fill_award(season, &recent->post, id, account, &award);
    stream_next(season->stream, BY_APP);
    stream_add_again(season->stream, &filled, recent->sequence, recent->outcome);
}

static void post_award(struct season *season, struct post post)
{
    uint8_t id[ID_BYTES], account[ID_BYTES];
    Points__V1__Award award;
    new_id(season, id);
    Points__V1__Transaction filled = fill_award(season, &post, id, account, &award);
    struct resident *resident = &season->model->residents[post.resident];
    uint64_t sequence = stream_next(season->stream, BY_APP);
    struct expected outcome = model_award(season->model, resident, post.occurred_at, sequence);
    stream_add(season->stream, &filled, outcome);

    struct recent *kept = &season->recent[season->award_count++ % RECENT];
    *kept = (struct recent){.post = post, .sequence = sequence, .outcome = outcome};
    memcpy(kept->id, id, ID_BYTES);
    uint32_t there = season->award_count < RECENT ? (uint32_t)season->award_count : RECENT;
    uint64_t bits = draw(season->model->seed, DRAW_RESEND, sequence, 1);
    if (draw_take(&bits, 160) == 0)
        post_again(season, &season->recent[draw_take(&bits, there)]);
}

static void post_later(struct season *season, struct post post, uint32_t days)
{
    struct day *day = &season->days[season->today + days];
    if (day->post_count == day->post_room) {
        day->post_room = day->post_room ? 2 * day->post_room : 64;
        day->posts = xrealloc(day->posts, day->post_room * sizeof *day->posts);
    }
    day->posts[day->post_count++] = post;
}

static void post_waiting(struct season *season)
{
    struct day *day = &season->days[season->today];
    for (size_t i = 0; i < day->post_count; i++)
        post_award(season, day->posts[i]);
    free(day->posts);
    day->posts = NULL;
}

// How many of 65,536 keen people do the quest this week: less and less, little over New Year, hardly any once the
// budget is gone.
static uint32_t interest(const struct season *season, uint32_t week)
{
    uint32_t share = 62000 - 1000 * week;
    if (week == 7)
        share = share * 7 / 10;
    if (season->model->exhausted_on && season->model->exhausted_on < today_day(season))
        share /= 5;
    return share;
}

// Which day of the week, 0 to 6. In the first and the last week most know when the quest begins and ends.
static uint32_t weekday_of_deed(uint32_t week, uint64_t *bits)
{
    bool knows = draw_take(bits, 1000) >= 4;
    if (week == 0 && knows)
        return 4 + draw_take(bits, 3);
    if (week == QUEST_WEEKS - 1 && knows)
        return draw_take(bits, 5);
    return draw_take(bits, 7);
}

// A deed of today: posted at once, or later, or twice.
static void do_quest(struct season *season, struct resident *resident, uint64_t bits)
{
    struct post post = {.resident = index_of(season, resident)};
    post.occurred_at = day_begin(today_day(season)) + 7 * HOUR_S + draw_take(&bits, 13 * HOUR_S);
    uint32_t manner = draw_take(&bits, 10000);
    if (!resident->last_sequence && manner >= 5)
        return; // no account yet; the backend lets hardly any of these through
    if (manner < 300) {
        post_later(season, post, 1 + draw_take(&bits, 3));
    } else if (manner < 380) {
        post_later(season, post, 4 + draw_take(&bits, 10));
    } else if (manner < 382) {
        post.occurred_at = season->model->now + FUTURE_MAX_S + 1 + draw_take(&bits, HOUR_S); // a clock that is fast
        post_award(season, post);
    } else {
        post_award(season, post);
        if (manner >= 9880)
            post_later(season, post, draw_take(&bits, 3) + 1); // the same week under a new id
    }
}

static void perhaps_quest(struct season *season, struct resident *resident)
{
    if (resident->eagerness == 0 || today_day(season) < week_first_day(0))
        return;
    uint32_t week = (today_day(season) - week_first_day(0)) / 7;
    if (week >= QUEST_WEEKS)
        return;
    uint64_t bits = draw(season->model->seed, DRAW_WEEK, index_of(season, resident), week);
    uint32_t wanted = interest(season, week) * resident->eagerness / 255 * season->keenness[resident->home] / 1000;
    if (draw_take(&bits, 65536) < wanted && weekday_of_deed(week, &bits) == season->today % 7)
        do_quest(season, resident, bits);
}

// ---- donations

static uint32_t choose_purpose(const struct season *season, uint64_t *bits)
{
    uint32_t day = today_day(season);
    bool december = day >= month_first_day(1) && day < month_first_day(2) + 4; // some are a few days late
    uint32_t share = draw_take(bits, december ? 100 : 85);
    return share < 42 ? 1 : share < 68 ? 2 : share < 85 ? 3 : PURPOSE_OF_DECEMBER;
}

static uint64_t donation_amount(const struct season *season, const struct resident *resident, uint64_t *bits)
{
    uint32_t manner = draw_take(bits, 1000);
    if (manner < 2)
        return 0;
    if (manner < 12)
        return resident->balance + 100;
    if (manner < 100)
        return 50;
    if (today_day(season) >= FINAL_DAY && manner < 800)
        return resident->balance;
    return 100 * (1 + draw_take(bits, resident->balance / 100));
}

static void donate(struct season *season, struct resident *resident, uint64_t *bits)
{
    uint8_t id[ID_BYTES], account[ID_BYTES];
    Points__V1__Donate give = POINTS__V1__DONATE__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(DONATE), id);
    bool forgot_moving = resident->old_home != resident->home && draw_take(bits, 10) < 3;
    uint8_t to = forgot_moving ? resident->old_home : resident->home;
    new_id(season, id);
    population_account(season->model, index_of(season, resident), account);
    filled.donate = &give;
    give.account = bytes16(account);
    give.municipality = season->model->codes[to];
    give.purpose = choose_purpose(season, bits);
    give.points = donation_amount(season, resident, bits);
    uint64_t sequence = stream_next(season->stream, BY_APP);
    stream_add(season->stream, &filled, model_donate(season->model, resident, to, give.purpose, give.points, sequence));
}

// ---- conversions

static uint32_t conversion_amount(const struct resident *resident, uint64_t *bits)
{
    uint32_t manner = draw_take(bits, 1000), units = resident->balance / CONVERSION_UNIT;
    if (manner < 4)
        return 150;
    if (manner < 10)
        return (units + 2) * CONVERSION_UNIT;
    return manner < 500 ? units * CONVERSION_UNIT : (1 + draw_take(bits, units)) * CONVERSION_UNIT;
}

static void await_answer(struct season *season, const struct conversion *conversion, uint32_t days)
{
    struct day *day = &season->days[season->today + days];
    if (day->conversion_count == day->conversion_room) {
        day->conversion_room = day->conversion_room ? 2 * day->conversion_room : 64;
        day->conversions = xrealloc(day->conversions, day->conversion_room * sizeof *day->conversions);
    }
    day->conversions[day->conversion_count++] = *conversion;
}

static void convert(struct season *season, struct resident *resident, uint64_t *bits)
{
    uint8_t account[ID_BYTES];
    struct conversion made = {.resident = index_of(season, resident), .points = conversion_amount(resident, bits)};
    Points__V1__RequestConversion conversion = POINTS__V1__REQUEST_CONVERSION__INIT;
    Points__V1__Transaction filled = transaction(TRANSACTION(REQUEST_CONVERSION), made.id);
    new_id(season, made.id);
    population_account(season->model, made.resident, account);
    filled.request_conversion = &conversion;
    conversion.account = bytes16(account);
    conversion.points = made.points;
    uint64_t sequence = stream_next(season->stream, BY_APP);
    struct expected outcome = model_request(season->model, resident, made.points, sequence);
    stream_add(season->stream, &filled, outcome);
    if (outcome.code == OUTCOME(APPLIED))
        await_answer(season, &made, 2 + draw_take(bits, 3));
}

// The WAON side's answer to one conversion. `outcome` NULL: the model decides.
static void answer(struct season *season, struct conversion *conversion, bool settled, const struct expected *outcome)
{
    uint8_t id[ID_BYTES];
    Points__V1__SettleConversion settle = POINTS__V1__SETTLE_CONVERSION__INIT;
    Points__V1__RefuseConversion refuse = POINTS__V1__REFUSE_CONVERSION__INIT;
    Points__V1__Transaction filled =
        transaction(settled ? TRANSACTION(SETTLE_CONVERSION) : TRANSACTION(REFUSE_CONVERSION), id);
    new_id(season, id);
    settle.conversion = refuse.conversion = bytes16(conversion->id);
    refuse.reason = (char *)"会員番号が確認できません";
    if (settled)
        filled.settle_conversion = &settle;
    else
        filled.refuse_conversion = &refuse;
    uint64_t sequence = stream_next(season->stream, BY_WAON);
    struct resident *resident = &season->model->residents[conversion->resident];
    stream_add(season->stream, &filled,
        outcome ? *outcome : model_answer(season->model, resident, conversion->points, settled, sequence));
}

static void answer_due(struct season *season)
{
    static const struct expected not_pending = {.code = OUTCOME(CONVERSION_NOT_PENDING)};
    static const struct expected unknown = {.code = OUTCOME(CONVERSION_UNKNOWN)};
    struct day *day = &season->days[season->today];
    for (size_t i = 0; i < day->conversion_count; i++) {
        struct conversion *conversion = &day->conversions[i];
        uint64_t bits = draw(season->model->seed, DRAW_WAON, season->id_count, 0);
        bool settled = draw_take(&bits, 100) >= 5;
        answer(season, conversion, settled, NULL);
        if (draw_take(&bits, 200) == 0)
            answer(season, conversion, !settled, &not_pending); // a second thought comes too late
        if (draw_take(&bits, 2000) == 0) {
            struct conversion stranger = *conversion;
            memset(stranger.id, 0xee, sizeof stranger.id);
            answer(season, &stranger, true, &unknown);
        }
    }
    free(day->conversions);
    day->conversions = NULL;
}

// ---- a day

// Moving, giving, converting: each with its own small share of the day's people.
static void perhaps_something_else(struct season *season, struct resident *resident)
{
    uint64_t bits = draw(season->model->seed, DRAW_DAY, index_of(season, resident), season->today);
    uint32_t share = (uint32_t)(bits >> 20) % PER_MILLION, day = today_day(season);
    uint32_t donating = day >= FINAL_DAY ? 17000 : 2600;
    uint32_t converting = day >= CONVERSION_FIRST_DAY ? 4200 : day + 7 >= CONVERSION_FIRST_DAY ? 60 : 0;
    if (share < 130)
        move_account(season, resident, &bits);
    else if (share < 130 + donating && resident->balance >= 100)
        donate(season, resident, &bits);
    else if (share >= PER_MILLION - converting && resident->balance >= 300)
        convert(season, resident, &bits);
}

static void play_day(struct season *season)
{
    struct model *model = season->model;
    move_time(season);
    answer_due(season);
    post_waiting(season);
    for (uint32_t i = 0; i < model->resident_count; i++) {
        struct resident *resident = &model->residents[i];
        if (season->today == resident->opens_on)
            open_account(season, resident);
        if (season->today <= resident->opens_on && resident->last_sequence == 0 && resident->eagerness == 0)
            continue;
        perhaps_quest(season, resident);
        if (resident->last_sequence)
            perhaps_something_else(season, resident);
    }
}

static void show_progress(const struct season *season)
{
    char text[JST_DAY_BYTES];
    jst_print_day(today_day(season), text);
    fprintf(stderr, "\r%s: %" PRIu64 " transactions", text, stream_transactions(season->stream));
    if (season->today == SEASON_DAYS - 1)
        fprintf(stderr, "\r%60s\r", "");
}

void season_play(struct model *model, struct stream *stream)
{
    struct season *season = xcalloc(1, sizeof *season);
    bool progress = isatty(STDERR_FILENO);
    season->model = model;
    season->stream = stream;
    model->now = day_begin(SEASON_FIRST_DAY) + 9 * HOUR_S;
    for (uint32_t i = 0; i < MUNICIPALITIES; i++)
        season->keenness[i] = 820 + (uint32_t)(draw(model->seed, DRAW_PLACE, i, 1) % 180);
    set_up(season);
    for (; season->today < SEASON_DAYS; season->today++) {
        play_day(season);
        if (progress)
            show_progress(season);
    }
    stream_finish(stream);
    for (int i = 0; i < DAYS_BEYOND; i++) {
        free(season->days[SEASON_DAYS + i].posts);
        free(season->days[SEASON_DAYS + i].conversions);
    }
    free(season);
}
