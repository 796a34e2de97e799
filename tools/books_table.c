// A line of the trial balance.
#include "tools/books_table.h"

void books_cells(struct table *table, uint64_t accounts, const Points__V1__Books *books)
{
    static const Points__V1__Books none = POINTS__V1__BOOKS__INIT;
    books = books ? books : &none;
    const uint64_t numbers[] = {accounts, books->issued, books->balances, books->held, books->donated, books->converted,
        books->expired, books->forfeited, books->reversed, books->fees};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        table_number(table, numbers[i]);
}
