#include "points/books.h"
#include "points/archive.h"
#include "points/state.h"

#include <stdio.h>
#include <stdlib.h>

static void broken(const char *what)
{
    fprintf(stderr, "the books would not balance: %s. This is a defect; the ledger on disk is as it was.\n", what);
    abort();
}

static void add(uint64_t *sum, uint64_t points)
{
    if (__builtin_add_overflow(*sum, points, sum))
        broken("a sum passes 64 bits");
}

static void take(uint64_t *sum, uint64_t points)
{
    if (__builtin_sub_overflow(*sum, points, sum))
        broken("more points leave a book than are in it");
}

static void out_of(uint64_t column[BOOK_COUNT], enum book book, uint64_t points)
{
    if (book == BOOK_ISSUED)
        add(&column[book], points);
    else
        take(&column[book], points);
}

static uint64_t *purse(struct account *account, enum book book)
{
    switch (book) {
    case BOOK_BALANCES:
        return &account->balance_points;
    case BOOK_HELD:
        return &account->held_points;
    default:
        return NULL;
    }
}

// ---- postings

// A cell of the trial balance.
struct cell {
    unsigned municipality; // position in genesis
    enum book book;
};

// `last_day` is that of points that expired; 0: the transaction that is being decided moves them.
static void post(const struct ledger_books *books, struct cell from, struct cell to, uint32_t last_day, uint64_t points)
{
    const struct books_watch *watch = &books->watch;
    if (!watch->tell || points == 0 || (from.municipality == to.municipality && from.book == to.book))
        return;
    watch->tell(watch->context, &(struct points_posting){.sequence = last_day ? 0 : watch->state->last_sequence,
                                    .last_day = last_day,
                                    .from = from.book,
                                    .to = to.book,
                                    .municipality_from = state_municipality_code(watch->state, from.municipality),
                                    .municipality_to = state_municipality_code(watch->state, to.municipality),
                                    .points = points});
}

void points_watch(struct points_state *state, points_watch_fn *tell, void *context)
{
    state->books.watch = (struct books_watch){state, tell, context};
}

// ---- moves

void books_move(struct ledger_books *books, struct account *account, enum book from, enum book to, uint64_t points)
{
    uint64_t *column = books->by_municipality[account->municipality];
    uint64_t *source = purse(account, from), *target = purse(account, to);
    if (source)
        take(source, points);
    out_of(column, from, points);
    out_of(books->total, from, points);
    if (target)
        add(target, points);
    add(&column[to], points);
    add(&books->total[to], points);
    post(books, (struct cell){account->municipality, from}, (struct cell){account->municipality, to}, 0, points);
}

void books_account_opened(struct ledger_books *books, unsigned municipality)
{
    books->accounts[municipality]++;
}

void books_account_closed(struct ledger_books *books, unsigned municipality)
{
    books->accounts[municipality]--;
}

void books_account_merged(struct ledger_books *books, struct account *from, struct account *to)
{
    books_account_moved(books, from, to->municipality);
    add(&to->balance_points, from->balance_points);
    add(&to->held_points, from->held_points);
    from->balance_points = from->held_points = 0;
    books_account_closed(books, to->municipality);
}

void books_account_moved(struct ledger_books *books, const struct account *account, unsigned municipality)
{
    uint64_t *old = books->by_municipality[account->municipality];
    uint64_t *new = books->by_municipality[municipality];
    take(&old[BOOK_BALANCES], account->balance_points);
    take(&old[BOOK_HELD], account->held_points);
    add(&new[BOOK_BALANCES], account->balance_points);
    add(&new[BOOK_HELD], account->held_points);
    books->accounts[account->municipality]--;
    books->accounts[municipality]++;
    post(books, (struct cell){account->municipality, BOOK_BALANCES}, (struct cell){municipality, BOOK_BALANCES}, 0,
        account->balance_points);
    post(books, (struct cell){account->municipality, BOOK_HELD}, (struct cell){municipality, BOOK_HELD}, 0,
        account->held_points);
}

void books_expire(struct ledger_books *books, unsigned municipality, uint32_t last_day, uint64_t points)
{
    uint64_t *column = books->by_municipality[municipality];
    take(&column[BOOK_BALANCES], points);
    take(&books->total[BOOK_BALANCES], points);
    add(&column[BOOK_EXPIRED], points);
    add(&books->total[BOOK_EXPIRED], points);
    post(
        books, (struct cell){municipality, BOOK_BALANCES}, (struct cell){municipality, BOOK_EXPIRED}, last_day, points);
}

void books_undo_donation(struct ledger_books *books, struct account *account, unsigned municipality, uint64_t points)
{
    take(&books->by_municipality[municipality][BOOK_DONATED], points);
    take(&books->total[BOOK_DONATED], points);
    add(&account->balance_points, points);
    add(&books->by_municipality[account->municipality][BOOK_BALANCES], points);
    add(&books->total[BOOK_BALANCES], points);
    post(books, (struct cell){municipality, BOOK_DONATED}, (struct cell){account->municipality, BOOK_BALANCES}, 0,
        points);
}

// ---- as a whole

bool books_totals_balance(const struct ledger_books *books)
{
    uint64_t elsewhere = 0;
    for (enum book book = BOOK_BALANCES; book < BOOK_COUNT; book++)
        add(&elsewhere, books->total[book]);
    return books->total[BOOK_ISSUED] == elsewhere;
}

bool books_balance(const struct ledger_books *books, uint64_t balances, uint64_t held)
{
    for (enum book book = 0; book < BOOK_COUNT; book++) {
        uint64_t sum = 0;
        for (unsigned m = 0; m < GENESIS_MUNICIPALITIES_MAX; m++)
            add(&sum, books->by_municipality[m][book]);
        if (sum != books->total[book])
            return false;
    }
    return books_totals_balance(books) && books->total[BOOK_BALANCES] == balances && books->total[BOOK_HELD] == held;
}

void books_archive(struct archive *archive, struct ledger_books *books)
{
    ARCHIVE(archive, books->total);
    ARCHIVE(archive, books->by_municipality);
    ARCHIVE(archive, books->accounts);
}
