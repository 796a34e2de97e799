#include "points/books.h"

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
}

void books_expire(struct ledger_books *books, unsigned municipality, uint64_t points)
{
    uint64_t *column = books->by_municipality[municipality];
    take(&column[BOOK_BALANCES], points);
    take(&books->total[BOOK_BALANCES], points);
    add(&column[BOOK_EXPIRED], points);
    add(&books->total[BOOK_EXPIRED], points);
}

void books_undo_donation(struct ledger_books *books, struct account *account, unsigned municipality, uint64_t points)
{
    take(&books->by_municipality[municipality][BOOK_DONATED], points);
    take(&books->total[BOOK_DONATED], points);
    add(&account->balance_points, points);
    add(&books->by_municipality[account->municipality][BOOK_BALANCES], points);
    add(&books->total[BOOK_BALANCES], points);
}

bool books_balance(const struct ledger_books *books, uint64_t balances, uint64_t held)
{
    uint64_t elsewhere = 0;
    for (enum book book = BOOK_BALANCES; book < BOOK_COUNT; book++)
        add(&elsewhere, books->total[book]);
    for (enum book book = 0; book < BOOK_COUNT; book++) {
        uint64_t sum = 0;
        for (unsigned m = 0; m < GENESIS_MUNICIPALITIES_MAX; m++)
            add(&sum, books->by_municipality[m][book]);
        if (sum != books->total[book])
            return false;
    }
    return books->total[BOOK_ISSUED] == elsewhere && books->total[BOOK_BALANCES] == balances &&
           books->total[BOOK_HELD] == held;
}
