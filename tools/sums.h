// Figures added up by span, municipality and purpose or quest.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SUM_FIGURES_MAX = 10 };

struct sum {
    uint32_t first_day, municipality, number; // `number` is a purpose's or a quest's; 0 where sums run over all
    uint64_t figures[SUM_FIGURES_MAX];        // what each is, is the caller's affair
};

struct sums { // begins as {0}
    struct sum *rows;
    size_t count, room;
};

void sums_add(struct sums *sums, struct sum sum);
// Makes one row of those with the same days, municipality and number; ascending in this order.
void sums_unite(struct sums *sums);
void sums_free(struct sums *sums);
