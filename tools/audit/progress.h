// How far a long piece of work has come: one line on standard error, when that is a terminal and a second has passed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool wanted, shown;
    double begin_s, last_s;
};

struct progress progress_begin(void);
// `transactions` 0: they are not counted.
void progress_show(struct progress *progress, uint64_t blocks_done, uint64_t blocks, uint64_t transactions);
void progress_end(struct progress *progress); // clears the line
