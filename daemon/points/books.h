// The books: every point that is issued is somewhere. All points move through books_move.
#pragma once

#include "points/account.h"
#include "points/points.h"

#include <stdbool.h>
#include <stdint.h>

// Who is told of postings.
struct books_watch {
    const struct points_state *state; // that the books are of
    points_watch_fn *tell;            // NULL: nobody
    void *context;
};

struct ledger_books {
    uint64_t total[BOOK_COUNT];
    uint64_t by_municipality[GENESIS_MUNICIPALITIES_MAX][BOOK_COUNT];
    uint64_t accounts[GENESIS_MUNICIPALITIES_MAX];
    struct books_watch watch; // no part of what is archived
};

// The one door: moves points of an account from one book to another, in its municipality's column. The rules have made
// sure that they are there; if they are not, or a sum would overflow, the process ends rather than keep wrong books.
void books_move(struct ledger_books *books, struct account *account, enum book from, enum book to, uint64_t points);

void books_account_opened(struct ledger_books *books, unsigned municipality);
void books_account_closed(struct ledger_books *books, unsigned municipality);
// All that `from` has becomes `to`'s, in the municipality of `to`; `from` is no open account any more.
void books_account_merged(struct ledger_books *books, struct account *from, struct account *to);
// Takes the account's balance and held points along to another municipality's column. The account still names the old
// one.
void books_account_moved(struct ledger_books *books, const struct account *account, unsigned municipality);

// balances -> expired, of accounts of one municipality together: points that could be spent up to `last_day`.
void books_expire(struct ledger_books *books, unsigned municipality, uint32_t last_day, uint64_t points);
// donated -> balances, of a donation that went to another municipality than the account's.
void books_undo_donation(struct ledger_books *books, struct account *account, unsigned municipality, uint64_t points);

// issued = the sum of all others. Costs nothing; for after every block.
bool books_totals_balance(const struct ledger_books *books);
// The same, and the columns together are the totals; and what all accounts hold together, as a walk has found.
bool books_balance(const struct ledger_books *books, uint64_t balances, uint64_t held);

struct archive;
void books_archive(struct archive *archive, struct ledger_books *books);
