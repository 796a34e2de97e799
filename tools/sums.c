// Figures added up by span, municipality and purpose or quest: collected, sorted, then united.
#include "tools/sums.h"
#include "tools/error.h"

#include <stdlib.h>

void sums_add(struct sums *sums, struct sum sum)
{
    if (sums->count == sums->room) {
        sums->room = sums->room ? 2 * sums->room : 64;
        sums->rows = xrealloc(sums->rows, sums->room * sizeof *sums->rows);
    }
    sums->rows[sums->count++] = sum;
}

static int compare(uint32_t left, uint32_t right)
{
    return (left > right) - (left < right);
}

static int by_key(const void *left, const void *right)
{
    const struct sum *a = left, *b = right;
    int order = compare(a->first_day, b->first_day);
    order = order ? order : compare(a->municipality, b->municipality);
    return order ? order : compare(a->number, b->number);
}

void sums_unite(struct sums *sums)
{
    size_t count = 0;
    if (sums->count)
        qsort(sums->rows, sums->count, sizeof *sums->rows, by_key);
    for (size_t i = 0; i < sums->count; i++) {
        if (!count || by_key(&sums->rows[count - 1], &sums->rows[i])) {
            sums->rows[count++] = sums->rows[i];
            continue;
        }
        for (int figure = 0; figure < SUM_FIGURES_MAX; figure++)
            sums->rows[count - 1].figures[figure] += sums->rows[i].figures[figure];
    }
    sums->count = count;
}

void sums_free(struct sums *sums)
{
    free(sums->rows);
    *sums = (struct sums){0};
}
