// Accounts: people open them, move house, and a few leave.
#include "tests/campaign/season_parts.h"

enum { MOVING = 130, LEAVING = 12 }; // per million and day

void account_open(struct season *season, uint32_t resident)
{
    struct posting posting;
    Points__V1__OpenAccount body = POINTS__V1__OPEN_ACCOUNT__INIT;
    posting_begin(season, &posting, TRANSACTION(OPEN_ACCOUNT));
    posting.transaction.open_account = &body;
    struct resident *opening = &season->model->residents[resident];
    body.account = posting_account(season, &posting, resident);
    body.municipality = season->model->codes[opening->home];
    uint64_t sequence = stream_next(season->stream, BY_APP);
    stream_add(season->stream, &posting.transaction, model_open(season->model, opening, sequence));
}

static void move(struct season *season, struct resident *resident, uint64_t *bits)
{
    struct posting posting;
    Points__V1__MoveAccount body = POINTS__V1__MOVE_ACCOUNT__INIT;
    uint8_t to = population_other_place(season->population, season->model, resident->home, bits);
    season->population->people[index_of(season, resident)].old_home = resident->home;
    posting_begin(season, &posting, TRANSACTION(MOVE_ACCOUNT));
    posting.transaction.move_account = &body;
    body.account = posting_account(season, &posting, index_of(season, resident));
    body.municipality = season->model->codes[to];
    uint64_t sequence = stream_next(season->stream, BY_APP);
    stream_add(season->stream, &posting.transaction, model_move(season->model, resident, to, sequence));
}

static void leave(struct season *season, struct resident *resident)
{
    struct posting posting;
    Points__V1__CloseAccount body = POINTS__V1__CLOSE_ACCOUNT__INIT;
    posting_begin(season, &posting, TRANSACTION(CLOSE_ACCOUNT));
    posting.transaction.close_account = &body;
    body.account = posting_account(season, &posting, index_of(season, resident));
    uint64_t sequence = stream_next(season->stream, BY_APP);
    struct expected outcome = model_close(season->model, resident, sequence);
    stream_add(season->stream, &posting.transaction, outcome);
    if (outcome.code == OUTCOME(APPLIED))
        season->population->people[index_of(season, resident)].eagerness = 0;
}

static void open_due(struct season *season)
{
    uint32_t offset = season->today - SEASON_FIRST_DAY;
    for (uint32_t i = 0; offset < OPENING_DAYS && i < season->population->count; i++)
        if (season->population->people[i].opens_on == offset)
            account_open(season, i);
}

void accounts_of_today(struct season *season)
{
    uint32_t people = season->population->count;
    uint64_t bits;
    open_due(season);
    for (uint32_t i = how_many(season, DRAW_MOVE, people, MOVING); i > 0; i--) {
        struct resident *resident = somebody(season, DRAW_MOVE, i, people, &bits);
        if (resident)
            move(season, resident, &bits);
    }
    for (uint32_t i = how_many(season, DRAW_LEAVE, people, LEAVING); i > 0; i--) {
        struct resident *resident = somebody(season, DRAW_LEAVE, i, people, &bits);
        if (!resident)
            continue;
        uint32_t balance = model_balance(season->model, resident);
        if (season->today >= CONVERSION_FIRST_DAY && balance >= CONVERSION_UNIT && draw_take(&bits, 4) == 0)
            convert(season, index_of(season, resident), balance / CONVERSION_UNIT * CONVERSION_UNIT); // too late
        leave(season, resident);
    }
}
