// The trial balance, and what expired and will.
#include "tests/campaign/check_parts.h"
#include "tests/campaign/model_lots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void check_row(const char *where, const Points__V1__Books *books, const struct books *ours)
{
    const struct {
        const char *book;
        uint64_t daemon, ours;
    } rows[] = {
        {"issued", books->issued, ours->issued},
        {"balances", books->balances, ours->balances},
        {"held", books->held, ours->held},
        {"donated", books->donated, ours->donated},
        {"converted", books->converted, ours->converted},
        {"expired", books->expired, ours->expired},
        {"forfeited", books->forfeited, ours->forfeited},
        {"reversed", books->reversed, ours->reversed},
        {"fees", books->fees, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *what = xprintf("trial balance, %s, %s", where, rows[i].book);
        same(what, rows[i].daemon, rows[i].ours);
        free(what);
    }
}

void check_books(const struct model *model, struct client *client, uint64_t sequence)
{
    Points__V1__GetTrialBalance get = POINTS__V1__GET_TRIAL_BALANCE__INIT;
    struct books total = model_total(model);
    char where[16];
    Points__V1__Response *response = ask(client, REQUEST(GET_TRIAL_BALANCE), &get, RESPONSE(TRIAL_BALANCE));
    const Points__V1__TrialBalanceReply *reply = response->trial_balance;
    same("trial balance, last sequence", reply->last_sequence, sequence);
    same("trial balance, number of municipalities", reply->n_municipalities, MUNICIPALITIES);
    check_row("total", reply->total, &total);
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const Points__V1__MunicipalityBooks *row = reply->municipalities[i];
        const struct books *ours = &model->books[position(model, row->municipality)];
        snprintf(where, sizeof where, "%06" PRIu32, row->municipality);
        same("trial balance, accounts of a municipality", row->accounts, ours->accounts);
        check_row(where, row->books, ours);
    }
    client_free_response(response);
}

// ---- expiry

static void check_expiry_row(const struct model *model, const Points__V1__ExpiryRow *row)
{
    if (row->last_day - SEASON_FIRST_DAY >= EXPIRY_DAYS)
        fail(EXIT_FAILED, "expiry: the daemon has a row for day %" PRIu32, row->last_day);
    same("expiry, points of a last day and municipality", row->points,
        model->lots->outstanding[row->last_day - SEASON_FIRST_DAY][position(model, row->municipality)]);
    same("expiry, whether they are expired", (uint64_t)row->expired, row->last_day < model->today);
}

void check_expiry(const struct model *model, struct client *client)
{
    Points__V1__GetExpiry get = POINTS__V1__GET_EXPIRY__INIT;
    uint64_t rows = 0, rows_expected = 0;
    for (uint32_t day = 0; day < EXPIRY_DAYS; day++)
        for (uint32_t i = 0; i < MUNICIPALITIES; i++)
            rows_expected += model->lots->outstanding[day][i] != 0;
    do {
        Points__V1__Response *response = ask(client, REQUEST(GET_EXPIRY), &get, RESPONSE(EXPIRY));
        for (size_t i = 0; i < response->expiry->n_rows; i++)
            check_expiry_row(model, response->expiry->rows[i]);
        rows += response->expiry->n_rows;
        get.offset = response->expiry->next_offset;
        client_free_response(response);
    } while (get.offset);
    same("expiry, number of rows", rows, rows_expected);
}
