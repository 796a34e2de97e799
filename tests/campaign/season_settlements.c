// Donations are paid out to the municipalities: twice in the season, each time those up to the end of a month.
#include "tests/campaign/season_parts.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    uint32_t day, month; // on this day, what was given until the end of this month
} runs[] = {{JANUARY + 11, 1}, {MARCH + 15, 3}};

static void settle(struct season *season, uint32_t month, uint8_t municipality, uint8_t purpose)
{
    struct posting posting;
    Points__V1__SettleDonations body = POINTS__V1__SETTLE_DONATIONS__INIT;
    char reference[32];
    uint32_t code = season->model->codes[municipality];
    snprintf(reference, sizeof reference, "%06" PRIu32 "-%d-%" PRIu32, code, purpose, season->today);
    posting_begin(season, &posting, TRANSACTION(SETTLE_DONATIONS));
    posting.transaction.settle_donations = &body;
    body.municipality = code;
    body.purpose = purpose;
    body.to_day = month_last_day(month);
    body.reference = reference;
    uint64_t sequence = stream_next(season->stream, BY_TWO_OPERATORS);
    stream_add(
        season->stream, &posting.transaction, model_settle(season->model, municipality, purpose, month, sequence));
}

void settlements_of_today(struct season *season)
{
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        for (uint8_t municipality = 0; runs[i].day == season->today && municipality < MUNICIPALITIES; municipality++)
            for (uint8_t purpose = 1; purpose <= PURPOSES; purpose++)
                settle(season, runs[i].month, municipality, purpose);
}
