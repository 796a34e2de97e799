// What was paid out of donations, added up by the day of payment.
#include "tools/payments.h"
#include "tools/cells.h"
#include "tools/span.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

void payments_add(struct sums *sums, const Points__V1__SettlementsReply *page, const struct payments_span *span)
{
    for (size_t i = 0; i < page->n_settlements; i++) {
        const Points__V1__Settlement *row = page->settlements[i];
        struct sum sum = {span->from_day, row->municipality, row->purpose, {0}};
        if (span->unit != UNIT(WHOLE))
            sum.first_day = span_begin(span_of_unit(span->unit), row->day);
        sum.figures[PAYMENTS_SETTLEMENTS] = 1;
        sum.figures[PAYMENTS_POINTS] = row->points;
        if (row->day >= span->from_day && (!span->to_day || row->day <= span->to_day))
            sums_add(sums, sum);
    }
}

static void figure_cells(struct table *table, const struct sum *sum)
{
    table_number(table, sum->figures[PAYMENTS_SETTLEMENTS]);
    table_number(table, sum->figures[PAYMENTS_POINTS]);
}

static void total_line(struct table *table, const struct sums *sums)
{
    enum { KEY_COLUMNS = 6 };
    struct sum total = {0};
    for (size_t i = 0; i < sums->count; i++)
        for (int figure = 0; figure < SUM_FIGURES_MAX; figure++)
            total.figures[figure] += sums->rows[i].figures[figure];
    table_text(table, "total");
    for (int i = 1; i < KEY_COLUMNS; i++)
        table_empty(table);
    figure_cells(table, &total);
}

struct table *payments_table(const struct sums *sums, struct names *names, bool total)
{
    static const struct table_column columns[] = {{"from", TABLE_TEXT}, MUNICIPALITY_COLUMNS,
        {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}, {"settlements", TABLE_NUMBER},
        {"points", TABLE_NUMBER}};
    struct table *table = table_new("settlements", columns, COUNT(columns));
    for (size_t i = 0; i < sums->count; i++) {
        first_day_cell(table, sums->rows[i].first_day);
        names_municipality_cells(names, table, sums->rows[i].municipality);
        names_purpose_cells(names, table, sums->rows[i].number);
        figure_cells(table, &sums->rows[i]);
    }
    if (total && sums->count > 1)
        total_line(table, sums);
    return table;
}
