// A set of numbers, as of what was seen before.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct model_set;

struct model_set *model_set_new(void);
void model_set_free(struct model_set *set);
bool model_set_has(const struct model_set *set, uint64_t number);
bool model_set_add(struct model_set *set, uint64_t number); // false: it was there
