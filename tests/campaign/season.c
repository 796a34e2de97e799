// The season, day by day at 20:00 JST. Every decision is drawn from the seed, so a run repeats.
#include "tests/campaign/season.h"
#include "tests/campaign/season_parts.h"
#include "tools/jst.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    POSTING_HOUR = 20, // when the backend posts the day's transactions
    IDS_PER_MS = 4,    // so that ids ascend through the day
};

// ---- posting

static void new_id(struct season *season, uint8_t id[ID_BYTES])
{
    uint64_t number = season->ids++, halves[2];
    uint64_t now_ms = (uint64_t)season->model->now * 1000 + season->ids_today++ / IDS_PER_MS;
    halves[0] = draw(season->model->seed, DRAW_ID, number, 0);
    halves[1] = draw(season->model->seed, DRAW_ID_REST, number, 0);
    uuid7_at(now_ms, (const uint8_t *)halves, id);
}

ProtobufCBinaryData bytes16(uint8_t id[ID_BYTES])
{
    return (ProtobufCBinaryData){ID_BYTES, id};
}

void posting_begin(struct season *season, struct posting *posting, transaction_type type)
{
    points__v1__transaction__init(&posting->transaction);
    new_id(season, posting->id);
    posting->transaction.id = bytes16(posting->id);
    posting->transaction.body_case = type;
}

ProtobufCBinaryData posting_account(const struct season *season, struct posting *posting, uint32_t resident)
{
    population_account(season->model, resident, posting->account);
    return bytes16(posting->account);
}

void set_time(struct season *season, int64_t time)
{
    struct posting posting;
    Points__V1__SetTime body = POINTS__V1__SET_TIME__INIT;
    posting_begin(season, &posting, TRANSACTION(SET_TIME));
    posting.transaction.set_time = &body;
    body.time = time;
    stream_set_time(season->stream, &posting.transaction, time);
    model_set_time(season->model, time);
    season->ids_today = 0;
}

// ---- who and when

uint32_t index_of(const struct season *season, const struct resident *resident)
{
    return (uint32_t)(resident - season->model->residents);
}

uint32_t how_many(const struct season *season, enum draw_topic topic, uint32_t people, uint32_t per_million)
{
    uint64_t expected = (uint64_t)people * per_million;
    uint64_t left_over = draw(season->model->seed, topic, UINT32_MAX, season->today) % PER_MILLION;
    return (uint32_t)((expected + left_over) / PER_MILLION);
}

bool may_spend(const struct resident *resident)
{
    return resident->last_sequence &&
           (resident->status == ACCOUNT_STATUS(OPEN) || resident->status == ACCOUNT_STATUS(FROZEN));
}

struct resident *somebody(
    const struct season *season, enum draw_topic topic, uint32_t number, uint32_t among, uint64_t *bits)
{
    *bits = draw(season->model->seed, topic, number, season->today);
    struct resident *resident = &season->model->residents[*bits % among];
    *bits = mix64(*bits);
    return may_spend(resident) ? resident : NULL;
}

struct day *day_after(struct season *season, uint32_t days)
{
    return &season->days[season->today + days - SEASON_FIRST_DAY];
}

void *later(struct waiting *waiting, size_t size)
{
    if (waiting->count == waiting->room) {
        waiting->room = waiting->room ? 2 * waiting->room : 16;
        waiting->items = xrealloc(waiting->items, waiting->room * size);
    }
    return (char *)waiting->items + waiting->count++ * size;
}

// ---- the days

static void free_day(struct day *day)
{
    free(day->awards.items);
    free(day->conversions.items);
    free(day->tasks.items);
    *day = (struct day){0};
}

static void play_day(struct season *season)
{
    set_time(season, day_begin(season->today) + POSTING_HOUR * HOUR_S);
    setup_of_today(season);
    notices_of_today(season);
    settlements_of_today(season);
    office_of_today(season);
    conversions_answered(season);
    awards_waiting(season);
    accounts_of_today(season);
    sdgs_of_today(season);
    outings_of_today(season);
    receipts_of_today(season);
    donations_of_today(season);
    conversions_of_today(season);
    free_day(day_after(season, 0));
}

static void show_progress(const struct season *season)
{
    char text[JST_DAY_BYTES];
    jst_print_day(season->today, text);
    fprintf(stderr, "\r%s: %" PRIu64 " transactions", text, stream_transactions(season->stream));
    if (season->today == SEASON_LAST_DAY)
        fprintf(stderr, "\r%60s\r", "");
}

void season_play(struct model *model, struct population *population, struct stream *stream)
{
    struct season *season = xcalloc(1, sizeof *season);
    bool progress = isatty(STDERR_FILENO);
    *season = (struct season){.model = model, .population = population, .stream = stream, .today = SEASON_FIRST_DAY};
    for (uint32_t i = 0; i < MUNICIPALITIES; i++)
        season->keenness[i] = 820 + (uint32_t)(draw(model->seed, DRAW_PLACE, i, 1) % 180);
    setup_programme(season);
    for (; season->today <= SEASON_LAST_DAY; season->today++) {
        play_day(season);
        if (progress)
            show_progress(season);
    }
    set_time(season, model->now + HOUR_S); // a last block, so that the last day's expiry is in the books
    stream_finish(stream);
    for (int i = 0; i < SEASON_DAYS + DAYS_BEYOND; i++)
        free_day(&season->days[i]);
    free(season);
}
