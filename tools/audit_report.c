#include "tools/audit_report.h"
#include "tools/jst.h"
#include "tools/table.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum { REPORT_ARENA_BYTES = 1 << 30 };
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
    sodium_bin2hex(id, sizeof id, ledger_id(replay->ledger), HASH_BYTES);
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

static void add_books(struct table *table, uint64_t accounts, const Points__V1__Books *books)
{
    const uint64_t numbers[] = {accounts, books->issued, books->balances, books->held, books->donated, books->converted,
        books->expired, books->forfeited, books->reversed};
    for (size_t i = 0; i < COUNT(numbers); i++)
        table_number(table, numbers[i]);
}

static void print_trial_balance(const struct replay *replay, ProtobufCAllocator *allocator, FILE *file)
{
    static const struct table_column columns[] = {{"code", TABLE_TEXT}, {"municipality", TABLE_TEXT},
        {"accounts", TABLE_NUMBER}, {"issued", TABLE_NUMBER}, {"balances", TABLE_NUMBER}, {"held", TABLE_NUMBER},
        {"donated", TABLE_NUMBER}, {"converted", TABLE_NUMBER}, {"expired", TABLE_NUMBER}, {"forfeited", TABLE_NUMBER},
        {"reversed", TABLE_NUMBER}};
    struct table *table = table_new("trial_balance", columns, COUNT(columns));
    const Points__V1__TrialBalanceReply *reply = points_trial_balance(replay->fold.state, allocator);
    uint64_t accounts = 0;
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const Points__V1__MunicipalityBooks *row = reply->municipalities[i];
        char code[16];
        snprintf(code, sizeof code, "%06" PRIu32, row->municipality);
        table_text(table, code);
        table_text(table, municipality_name(replay, row->municipality));
        add_books(table, row->accounts, row->books);
        accounts += row->accounts;
    }
    table_text(table, "");
    table_text(table, "total");
    add_books(table, accounts, reply->total);
    fprintf(file, "\nTrial balance, in points: issued = balances + held + donated + converted + expired + forfeited + "
                  "reversed\n\n");
    table_print(table, TABLE_PEOPLE, file);
    table_free(table);
}

// ---- donations

static const char *purpose_name(const struct replay *replay, uint32_t purpose, ProtobufCAllocator *allocator)
{
    Points__V1__GetProgramme query = POINTS__V1__GET_PROGRAMME__INIT;
    query.part = POINTS__V1__PROGRAMME_PART__PURPOSES;
    do {
        const Points__V1__ProgrammeReply *reply = points_programme(replay->fold.state, &query, allocator);
        for (size_t i = 0; i < reply->n_purposes; i++)
            if (reply->purposes[i]->purpose == purpose)
                return reply->purposes[i]->name;
        query.offset = reply->next_offset;
    } while (query.offset);
    return "?";
}

static void add_donations(struct table *table, const struct replay *replay, const Points__V1__DonationTotal *row,
    ProtobufCAllocator *allocator)
{
    char code[16];
    snprintf(code, sizeof code, "%06" PRIu32, row->municipality);
    table_text(table, code);
    table_text(table, municipality_name(replay, row->municipality));
    table_number(table, row->purpose);
    table_text(table, purpose_name(replay, row->purpose, allocator));
    table_number(table, row->donations);
    table_number(table, row->points);
}

static void add_donations_total(struct table *table, uint64_t donations, uint64_t points)
{
    table_text(table, "");
    table_text(table, "total");
    table_empty(table);
    table_text(table, "");
    table_number(table, donations);
    table_number(table, points);
}

static void print_donations(const struct replay *replay, ProtobufCAllocator *allocator, FILE *file)
{
    static const struct table_column columns[] = {{"code", TABLE_TEXT}, {"municipality", TABLE_TEXT},
        {"purpose", TABLE_NUMBER}, {"name", TABLE_TEXT}, {"donations", TABLE_NUMBER}, {"points", TABLE_NUMBER}};
    struct table *table = table_new("donations", columns, COUNT(columns));
    struct points_asker auditor = {.role = ROLE(AUDITOR)};
    Points__V1__GetDonationTotals query = POINTS__V1__GET_DONATION_TOTALS__INIT;
    uint64_t donations = 0, points = 0;
    do {
        const Points__V1__DonationTotalsReply *reply =
            points_donation_totals(replay->fold.state, &auditor, &query, allocator);
        for (size_t i = 0; i < reply->n_rows; i++) {
            add_donations(table, replay, reply->rows[i], allocator);
            donations += reply->rows[i]->donations;
            points += reply->rows[i]->points;
        }
        query.offset = reply->next_offset;
    } while (query.offset);
    if (table_rows(table))
        add_donations_total(table, donations, points);
    fprintf(file, "\nDonations by municipality and purpose, in points\n\n");
    table_print(table, TABLE_PEOPLE, file);
    table_free(table);
}

void audit_report(const struct replay *replay, FILE *file)
{
    struct arena arena;
    arena_init(&arena, REPORT_ARENA_BYTES);
    print_ledger(replay, file);
    print_trial_balance(replay, &arena.allocator, file);
    print_donations(replay, &arena.allocator, file);
    fprintf(file,
        "\nThe ledger holds: books, signatures and rules verified over %" PRIu64 " blocks, %" PRIu64 " transactions.\n",
        replay->edge.size, points_last_sequence(replay->fold.state));
    arena_free(&arena);
}
