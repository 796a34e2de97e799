// What a ledger that holds amounts to: its name, its trial balance, its donations.
#include "tools/audit/audit_report.h"
#include "tools/books_table.h"
#include "tools/jst.h"
#include "tools/programme_names.h"
#include "tools/table.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum { REPORT_ARENA_BYTES = 1 << 26 }; // one reply at a time
#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_scripted(const struct replay *replay)
{
    return points_genesis(replay->fold.state)->time_source == TIME_SOURCE(SCRIPTED);
}

static void print_ledger(const struct replay *replay, FILE *file)
{
    uint8_t root[HASH_BYTES];
    char id[2 * HASH_BYTES + 1], root_text[sodium_base64_ENCODED_LEN(HASH_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    char time[JST_TIME_BYTES];
    tree_root(&replay->edge, root);
    sodium_bin2hex(id, sizeof id, ledger_id(replay->settings.ledger), HASH_BYTES);
    sodium_bin2base64(root_text, sizeof root_text, root, HASH_BYTES, sodium_base64_VARIANT_ORIGINAL);
    jst_print_time(points_time(replay->fold.state), time);
    fprintf(file, "ledger        %s\n", points_genesis(replay->fold.state)->origin);
    fprintf(file, "id            %s\n", id);
    fprintf(file, "blocks        %" PRIu64 "\n", replay->edge.size);
    fprintf(file, "transactions  %" PRIu64 "\n", points_last_sequence(replay->fold.state));
    fprintf(file, "last block    %s JST%s\n", time,
        is_scripted(replay) ? "   SCRIPTED TIME: a test or demonstration ledger, no real dates" : "");
    fprintf(file, "checkpoint    %s\n", root_text);
}

static const char *municipality_name(const struct replay *replay, uint32_t code)
{
    const Points__V1__Genesis *genesis = points_genesis(replay->fold.state);
    for (size_t i = 0; i < genesis->n_municipalities; i++)
        if (genesis->municipalities[i]->code == code)
            return genesis->municipalities[i]->name_ja;
    return "?";
}

// ---- the trial balance

static void print_trial_balance(const struct replay *replay, struct arena *arena, FILE *file)
{
    static const struct table_column columns[] = {{"code", TABLE_TEXT}, {"municipality", TABLE_TEXT}, BOOKS_COLUMNS};
    struct table *table = table_new("trial_balance", columns, COUNT(columns));
    const Points__V1__TrialBalanceReply *reply = points_trial_balance(replay->fold.state, &arena->allocator);
    uint64_t accounts = 0;
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const Points__V1__MunicipalityBooks *row = reply->municipalities[i];
        char code[16];
        snprintf(code, sizeof code, "%06" PRIu32, row->municipality);
        table_text(table, code);
        table_text(table, municipality_name(replay, row->municipality));
        books_cells(table, row->accounts, row->books);
        accounts += row->accounts;
    }
    table_text(table, "");
    table_text(table, "total");
    books_cells(table, accounts, reply->total);
    fprintf(file, "\nTrial balance, in points: issued = balances + held + donated + converted + expired + forfeited + "
                  "reversed + fees\n\n");
    table_print(table, TABLE_PEOPLE, file);
    table_free(table);
}

// ---- donations

static void list_purposes(const struct replay *replay, struct arena *arena, struct programme_names *names)
{
    Points__V1__GetProgramme query = POINTS__V1__GET_PROGRAMME__INIT;
    query.part = PART(PURPOSES);
    do {
        arena_reset(arena);
        const Points__V1__ProgrammeReply *reply = points_programme(replay->fold.state, &query, &arena->allocator);
        programme_names_add(names, reply);
        query.offset = reply->next_offset;
    } while (query.offset);
}

static void donation_numbers(struct table *table, const Points__V1__DonationTotal *row)
{
    const uint64_t numbers[] = {row->donations, row->points, row->reversed_donations, row->reversed_points};
    for (size_t i = 0; i < COUNT(numbers); i++)
        table_number(table, numbers[i]);
}

static void sum_donations(Points__V1__DonationTotal *sum, const Points__V1__DonationTotal *row)
{
    sum->donations += row->donations;
    sum->points += row->points;
    sum->reversed_donations += row->reversed_donations;
    sum->reversed_points += row->reversed_points;
}

static void add_donations(struct table *table, const struct replay *replay, const Points__V1__DonationTotal *row,
    const struct programme_names *names)
{
    char code[16];
    const struct programme_name *purpose = programme_names_get(names, row->purpose);
    snprintf(code, sizeof code, "%06" PRIu32, row->municipality);
    table_text(table, code);
    table_text(table, municipality_name(replay, row->municipality));
    table_number(table, row->purpose);
    table_text(table, purpose ? purpose->name : "?");
    donation_numbers(table, row);
}

static void add_donations_total(struct table *table, const Points__V1__DonationTotal *sum)
{
    table_text(table, "");
    table_text(table, "total");
    table_empty(table);
    table_text(table, "");
    donation_numbers(table, sum);
}

static void print_donations(const struct replay *replay, struct arena *arena, FILE *file)
{
    static const struct table_column columns[] = {{"code", TABLE_TEXT}, {"municipality", TABLE_TEXT},
        {"purpose", TABLE_NUMBER}, {"name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER},
        {"reversed_donations", TABLE_NUMBER}, {"reversed_points", TABLE_NUMBER}};
    struct table *table = table_new("donations", columns, COUNT(columns));
    struct points_asker auditor = {.role = ROLE(AUDITOR)};
    Points__V1__GetDonationTotals query = POINTS__V1__GET_DONATION_TOTALS__INIT;
    struct programme_names names = {0};
    Points__V1__DonationTotal sum = POINTS__V1__DONATION_TOTAL__INIT;
    list_purposes(replay, arena, &names);
    do {
        arena_reset(arena);
        const Points__V1__DonationTotalsReply *reply =
            points_donation_totals(replay->fold.state, &auditor, &query, &arena->allocator);
        for (size_t i = 0; i < reply->n_rows; i++) {
            add_donations(table, replay, reply->rows[i], &names);
            sum_donations(&sum, reply->rows[i]);
        }
        query.offset = reply->next_offset;
    } while (query.offset);
    if (table_rows(table))
        add_donations_total(table, &sum);
    fprintf(file, "\nDonations by municipality and purpose, in points, as booked; reversed ones beside them\n\n");
    table_print(table, TABLE_PEOPLE, file);
    table_free(table);
    programme_names_free(&names);
}

void audit_report(const struct replay *replay, FILE *file)
{
    struct arena arena;
    uint64_t transactions = points_last_sequence(replay->fold.state);
    arena_init(&arena, REPORT_ARENA_BYTES);
    print_ledger(replay, file);
    print_trial_balance(replay, &arena, file);
    print_donations(replay, &arena, file);
    fprintf(file,
        "\nThe ledger holds: books, signatures and rules verified over %" PRIu64 " block%s, %" PRIu64
        " transaction%s.\n",
        replay->edge.size, replay->edge.size == 1 ? "" : "s", transactions, transactions == 1 ? "" : "s");
    arena_free(&arena);
}
