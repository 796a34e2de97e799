// The trial balance as a table.
#include "tools/books_table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { ISSUED, BOOKS = 9 };

// Issued, and the others.
struct books {
    uint64_t points[BOOKS];
};

static struct books books_of(const Points__V1__Books *books)
{
    static const Points__V1__Books none = POINTS__V1__BOOKS__INIT;
    books = books ? books : &none;
    return (struct books){{books->issued, books->balances, books->held, books->donated, books->converted,
        books->expired, books->forfeited, books->reversed, books->fees}};
}

// What came with residents, less what went: in the ledger as a whole, 0.
static int64_t moved(const struct books *books)
{
    uint64_t others = 0;
    for (int i = ISSUED + 1; i < BOOKS; i++)
        others += books->points[i];
    return (int64_t)(others - books->points[ISSUED]);
}

bool books_add_up(const Points__V1__TrialBalanceReply *reply)
{
    struct books left = books_of(reply->total);
    bool holds = moved(&left) == 0;
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const struct books row = books_of(reply->municipalities[i]->books);
        for (int book = 0; book < BOOKS; book++)
            left.points[book] -= row.points[book];
    }
    for (int book = 0; book < BOOKS; book++)
        holds = holds && left.points[book] == 0;
    return holds;
}

static void books_cells(struct table *table, uint64_t accounts, const Points__V1__Books *shown)
{
    const struct books books = books_of(shown);
    table_number(table, accounts);
    for (int i = 0; i < BOOKS; i++)
        table_number(table, books.points[i]);
    table_signed(table, moved(&books));
}

struct table *books_table(const Points__V1__TrialBalanceReply *reply, struct names *names, bool sums)
{
    static const struct table_column columns[] = {MUNICIPALITY_COLUMNS, {"accounts", TABLE_NUMBER},
        {"issued", TABLE_NUMBER}, {"balances", TABLE_NUMBER}, {"held", TABLE_NUMBER}, {"donated", TABLE_NUMBER},
        {"converted", TABLE_NUMBER}, {"expired", TABLE_NUMBER}, {"forfeited", TABLE_NUMBER}, {"reversed", TABLE_NUMBER},
        {"fees", TABLE_NUMBER}, {"moved", TABLE_NUMBER}};
    struct table *table = table_new("trial_balance", columns, COUNT(columns));
    uint64_t accounts = 0;
    for (size_t i = 0; i < reply->n_municipalities; i++) {
        const Points__V1__MunicipalityBooks *row = reply->municipalities[i];
        names_municipality_cells(names, table, row->municipality);
        books_cells(table, row->accounts, row->books);
        accounts += row->accounts;
    }
    if (!sums)
        return table;
    table_text(table, "total");
    table_empty(table);
    table_empty(table);
    books_cells(table, accounts, reply->total);
    return table;
}
