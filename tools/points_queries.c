// Commands that ask: accounts, statements, totals, quests, the programme, the ledger itself.
#include "proto/entry.h"
#include "tools/jst.h"
#include "tools/outcome_names.h"
#include "tools/points.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- cells

static void id_cell(struct table *table, const ProtobufCBinaryData *id)
{
    char text[ID_TEXT_BYTES] = "";
    if (id && id->len == ID_BYTES)
        id_print(id->data, text);
    table_text(table, text);
}

static void day_cell(struct table *table, uint32_t day)
{
    char text[JST_DAY_BYTES];
    jst_print_day(day, text);
    table_text(table, text);
}

static void time_cell(struct table *table, int64_t unix_s)
{
    char text[JST_TIME_BYTES];
    jst_print_time(unix_s, text);
    table_text(table, text);
}

// ---- residents

static int run_account(struct context *context)
{
    static const struct table_column columns[] = {{"account", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"balance_points", TABLE_NUMBER}, {"held_points", TABLE_NUMBER}, {"last_sequence", TABLE_ORDINAL}};
    static const struct table_column quest_columns[] = {
        {"quest", TABLE_ORDINAL}, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"last_period", TABLE_TEXT}};
    uint8_t account[ID_BYTES];
    bool quests = option_get(context, "quests");
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__GetAccount ask = POINTS__V1__GET_ACCOUNT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_ACCOUNT);
    request.get_account = &ask;
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, &request);
    const Points__V1__AccountReply *reply = response->account;
    struct table *table = quests ? table_new("quests", quest_columns, COUNT(quest_columns))
                                 : table_new("accounts", columns, COUNT(columns));
    if (!quests) {
        id_cell(table, &reply->account);
        context_municipality_cells(context, table, reply->municipality);
        table_number(table, reply->balance_points);
        table_number(table, reply->held_points);
        table_number(table, reply->last_sequence);
    }
    for (size_t i = 0; quests && i < reply->n_progress; i++) {
        table_number(table, reply->progress[i]->quest);
        table_number(table, reply->progress[i]->awards);
        table_number(table, reply->progress[i]->points);
        day_cell(table, reply->progress[i]->last_period_day);
    }
    client_free_response(response);
    return context_print(context, table);
}

// What an entry did to the balance that can be spent.
static int64_t balance_change(const Points__V1__LedgerEntry *entry)
{
    int64_t points = (int64_t)entry->outcome->points, expired = (int64_t)entry->outcome->expired;
    if (entry->outcome->code != OUTCOME(APPLIED))
        points = 0;
    switch (entry->transaction->body_case) {
    case TRANSACTION(AWARD):
    case TRANSACTION(REFUSE_CONVERSION):
        return points - expired;
    case TRANSACTION(DONATE):
    case TRANSACTION(REQUEST_CONVERSION):
        return -points - expired;
    default:
        return -expired;
    }
}

// What stands beside a row's type: the quest, the purpose, the municipality, the conversion.
static void detail_cell(struct table *table, const Points__V1__Transaction *transaction)
{
    char text[80] = "", when[JST_TIME_BYTES];
    switch (transaction->body_case) {
    case TRANSACTION(AWARD):
        jst_print_time(transaction->award->occurred_at, when);
        snprintf(text, sizeof text, "quest %" PRIu32 ", %s", transaction->award->quest, when);
        break;
    case TRANSACTION(DONATE):
        snprintf(text, sizeof text, "purpose %" PRIu32 " of %06" PRIu32, transaction->donate->purpose,
            transaction->donate->municipality);
        break;
    case TRANSACTION(OPEN_ACCOUNT):
        snprintf(text, sizeof text, "in %06" PRIu32, transaction->open_account->municipality);
        break;
    case TRANSACTION(MOVE_ACCOUNT):
        snprintf(text, sizeof text, "to %06" PRIu32, transaction->move_account->municipality);
        break;
    case TRANSACTION(SETTLE_CONVERSION):
        id_print(transaction->settle_conversion->conversion.data, text);
        break;
    case TRANSACTION(REFUSE_CONVERSION):
        id_print(transaction->refuse_conversion->conversion.data, text);
        break;
    default:
        break;
    }
    table_text(table, text);
}

static const struct table_column entry_columns[] = {{"sequence", TABLE_ORDINAL}, {"time", TABLE_TEXT},
    {"type", TABLE_TEXT}, {"detail", TABLE_TEXT}, {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER},
    {"balance_points", TABLE_NUMBER}, {"id", TABLE_TEXT}};

static bool is_whole(const Points__V1__LedgerEntry *entry)
{
    return entry && entry->transaction && entry->outcome;
}

// Newest first; the balance after each entry is counted back from the balance now.
static size_t statement_page(
    struct table *table, const Points__V1__StatementReply *page, int64_t *balance, size_t rows_max)
{
    size_t i;
    for (i = 0; i < page->n_entries && i < rows_max; i++) {
        const Points__V1__LedgerEntry *entry = page->entries[i];
        if (!is_whole(entry))
            fail(EXIT_FAILED, "the daemon's answer lacks a part");
        int64_t change = balance_change(entry);
        table_number(table, entry->sequence);
        time_cell(table, entry->time);
        table_text(table, transaction_name(entry->transaction->body_case));
        detail_cell(table, entry->transaction);
        table_text(table, outcome_name(entry->outcome->code));
        table_signed(table, change);
        table_signed(table, *balance);
        id_cell(table, &entry->transaction->id);
        *balance -= change;
    }
    return i;
}

static int run_statement(struct context *context)
{
    enum { PAGE_ROWS = 100 };
    uint8_t account[ID_BYTES];
    const char *limit = option_get(context, "limit");
    size_t rows_left = limit ? parse_number(context, "--limit", limit, 1, UINT32_MAX) : SIZE_MAX;
    int64_t balance = 0;
    parse_id(context, "ACCOUNT", argument_xget(context, 0), account);
    Points__V1__GetStatement ask = POINTS__V1__GET_STATEMENT__INIT;
    ask.account = (ProtobufCBinaryData){ID_BYTES, account};
    ask.limit = PAGE_ROWS;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_STATEMENT);
    request.get_statement = &ask;
    context_session(context);
    struct table *table = table_new("statement", entry_columns, COUNT(entry_columns));
    do {
        Points__V1__Response *response = context_call(context, &request);
        if (ask.before == 0)
            balance = (int64_t)response->statement->balance_points;
        rows_left -= statement_page(table, response->statement, &balance, rows_left);
        ask.before = response->statement->next;
        client_free_response(response);
    } while (ask.before && rows_left);
    return context_print(context, table);
}

static int run_transaction(struct context *context)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"block", TABLE_ORDINAL},
        {"time", TABLE_TEXT}, {"type", TABLE_TEXT}, {"account", TABLE_TEXT}, {"detail", TABLE_TEXT},
        {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"id", TABLE_TEXT}};
    uint8_t id[ID_BYTES];
    parse_id(context, "ID", argument_xget(context, 0), id);
    Points__V1__GetTransaction ask = POINTS__V1__GET_TRANSACTION__INIT;
    ask.id = (ProtobufCBinaryData){ID_BYTES, id};
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_TRANSACTION);
    request.get_transaction = &ask;
    context_session(context);
    Points__V1__Response *response = context_call(context, &request);
    const Points__V1__LedgerEntry *entry = response->transaction->entry;
    if (!is_whole(entry))
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = table_new("transactions", columns, COUNT(columns));
    table_number(table, entry->sequence);
    table_number(table, entry->block);
    time_cell(table, entry->time);
    table_text(table, transaction_name(entry->transaction->body_case));
    id_cell(table, entry_account(entry->transaction));
    detail_cell(table, entry->transaction);
    table_text(table, outcome_name(entry->outcome->code));
    table_number(table, entry->outcome->points);
    id_cell(table, &entry->transaction->id);
    if (entry->outcome->code != OUTCOME(APPLIED))
        say("%s: %s", outcome_name(entry->outcome->code), outcome_advice(entry->outcome->code));
    client_free_response(response);
    return context_print(context, table);
}

// ---- totals

static const struct table_column total_columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
    {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER}};

struct totals_sum {
    uint64_t donations, points;
};

struct purpose_names {
    struct {
        uint32_t purpose;
        char *name;
    } * rows;
    size_t count;
};

static void purpose_names_free(struct purpose_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->rows[i].name);
    free(names->rows);
    *names = (struct purpose_names){0};
}

static void purpose_names_fetch(struct context *context, struct purpose_names *names)
{
    Points__V1__GetProgramme ask = POINTS__V1__GET_PROGRAMME__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_PROGRAMME);
    request.get_programme = &ask;
    ask.part = POINTS__V1__PROGRAMME_PART__PURPOSES;
    purpose_names_free(names);
    do {
        Points__V1__Response *response = context_call(context, &request);
        const Points__V1__ProgrammeReply *page = response->programme;
        names->rows = xrealloc(names->rows, (names->count + page->n_purposes) * sizeof *names->rows);
        for (size_t i = 0; i < page->n_purposes; i++, names->count++) {
            names->rows[names->count].purpose = page->purposes[i]->purpose;
            names->rows[names->count].name = xstrdup(page->purposes[i]->name);
        }
        ask.offset = page->next_offset;
        client_free_response(response);
    } while (ask.offset);
}

static const char *purpose_name(const struct purpose_names *names, uint32_t purpose)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->rows[i].purpose == purpose)
            return names->rows[i].name;
    return NULL;
}

// A purpose that was defined since the names were read makes them be read again.
static void purpose_cells(struct context *context, struct table *table, struct purpose_names *names, uint32_t purpose)
{
    if (!purpose_name(names, purpose))
        purpose_names_fetch(context, names);
    table_number(table, purpose);
    table_text(table, purpose_name(names, purpose));
}

static void total_rows(struct context *context, struct table *table, struct purpose_names *names,
    const Points__V1__DonationTotalsReply *page, struct totals_sum *sum)
{
    for (size_t i = 0; i < page->n_rows; i++) {
        const Points__V1__DonationTotal *row = page->rows[i];
        if (row->first_day)
            day_cell(table, row->first_day);
        else
            table_text(table, "");
        context_municipality_cells(context, table, row->municipality);
        purpose_cells(context, table, names, row->purpose);
        table_number(table, row->donations);
        table_number(table, row->points);
        sum->donations += row->donations;
        sum->points += row->points;
    }
}

// People get a last line with the sums; machines add up themselves.
static void total_line(const struct context *context, struct table *table, struct totals_sum sum)
{
    if (context->format != TABLE_PEOPLE || table_rows(table) < 2)
        return;
    table_text(table, "total");
    for (int i = 0; i < 5; i++)
        table_empty(table);
    table_number(table, sum.donations);
    table_number(table, sum.points);
}

// One pass over the pages. False: the ledger moved on between two of them.
static bool totals_pages(struct context *context, Points__V1__GetDonationTotals *ask, struct table *table,
    struct purpose_names *names, struct totals_sum *sum)
{
    uint64_t sequence = 0;
    bool same = true;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_DONATION_TOTALS);
    request.get_donation_totals = ask;
    ask->offset = 0;
    do {
        Points__V1__Response *response = context_call(context, &request);
        const Points__V1__DonationTotalsReply *page = response->donation_totals;
        same = ask->offset == 0 || page->last_sequence == sequence;
        sequence = page->last_sequence;
        if (same)
            total_rows(context, table, names, page, sum);
        ask->offset = page->next_offset;
        client_free_response(response);
    } while (same && ask->offset);
    return same;
}

static Points__V1__GetDonationTotals totals_asked(struct context *context)
{
    const char *purpose = option_get(context, "purpose"), *unit = option_get(context, "by");
    const char *from = option_get(context, "from"), *to = option_get(context, "to");
    const char *municipality = option_get(context, "municipality");
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.purpose = purpose ? (uint32_t)parse_number(context, "--purpose", purpose, 1, UINT32_MAX) : 0;
    ask.from_day = from ? parse_day(context, "--from", from) : 0;
    ask.to_day = to ? parse_day(context, "--to", to) : 0;
    if (unit)
        ask.unit =
            (Points__V1__TotalsUnit)parse_enum(context, "--by", &points__v1__totals_unit__descriptor, unit, true);
    context_municipalities(context);
    ask.municipality = municipality ? context_municipality(context, municipality) : 0;
    return ask;
}

static int run_totals(struct context *context)
{
    enum { TRIES_MAX = 10 };
    struct purpose_names names = {0};
    Points__V1__GetDonationTotals ask = totals_asked(context);
    for (int i = 0; i < TRIES_MAX; i++) {
        struct totals_sum sum = {0};
        struct table *table = table_new("totals", total_columns, COUNT(total_columns));
        if (totals_pages(context, &ask, table, &names, &sum)) {
            total_line(context, table, sum);
            purpose_names_free(&names);
            return context_print(context, table);
        }
        table_free(table);
    }
    fail(EXIT_FAILED, "the ledger moves on faster than its totals can be read; ask for fewer days or one municipality");
}

// ---- quests

// A municipality is told no budget, and what was issued only as far as it sees the rows.
static void quest_points_cells(const struct context *context, struct table *table, const Points__V1__QuestReply *reply)
{
    if (context->role != ROLE(MUNICIPALITY)) {
        table_number(table, reply->budget_points);
        table_number(table, reply->issued_points);
        table_number(table, reply->budget_points - reply->issued_points);
        return;
    }
    uint64_t issued = 0;
    for (size_t i = 0; i < reply->n_municipalities; i++)
        issued += reply->municipalities[i]->points;
    table_empty(table);
    table_number(table, issued);
    table_empty(table);
}

static struct table *quest_summary(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
        {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"award_points", TABLE_NUMBER},
        {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}, {"issued_points", TABLE_NUMBER},
        {"left_points", TABLE_NUMBER}, {"residents", TABLE_NUMBER}};
    struct table *table = table_new("quests", columns, COUNT(columns));
    table_number(table, reply->quest->quest);
    table_text(table, reply->quest->name);
    day_cell(table, reply->quest->first_day);
    day_cell(table, reply->quest->last_day);
    table_number(table, reply->quest->points);
    table_number(table, reply->quest->cap_points);
    quest_points_cells(context, table, reply);
    table_number(table, reply->residents);
    return table;
}

static struct table *quest_municipalities(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {
        MUNICIPALITY_COLUMNS, {"residents", TABLE_NUMBER}, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("municipalities", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        context_municipality_cells(context, table, reply->municipalities[i]->municipality);
        table_number(table, reply->municipalities[i]->residents);
        table_number(table, reply->municipalities[i]->awards);
        table_number(table, reply->municipalities[i]->points);
    }
    return table;
}

static struct table *quest_weeks(struct context *context, const Points__V1__QuestReply *reply)
{
    static const struct table_column columns[] = {
        {"week", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"awards", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("weeks", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_periods; i++) {
        day_cell(table, reply->periods[i]->first_day);
        context_municipality_cells(context, table, reply->periods[i]->municipality);
        table_number(table, reply->periods[i]->awards);
        table_number(table, reply->periods[i]->points);
    }
    return table;
}

static int run_quest(struct context *context)
{
    const char *by = option_get(context, "by"), *from = option_get(context, "from"), *to = option_get(context, "to");
    Points__V1__GetQuest ask = POINTS__V1__GET_QUEST__INIT;
    ask.quest = (uint32_t)parse_number(context, "QUEST", argument_xget(context, 0), 1, UINT32_MAX);
    ask.from_day = from ? parse_day(context, "--from", from) : 0;
    ask.to_day = to ? parse_day(context, "--to", to) : 0;
    if (by && strcmp(by, "municipality") && strcmp(by, "week"))
        fail_usage(context, "--by: \"%s\" is none of: municipality, week", by);
    if ((from || to) && !(by && !strcmp(by, "week")))
        fail_usage(context, "--from and --to go with --by week");
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_QUEST);
    request.get_quest = &ask;
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, &request);
    if (!response->quest->quest)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    struct table *table = !by                   ? quest_summary(context, response->quest)
                          : !strcmp(by, "week") ? quest_weeks(context, response->quest)
                                                : quest_municipalities(context, response->quest);
    client_free_response(response);
    return context_print(context, table);
}

// ---- conversions

static int run_conversions(struct context *context)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"requested_at", TABLE_TEXT},
        {"conversion", TABLE_TEXT}, {"account", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"points", TABLE_NUMBER}};
    Points__V1__GetPendingConversions ask = POINTS__V1__GET_PENDING_CONVERSIONS__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_PENDING_CONVERSIONS);
    request.get_pending_conversions = &ask;
    context_municipalities(context);
    struct table *table = table_new("conversions", columns, COUNT(columns));
    do {
        Points__V1__Response *response = context_call(context, &request);
        const Points__V1__PendingConversionsReply *page = response->pending_conversions;
        for (size_t i = 0; i < page->n_conversions; i++) {
            table_number(table, page->conversions[i]->sequence);
            time_cell(table, page->conversions[i]->requested_at);
            id_cell(table, &page->conversions[i]->id);
            id_cell(table, &page->conversions[i]->account);
            context_municipality_cells(context, table, page->conversions[i]->municipality);
            table_number(table, page->conversions[i]->points);
        }
        ask.after = page->next;
        client_free_response(response);
    } while (ask.after);
    return context_print(context, table);
}

// ---- books

static void books_cells(struct table *table, const Points__V1__Books *books)
{
    static const Points__V1__Books none = POINTS__V1__BOOKS__INIT;
    books = books ? books : &none;
    const uint64_t numbers[] = {books->issued, books->balances, books->held, books->donated, books->converted,
        books->expired, books->forfeited, books->reversed};
    for (size_t i = 0; i < COUNT(numbers); i++)
        table_number(table, numbers[i]);
}

// The sum cannot wrap unnoticed: each part is at most `issued`.
static bool balances(const Points__V1__Books *books)
{
    const uint64_t parts[] = {books->balances, books->held, books->donated, books->converted, books->expired,
        books->forfeited, books->reversed};
    uint64_t left = books->issued;
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i] > left)
            return false;
        left -= parts[i];
    }
    return left == 0;
}

static int run_trial_balance(struct context *context)
{
    static const struct table_column columns[] = {MUNICIPALITY_COLUMNS, {"accounts", TABLE_NUMBER},
        {"issued", TABLE_NUMBER}, {"balances", TABLE_NUMBER}, {"held", TABLE_NUMBER}, {"donated", TABLE_NUMBER},
        {"converted", TABLE_NUMBER}, {"expired", TABLE_NUMBER}, {"forfeited", TABLE_NUMBER},
        {"reversed", TABLE_NUMBER}};
    Points__V1__GetTrialBalance ask = POINTS__V1__GET_TRIAL_BALANCE__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    uint64_t accounts = 0;
    request.body_case = REQUEST(GET_TRIAL_BALANCE);
    request.get_trial_balance = &ask;
    context_municipalities(context);
    Points__V1__Response *response = context_call(context, &request);
    const Points__V1__TrialBalanceReply *reply = response->trial_balance;
    struct table *table = table_new("trial_balance", columns, COUNT(columns));
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        context_municipality_cells(context, table, reply->municipalities[i]->municipality);
        table_number(table, reply->municipalities[i]->accounts);
        books_cells(table, reply->municipalities[i]->books);
        accounts += reply->municipalities[i]->accounts;
    }
    table_text(table, "total");
    table_text(table, "");
    table_text(table, "");
    table_number(table, accounts);
    books_cells(table, reply->total);
    bool holds = !reply->total || balances(reply->total);
    client_free_response(response);
    context_print(context, table);
    if (!holds)
        fail(EXIT_FAILED, "the books do not balance: tell the auditors, and run points-audit verify");
    return EXIT_SUCCESS;
}

// ---- the programme

static const struct table_column municipality_columns[] = {MUNICIPALITY_COLUMNS};
static const struct table_column quest_columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
    {"period", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER},
    {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"grace_s", TABLE_NUMBER}};
static const struct table_column purpose_columns[] = {
    {"purpose", TABLE_ORDINAL}, {"name", TABLE_TEXT}, {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}};
static const struct table_column policy_columns[] = {
    {"policy", TABLE_TEXT}, {"value", TABLE_NUMBER}, {"meaning", TABLE_TEXT}};
static const struct table_column key_columns[] = {{"role", TABLE_TEXT}, {"holder", TABLE_TEXT},
    {"municipality", TABLE_TEXT}, {"revoked", TABLE_TEXT}, {"key", TABLE_TEXT}};

static void enum_cell(struct table *table, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(type, value);
    table_text(table, named ? named->name : "?");
}

static void municipality_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    for (size_t i = 0; i < page->n_municipalities; i++)
        context_municipality_cells(context, table, page->municipalities[i]->code);
}

static void quest_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_quests; i++) {
        const Points__V1__DefineQuest *quest = page->quests[i]->quest;
        if (!quest)
            continue;
        table_number(table, quest->quest);
        table_text(table, quest->name);
        enum_cell(table, &points__v1__period__descriptor, (int)quest->period);
        table_number(table, quest->points);
        table_number(table, quest->cap_points);
        table_number(table, page->quests[i]->budget_points);
        day_cell(table, quest->first_day);
        day_cell(table, quest->last_day);
        table_number(table, quest->grace_s);
    }
}

static void purpose_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_purposes; i++) {
        table_number(table, page->purposes[i]->purpose);
        table_text(table, page->purposes[i]->name);
        day_cell(table, page->purposes[i]->first_day);
        day_cell(table, page->purposes[i]->last_day);
    }
}

static void policy_meaning_cell(struct table *table, const Points__V1__SetPolicy *row)
{
    const bool limit =
        row->policy == POLICY(CONVERSION_DAY_MAX_POINTS) || row->policy == POLICY(CONVERSION_MONTH_MAX_POINTS);
    if (row->policy == POLICY(CONVERSION_OPENS_AT))
        time_cell(table, (int64_t)row->value);
    else if (row->policy == POLICY(TOTALS_SHARED))
        table_text(
            table, row->value ? "municipalities see each other's totals" : "municipalities see their own totals");
    else if (limit && !row->value)
        table_text(table, "no limit");
    else
        table_text(table, row->policy == POLICY(FUTURE_MAX_S) ? "seconds" : "points");
}

static void policy_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_policies; i++) {
        enum_cell(table, &points__v1__policy__descriptor, (int)page->policies[i]->policy);
        table_number(table, page->policies[i]->value);
        policy_meaning_cell(table, page->policies[i]);
    }
}

static void key_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_keys; i++) {
        const Points__V1__RegisterKey *key = page->keys[i]->key;
        char hex[2 * KEY_BYTES + 1] = "", code[16] = "";
        if (!key || key->key.len != KEY_BYTES)
            continue;
        if (key->municipality)
            snprintf(code, sizeof code, "%06" PRIu32, key->municipality);
        enum_cell(table, &points__v1__role__descriptor, (int)key->role);
        table_text(table, key->holder);
        table_text(table, code);
        table_text(table, page->keys[i]->revoked ? "revoked" : "");
        table_text(table, sodium_bin2hex(hex, sizeof hex, key->key.data, KEY_BYTES));
    }
}

static const struct {
    const char *name;
    Points__V1__ProgrammePart part;
    const struct table_column *columns;
    size_t column_count;
    void (*rows)(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page);
} parts[] = {
    {"municipalities", POINTS__V1__PROGRAMME_PART__MUNICIPALITIES, municipality_columns, COUNT(municipality_columns),
        municipality_rows},
    {"quests", POINTS__V1__PROGRAMME_PART__QUESTS, quest_columns, COUNT(quest_columns), quest_rows},
    {"purposes", POINTS__V1__PROGRAMME_PART__PURPOSES, purpose_columns, COUNT(purpose_columns), purpose_rows},
    {"policies", POINTS__V1__PROGRAMME_PART__POLICIES, policy_columns, COUNT(policy_columns), policy_rows},
    {"keys", POINTS__V1__PROGRAMME_PART__KEYS, key_columns, COUNT(key_columns), key_rows},
};

static int run_programme(struct context *context)
{
    size_t part = 0;
    const char *name = argument_xget(context, 0);
    while (part < COUNT(parts) && strcmp(parts[part].name, name))
        part++;
    if (part == COUNT(parts))
        fail_usage(context, "\"%s\" is none of: municipalities, quests, purposes, policies, keys", name);
    Points__V1__GetProgramme ask = POINTS__V1__GET_PROGRAMME__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    ask.part = parts[part].part;
    request.body_case = REQUEST(GET_PROGRAMME);
    request.get_programme = &ask;
    context_municipalities(context);
    struct table *table = table_new(parts[part].name, parts[part].columns, parts[part].column_count);
    do {
        Points__V1__Response *response = context_call(context, &request);
        parts[part].rows(context, table, response->programme);
        ask.offset = response->programme->next_offset;
        client_free_response(response);
    } while (ask.offset);
    return context_print(context, table);
}

// ---- the ledger itself

// The note as it is, for tools that check it.
static int run_checkpoint(struct context *context)
{
    static const struct table_column columns[] = {{"note", TABLE_TEXT}};
    Points__V1__GetCheckpoint ask = POINTS__V1__GET_CHECKPOINT__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_CHECKPOINT);
    request.get_checkpoint = &ask;
    Points__V1__Response *response = context_call(context, &request);
    if (context->format == TABLE_PEOPLE) {
        fputs(response->checkpoint->note, stdout);
    } else {
        struct table *table = table_new("checkpoints", columns, COUNT(columns));
        table_text(table, response->checkpoint->note);
        context_print(context, table);
    }
    client_free_response(response);
    return EXIT_SUCCESS;
}

static int run_status(struct context *context)
{
    static const struct table_column columns[] = {{"origin", TABLE_TEXT}, {"time_source", TABLE_TEXT},
        {"time", TABLE_TEXT}, {"blocks", TABLE_NUMBER}, {"transactions", TABLE_NUMBER},
        {"rules_version", TABLE_ORDINAL}, {"clock_unsure", TABLE_TEXT}, {"disk_full", TABLE_TEXT},
        {"version", TABLE_TEXT}, {"ledger_id", TABLE_TEXT}};
    char hex[2 * HASH_BYTES + 1];
    const Points__V1__HelloReply *hello = client_hello(context_client(context));
    struct table *table = table_new("status", columns, COUNT(columns));
    table_text(table, hello->origin);
    enum_cell(table, &points__v1__time_source__descriptor, (int)hello->time_source);
    time_cell(table, hello->time);
    table_number(table, hello->blocks);
    table_number(table, hello->transactions);
    table_number(table, hello->rules_version);
    table_text(table, hello->clock_unsure ? "yes" : "no");
    table_text(table, hello->disk_full ? "yes" : "no");
    table_text(table, hello->version);
    table_text(table, sodium_bin2hex(hex, sizeof hex, hello->ledger_id.data, HASH_BYTES));
    return context_print(context, table);
}

const struct command commands_queries[] = {
    {"account", "ACCOUNT [--quests]", "show home and balance of an account, or its quests", "auditor", 0, run_account},
    {"statement", "ACCOUNT [--limit ROWS]",
        "show what happened to an account, newest first, with the balance after each", "auditor", 0, run_statement},
    {"transaction", "ID", "show a transaction and its outcome", "auditor", 0, run_transaction},
    {"totals",
        "[--municipality MUNICIPALITY] [--purpose PURPOSE] [--from DAY] [--to DAY] [--by whole|day|month|fiscal-year]",
        "show donations by municipality and purpose", "auditor", 0, run_totals},
    {"quest", "QUEST [--by municipality|week] [--from DAY] [--to DAY]",
        "show what a quest has issued, its budget, and how many took part", "auditor", 0, run_quest},
    {"conversions", "", "show the conversions that wait for their answer", "waon", 0, run_conversions},
    {"trial-balance", "", "show that the books balance", "auditor", 0, run_trial_balance},
    {"programme", "municipalities|quests|purposes|policies|keys", "show what the programme consists of", "auditor", 0,
        run_programme},
    {"checkpoint", "", "print the newest signed checkpoint", NULL, 0, run_checkpoint},
    {"status", "", "show which ledger answers, and how it is", NULL, 0, run_status},
    {0},
};
