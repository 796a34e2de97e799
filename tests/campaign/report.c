// The daemon's books beside the campaign's own.
#include "tests/campaign/report.h"
#include "tests/campaign/draw.h"
#include "tests/campaign/population.h"
#include "tools/jst.h"
#include "tools/municipality_names.h"
#include "tools/outcome_names.h"
#include "tools/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS_ASKED = 300 };

static void same(const char *what, uint64_t daemon, uint64_t ours)
{
    if (daemon != ours)
        fail(EXIT_FAILED, "%s: the daemon says %" PRIu64 ", the campaign counted %" PRIu64, what, daemon, ours);
}

static uint32_t position(const struct model *model, uint32_t code)
{
    for (uint32_t i = 0; i < MUNICIPALITIES; i++)
        if (model->codes[i] == code)
            return i;
    fail(EXIT_FAILED, "the daemon knows a municipality %06" PRIu32 ", the campaign does not", code);
}

static Points__V1__Response *ask(struct client *client, Points__V1__Request *request, int kind)
{
    struct tool_error error;
    Points__V1__Response *response = client_call(client, request, &error);
    if (!response)
        fail_with(&error);
    if ((int)response->body_case != kind)
        fail(EXIT_FAILED, "the daemon answered a query with something else");
    return response;
}

// ---- the ledger and the books

static void check_ledger(struct stream *stream, struct client *client)
{
    Points__V1__Hello hello = POINTS__V1__HELLO__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(HELLO);
    request.hello = &hello;
    Points__V1__Response *response = ask(client, &request, RESPONSE(HELLO));
    same("blocks", response->hello->blocks, stream_blocks(stream));
    same("transactions", response->hello->transactions, stream_transactions(stream));
    client_free_response(response);
}

static void check_books(const char *where, const Points__V1__Books *books, const struct tally *ours)
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
        {"expired", books->expired, 0},
        {"forfeited", books->forfeited, 0},
        {"reversed", books->reversed, 0},
        {"fees", books->fees, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *what = xprintf("trial balance, %s, %s", where, rows[i].book);
        same(what, rows[i].daemon, rows[i].ours);
        free(what);
    }
}

static void check_trial_balance(const struct model *model, struct stream *stream, struct client *client)
{
    Points__V1__GetTrialBalance get = POINTS__V1__GET_TRIAL_BALANCE__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    struct tally total = model_total(model);
    char where[16];
    request.body_case = REQUEST(GET_TRIAL_BALANCE);
    request.get_trial_balance = &get;
    Points__V1__Response *response = ask(client, &request, RESPONSE(TRIAL_BALANCE));
    const Points__V1__TrialBalanceReply *reply = response->trial_balance;
    same("trial balance, last sequence", reply->last_sequence, stream_transactions(stream));
    same("trial balance, number of municipalities", reply->n_municipalities, MUNICIPALITIES);
    check_books("total", reply->total, &total);
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const Points__V1__MunicipalityBooks *row = reply->municipalities[i];
        const struct tally *ours = &model->municipalities[position(model, row->municipality)];
        snprintf(where, sizeof where, "%06" PRIu32, row->municipality);
        same("trial balance, accounts of a municipality", row->accounts, ours->accounts);
        check_books(where, row->books, ours);
    }
    client_free_response(response);
}

// ---- the quest

static void check_quest_places(const struct model *model, const Points__V1__QuestReply *reply)
{
    uint64_t rows_expected = 0, rows = 0;
    for (int i = 0; i < MUNICIPALITIES; i++)
        rows_expected += model->municipalities[i].awards != 0;
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const Points__V1__QuestMunicipality *row = reply->municipalities[i];
        const struct tally *ours = &model->municipalities[position(model, row->municipality)];
        same("quest, residents of a municipality who took part", row->residents, ours->took_part);
        same("quest, awards of a municipality", row->awards, ours->awards);
        same("quest, points of a municipality", row->points, ours->issued);
        rows += row->awards != 0;
    }
    same("quest, municipalities with awards", rows, rows_expected);
}

static void check_quest_weeks(const struct model *model, const Points__V1__QuestReply *reply)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < reply->n_periods; i++) {
        const Points__V1__QuestPeriod *row = reply->periods[i];
        uint32_t week = (row->first_day - week_first_day(0)) / 7;
        if (week >= QUEST_WEEKS || row->first_day != week_first_day((int)week))
            fail(EXIT_FAILED, "quest: the daemon has a week that begins on day %" PRIu32, row->first_day);
        uint64_t ours = model->awards[week][position(model, row->municipality)];
        same("quest, awards of a municipality in a week", row->awards, ours);
        same("quest, points of a municipality in a week", row->points, ours * QUEST_POINTS);
        seen += row->awards;
    }
    same("quest, awards of all weeks", seen, model_total(model).awards);
}

static void check_quest(const struct model *model, struct client *client)
{
    Points__V1__GetQuest get = POINTS__V1__GET_QUEST__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    struct tally total = model_total(model);
    request.body_case = REQUEST(GET_QUEST);
    request.get_quest = &get;
    get.quest = QUEST;
    Points__V1__Response *response = ask(client, &request, RESPONSE(QUEST));
    const Points__V1__QuestReply *reply = response->quest;
    same("quest, budget", reply->budget_points, model->budget);
    same("quest, issued", reply->issued_points, total.issued);
    same("quest, residents who took part", reply->residents, total.took_part);
    check_quest_places(model, reply);
    check_quest_weeks(model, reply);
    client_free_response(response);
}

// ---- donations

static void check_donation_row(const struct model *model, const Points__V1__DonationTotal *row, struct donations *seen)
{
    int month = 0;
    while (month < MONTHS && month_first_day(month) != row->first_day)
        month++;
    if (month == MONTHS || row->purpose == 0 || row->purpose > PURPOSES)
        fail(EXIT_FAILED, "donations: the daemon has a row for day %" PRIu32 " and purpose %" PRIu32, row->first_day,
            row->purpose);
    const struct donations *ours = &model->donations[month][position(model, row->municipality)][row->purpose];
    same("donations of a municipality for a purpose in a month, their number", row->donations, ours->count);
    same("donations of a municipality for a purpose in a month, points", row->points, ours->points);
    seen->count += row->donations;
    seen->points += row->points;
}

static struct donations all_donations(const struct model *model)
{
    struct donations all = {0};
    for (int month = 0; month < MONTHS; month++)
        for (uint32_t i = 0; i < MUNICIPALITIES; i++) {
            struct donations sum = model_donations(model, month, i);
            all.count += sum.count;
            all.points += sum.points;
        }
    return all;
}

static void check_donations(const struct model *model, struct client *client)
{
    Points__V1__GetDonationTotals get = POINTS__V1__GET_DONATION_TOTALS__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    struct donations seen = {0}, ours = all_donations(model);
    request.body_case = REQUEST(GET_DONATION_TOTALS);
    request.get_donation_totals = &get;
    get.unit = POINTS__V1__TOTALS_UNIT__MONTH;
    do {
        Points__V1__Response *response = ask(client, &request, RESPONSE(DONATION_TOTALS));
        for (size_t i = 0; i < response->donation_totals->n_rows; i++)
            check_donation_row(model, response->donation_totals->rows[i], &seen);
        get.offset = response->donation_totals->next_offset;
        client_free_response(response);
    } while (get.offset);
    same("donations, their number", seen.count, ours.count);
    same("donations, points", seen.points, ours.points);
}

// ---- conversions and accounts

static void check_pending(const struct model *model, struct client *client)
{
    Points__V1__GetPendingConversions get = POINTS__V1__GET_PENDING_CONVERSIONS__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    uint64_t count = 0, points = 0;
    request.body_case = REQUEST(GET_PENDING_CONVERSIONS);
    request.get_pending_conversions = &get;
    do {
        Points__V1__Response *response = ask(client, &request, RESPONSE(PENDING_CONVERSIONS));
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

static void check_account(const struct model *model, struct client *client, uint32_t index)
{
    uint8_t account[ID_BYTES];
    const struct resident *ours = &model->residents[index];
    Points__V1__GetAccount get = POINTS__V1__GET_ACCOUNT__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_ACCOUNT);
    request.get_account = &get;
    population_account(model, index, account);
    get.account = (ProtobufCBinaryData){ID_BYTES, account};
    Points__V1__Response *response = ask(client, &request, RESPONSE(ACCOUNT));
    const Points__V1__AccountReply *reply = response->account;
    same("an account's municipality", reply->municipality, model->codes[ours->home]);
    same("an account's balance", reply->balance_points, ours->balance);
    same("an account's held points", reply->held_points, ours->held);
    same("an account's last sequence", reply->last_sequence, ours->last_sequence);
    if (ours->weeks)
        same("an account's awards", reply->n_progress ? reply->progress[0]->awards : 0,
            (uint64_t)__builtin_popcount(ours->weeks));
    client_free_response(response);
}

static void check_some_accounts(const struct model *model, struct client *client)
{
    for (uint32_t i = 0; i < ACCOUNTS_ASKED; i++) {
        uint32_t index = (uint32_t)(draw(model->seed, DRAW_PERSON, i, 1) % model->resident_count);
        if (model->residents[index].last_sequence)
            check_account(model, client, index);
    }
}

void report_check(const struct model *model, struct stream *stream)
{
    struct client *client = stream_session(stream);
    check_ledger(stream, client);
    check_trial_balance(model, stream, client);
    check_quest(model, client);
    check_donations(model, client);
    check_pending(model, client);
    check_some_accounts(model, client);
}

// ---- printing

static void finish_table(const char *title, struct table *table)
{
    printf("\n%s\n", title);
    table_print(table, TABLE_PEOPLE, stdout);
    table_free(table);
}

static void print_outcomes(struct stream *stream)
{
    static const struct table_column columns[] = {
        {"transaction", TABLE_TEXT}, {"outcome", TABLE_TEXT}, {"count", TABLE_NUMBER}};
    struct table *table = table_new("outcomes", columns, sizeof columns / sizeof *columns);
    for (int type = 0; type < STREAM_TYPES; type++)
        for (int code = 0; code < STREAM_CODES; code++) {
            uint64_t count = stream_count(stream, type, code);
            if (!count)
                continue;
            table_text(table, transaction_name((transaction_type)type));
            table_text(table, outcome_name((outcome_code)code));
            table_number(table, count);
        }
    finish_table("Outcomes, each as expected", table);
}

static void add_place(struct table *table, const char *name, const struct tally *tally)
{
    table_text(table, name);
    table_number(table, tally->accounts);
    table_number(table, tally->took_part);
    table_number(table, tally->issued);
    table_number(table, tally->donated);
    table_number(table, tally->converted);
    table_number(table, tally->held);
    table_number(table, tally->balances);
}

static void print_places(const struct model *model, const struct municipality_names *names)
{
    static const struct table_column columns[] = {{"municipality", TABLE_TEXT}, {"accounts", TABLE_NUMBER},
        {"took_part", TABLE_NUMBER}, {"issued", TABLE_NUMBER}, {"donated", TABLE_NUMBER}, {"converted", TABLE_NUMBER},
        {"held", TABLE_NUMBER}, {"balances", TABLE_NUMBER}};
    struct table *table = table_new("municipalities", columns, sizeof columns / sizeof *columns);
    struct tally total = model_total(model);
    for (int i = 0; i < MUNICIPALITIES; i++) {
        const struct municipality_name *name = municipality_names_get(names, model->codes[i]);
        add_place(table, name ? name->ja : "?", &model->municipalities[i]);
    }
    add_place(table, "合計", &total);
    finish_table("The twelve municipalities, in points", table);
}

static void print_weeks(const struct model *model)
{
    static const struct table_column columns[] = {
        {"week", TABLE_NUMBER}, {"from", TABLE_TEXT}, {"took_part", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("weeks", columns, sizeof columns / sizeof *columns);
    char day[JST_DAY_BYTES];
    for (int week = 0; week < QUEST_WEEKS; week++) {
        uint64_t awards = 0;
        for (int i = 0; i < MUNICIPALITIES; i++)
            awards += model->awards[week][i];
        jst_print_day(week_first_day(week), day);
        table_number(table, (uint64_t)week + 1);
        table_text(table, day);
        table_number(table, awards);
        table_number(table, awards * QUEST_POINTS);
    }
    finish_table("The SDGs quest by week", table);
}

static void print_quest(const struct model *model)
{
    static const struct table_column columns[] = {{"budget", TABLE_NUMBER}, {"issued", TABLE_NUMBER},
        {"budget_left", TABLE_NUMBER}, {"residents_who_took_part", TABLE_NUMBER}, {"awards", TABLE_NUMBER}};
    struct table *table = table_new("quest", columns, sizeof columns / sizeof *columns);
    struct tally total = model_total(model);
    table_number(table, model->budget);
    table_number(table, total.issued);
    table_number(table, model->budget - total.issued);
    table_number(table, total.took_part);
    table_number(table, total.awards);
    finish_table("The SDGs quest as a whole", table);
}

static void print_ends(const struct model *model, struct stream *stream)
{
    char day[JST_DAY_BYTES];
    putchar('\n');
    if (model->exhausted_on) {
        jst_print_day(model->exhausted_on, day);
        printf("The budget ran out on %s; %" PRIu64 " awards were refused from then on.\n", day,
            stream_count(stream, TRANSACTION(AWARD), OUTCOME(BUDGET_EXHAUSTED)));
    }
    printf("Envelopes sent twice, as after a lost answer: %" PRIu64 ". Nothing was applied twice.\n",
        stream_envelopes_again(stream));
}

void report_print(const struct model *model, struct stream *stream)
{
    struct tool_error error;
    struct municipality_names names;
    if (!municipality_names_fetch(stream_session(stream), &names, &error))
        fail_with(&error);
    print_outcomes(stream);
    print_places(model, &names);
    print_weeks(model);
    print_quest(model);
    print_ends(model, stream);
    municipality_names_free(&names);
}
