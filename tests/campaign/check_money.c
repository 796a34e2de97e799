// Donations, what was paid out of them, and conversions that wait.
#include "tests/campaign/check_parts.h"

#include <inttypes.h>

// ---- donations

static void check_donation_row(
    const struct model *model, const Points__V1__DonationTotal *row, bool by_original, struct donations *seen)
{
    uint32_t month = month_of(row->first_day);
    if (row->first_day != month_first_day(month) || row->purpose == 0 || row->purpose > PURPOSES)
        fail(EXIT_FAILED, "donations: the daemon has a row for day %" PRIu32 " and purpose %" PRIu32, row->first_day,
            row->purpose);
    const struct donations *ours = &model->donations[month][position(model, row->municipality)][row->purpose];
    same("donations of a municipality for a purpose in a month, their number", row->donations, ours->count);
    same("donations of a municipality for a purpose in a month, points", row->points, ours->points);
    same("donations of a municipality for a purpose in a month, reversed", row->reversed_donations,
        by_original ? ours->reversed_count : ours->reversals_count);
    same("donations of a municipality for a purpose in a month, points reversed", row->reversed_points,
        by_original ? ours->reversed_points : ours->reversals_points);
    seen->count += row->donations;
    seen->points += row->points;
    seen->reversed_count += row->reversed_donations;
    seen->reversed_points += row->reversed_points;
}

static void check_donations_by(const struct model *model, struct client *client, bool by_original)
{
    Points__V1__GetDonationTotals get = POINTS__V1__GET_DONATION_TOTALS__INIT;
    struct donations seen = {0}, ours = model_donations_total(model);
    get.unit = POINTS__V1__TOTALS_UNIT__MONTH;
    get.by_original = by_original;
    do {
        Points__V1__Response *response = ask(client, REQUEST(GET_DONATION_TOTALS), &get, RESPONSE(DONATION_TOTALS));
        for (size_t i = 0; i < response->donation_totals->n_rows; i++)
            check_donation_row(model, response->donation_totals->rows[i], by_original, &seen);
        get.offset = response->donation_totals->next_offset;
        client_free_response(response);
    } while (get.offset);
    same("donations, their number", seen.count, ours.count);
    same("donations, points", seen.points, ours.points);
    same("donations, reversed", seen.reversed_count, ours.reversed_count);
    same("donations, points reversed", seen.reversed_points, ours.reversed_points);
}

void check_donations(const struct model *model, struct client *client)
{
    check_donations_by(model, client, true);
    check_donations_by(model, client, false);
}

// ---- settlements

static void check_settlement(
    const struct model *model, const Points__V1__Settlement *row, const struct settlement *ours)
{
    same("settlement, sequence", row->sequence, ours->sequence);
    same("settlement, day", row->day, ours->day);
    same("settlement, municipality", position(model, row->municipality), ours->municipality);
    same("settlement, purpose", row->purpose, ours->purpose);
    same("settlement, to day", row->to_day, ours->to_day);
    same("settlement, points", row->points, ours->points);
}

static void check_open(const struct model *model, const Points__V1__SettlementsReply *reply)
{
    uint64_t rows_expected = 0;
    for (uint32_t i = 0; i < MUNICIPALITIES; i++)
        for (uint32_t purpose = 1; purpose <= PURPOSES; purpose++)
            rows_expected += model_open_donations(model, i, purpose, MONTHS - 1) != 0;
    same("open donations, number of rows", reply->n_open, rows_expected);
    for (size_t i = 0; i < reply->n_open; i++) {
        const Points__V1__OpenDonations *row = reply->open[i];
        int64_t ours = model_open_donations(model, position(model, row->municipality), row->purpose, MONTHS - 1);
        same("open donations of a municipality for a purpose", (uint64_t)row->points, (uint64_t)ours);
    }
}

void check_settlements(const struct model *model, struct client *client)
{
    Points__V1__GetSettlements get = POINTS__V1__GET_SETTLEMENTS__INIT;
    Points__V1__Response *response = ask(client, REQUEST(GET_SETTLEMENTS), &get, RESPONSE(SETTLEMENTS));
    const Points__V1__SettlementsReply *reply = response->settlements;
    same("settlements", reply->n_settlements, model->settlement_count);
    for (size_t i = 0; i < reply->n_settlements; i++)
        check_settlement(model, reply->settlements[i], &model->settlements[i]);
    check_open(model, reply);
    client_free_response(response);
}

// ---- conversions

void check_pending(const struct model *model, struct client *client)
{
    Points__V1__GetPendingConversions get = POINTS__V1__GET_PENDING_CONVERSIONS__INIT;
    uint64_t count = 0, points = 0;
    do {
        Points__V1__Response *response =
            ask(client, REQUEST(GET_PENDING_CONVERSIONS), &get, RESPONSE(PENDING_CONVERSIONS));
        const Points__V1__PendingConversionsReply *reply = response->pending_conversions;
        for (size_t i = 0; i < reply->n_conversions; i++)
            points += reply->conversions[i]->points;
        count += reply->n_conversions;
        get.after = reply->next;
        client_free_response(response);
    } while (get.after);
    same("pending conversions", count, model->pending);
    same("pending conversions, points", points, model_total(model).held);
}
