// A command's synopsis, as in "QUEST NAME --points POINTS [--cap POINTS] [--step YEN=POINTS]... [--dry]", taken apart:
// it drives parsing, usage and messages.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct synopsis_option {
    bool takes_value;
    bool repeats; // "[--name VALUE]..."
};

// Whether it holds --name, and how that is used.
bool synopsis_option(const char *synopsis, const char *name, struct synopsis_option *option);
// How many words it wants and allows: those that are no option and no option's value.
void synopsis_words(const char *synopsis, size_t *min, size_t *max);
// The name of word `index`, from 0, without brackets; its size, 0 when there are not so many.
size_t synopsis_word(const char *synopsis, size_t index, const char **name);
// The names of its options, as in "--points, --cap"; cut off where `text` ends.
void synopsis_options(const char *synopsis, char *text, size_t size);
