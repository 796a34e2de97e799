// An export as a journal for hledger: every move of points as a transaction among accounts named by book, municipality,
// and quest or purpose; and what the books came to, for hledger to check.
#include "points/calendar.h"
#include "tools/audit/export/export.h"
#include "tools/jst.h"
#include "tools/outcome_names.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <string.h>

enum { REPLY_ARENA_BYTES = 1 << 20 };

static const char *const book_names[BOOK_COUNT] = {[BOOK_ISSUED] = "issued",
    [BOOK_BALANCES] = "balances",
    [BOOK_HELD] = "held",
    [BOOK_DONATED] = "donated",
    [BOOK_CONVERTED] = "converted",
    [BOOK_EXPIRED] = "expired",
    [BOOK_FORFEITED] = "forfeited",
    [BOOK_REVERSED] = "reversed",
    [BOOK_FEES] = "fees"};

// ---- lines

static void print_date(uint32_t day, FILE *file)
{
    char text[JST_DAY_BYTES];
    jst_print_day(day, text);
    fputs(text, file);
}

// "    donated:011002:purpose-1"; the part of 0 is left out.
static void print_account(enum book book, uint32_t municipality, const char *part, uint32_t number, FILE *file)
{
    fprintf(file, "    %s:%06" PRIu32, book_names[book], municipality);
    if (number)
        fprintf(file, ":%s-%" PRIu32, part, number);
}

// By what a book is divided further.
static void print_row_account(const struct export_row *row, enum book book, uint32_t municipality, FILE *file)
{
    if (book == BOOK_DONATED)
        print_account(book, municipality, "purpose", row->purpose, file);
    else
        print_account(book, municipality, "quest", book == BOOK_ISSUED || book == BOOK_REVERSED ? row->quest : 0, file);
}

static void print_posting(const struct export_row *row, const struct points_posting *posting, FILE *file)
{
    print_row_account(row, posting->from, posting->municipality_from, file);
    fprintf(file, "  -%" PRIu64 " P\n", posting->points);
    print_row_account(row, posting->to, posting->municipality_to, file);
    fprintf(file, "  %" PRIu64 " P\n", posting->points);
}

// ---- what the journal's names mean. Names stand in comments of their own: hledger reads tags in others.

static void begin(struct export *export)
{
    const Points__V1__Genesis *genesis = points_genesis(export->replay.fold.state);
    fprintf(export->file, "; The points of %s, in whole points (P). Days are JST.\n; ACCOUNTS: BOOK:MUNICIPALITY",
        genesis->origin);
    fputs("[:QUEST or :PURPOSE]. Issued points come out of issued.\n\n", export->file);
    for (size_t m = 0; m < genesis->n_municipalities; m++) {
        const Points__V1__Municipality *municipality = genesis->municipalities[m];
        fprintf(
            export->file, "; %06" PRIu32 ": %s %s\n", municipality->code, municipality->name_ja, municipality->name_en);
        for (enum book book = 0; book < BOOK_COUNT; book++)
            fprintf(export->file, "account %s:%06" PRIu32 "\n", book_names[book], municipality->code);
    }
    fputs("commodity 1000. P\n\n", export->file);
}

static void declare(struct export *export, enum book book, const char *part, uint32_t number)
{
    const Points__V1__Genesis *genesis = points_genesis(export->replay.fold.state);
    for (size_t m = 0; m < genesis->n_municipalities; m++)
        fprintf(export->file, "account %s:%06" PRIu32 ":%s-%" PRIu32 "\n", book_names[book],
            genesis->municipalities[m]->code, part, number);
}

static void define_quest(struct export *export, const struct export_name *quest)
{
    fprintf(export->file, "; quest-%" PRIu32 ": %s\n", quest->number, quest->name);
    declare(export, BOOK_ISSUED, "quest", quest->number);
    declare(export, BOOK_REVERSED, "quest", quest->number);
    fputc('\n', export->file);
}

static void define_purpose(struct export *export, const struct export_name *purpose)
{
    fprintf(export->file, "; purpose-%" PRIu32 ": %s\n", purpose->number, purpose->name);
    declare(export, BOOK_DONATED, "purpose", purpose->number);
    fputc('\n', export->file);
}

// ---- what was in the books before the first wanted day

static void skip(struct export *export, const struct points_posting *posting)
{
    size_t from, to;
    export_municipality(export, posting->municipality_from, &from);
    export_municipality(export, posting->municipality_to, &to);
    export->opening[to][posting->to] += posting->points;
    if (posting->from == BOOK_ISSUED)
        export->opening[from][BOOK_ISSUED] += posting->points;
    else
        export->opening[from][posting->from] -= posting->points;
    export->skipped = true;
}

// One transaction: what was issued is somewhere.
static void open_books(struct export *export)
{
    const Points__V1__Genesis *genesis = points_genesis(export->replay.fold.state);
    bool wanted = export->skipped;
    export->skipped = false;
    if (!wanted)
        return;
    print_date(export->from, export->file);
    fputs(" opening balances\n", export->file);
    for (size_t m = 0; m < genesis->n_municipalities; m++)
        for (enum book book = 0; book < BOOK_COUNT; book++) {
            if (!export->opening[m][book])
                continue;
            print_account(book, genesis->municipalities[m]->code, "", 0, export->file);
            fprintf(export->file, "  %s%" PRIu64 " P\n", book == BOOK_ISSUED ? "-" : "", export->opening[m][book]);
        }
    fputc('\n', export->file);
}

// ---- what moved

static void expire(struct export *export, int64_t time, const struct points_posting *postings, size_t count)
{
    static const struct export_row nothing;
    open_books(export);
    print_date((uint32_t)calendar_day(time), export->file);
    fputs(" expiry of ", export->file);
    print_date(postings->last_day, export->file);
    fputc('\n', export->file);
    for (size_t i = 0; i < count; i++)
        print_posting(&nothing, &postings[i], export->file);
    fputc('\n', export->file);
}

static void write_row(struct export *export, const struct export_row *row)
{
    char id[ID_TEXT_BYTES];
    if (!row->posting_count)
        return;
    open_books(export);
    id_print(row->transaction->id.data, id);
    print_date((uint32_t)calendar_day(row->time), export->file);
    fprintf(export->file, " (%" PRIu64 ") %s %s\n", row->sequence, transaction_name(row->transaction->body_case), id);
    for (size_t i = 0; i < row->posting_count; i++)
        print_posting(row, &row->postings[i], export->file);
    fputc('\n', export->file);
}

// ---- what it came to

static void assert_books(uint32_t municipality, const Points__V1__Books *books, FILE *file)
{
    const uint64_t points[BOOK_COUNT] = {[BOOK_ISSUED] = books->issued,
        [BOOK_BALANCES] = books->balances,
        [BOOK_HELD] = books->held,
        [BOOK_DONATED] = books->donated,
        [BOOK_CONVERTED] = books->converted,
        [BOOK_EXPIRED] = books->expired,
        [BOOK_FORFEITED] = books->forfeited,
        [BOOK_REVERSED] = books->reversed,
        [BOOK_FEES] = books->fees};
    for (enum book book = 0; book < BOOK_COUNT; book++) {
        print_account(book, municipality, "", 0, file);
        fprintf(file, "  0 P =* %s%" PRIu64 " P\n", book == BOOK_ISSUED && points[book] ? "-" : "", points[book]);
    }
}

// The trial balance of the state, not the sum of what was written: hledger compares the two.
static void end(struct export *export)
{
    struct arena arena;
    const struct points_state *state = export->replay.fold.state;
    uint32_t last_day = (uint32_t)calendar_day(points_time(state));
    open_books(export);
    arena_init(&arena, REPLY_ARENA_BYTES);
    const Points__V1__TrialBalanceReply *reply = points_trial_balance(state, &arena.allocator);
    print_date(last_day > export->from ? last_day : export->from, export->file);
    fputs(" trial balance\n", export->file);
    for (size_t m = 0; m < reply->n_municipalities; m++)
        assert_books(reply->municipalities[m]->municipality, reply->municipalities[m]->books, export->file);
    arena_free(&arena);
}

const struct export_writer export_hledger = {.begin = begin,
    .quest = define_quest,
    .purpose = define_purpose,
    .skip = skip,
    .expire = expire,
    .row = write_row,
    .end = end};
