// Block time: the only clock that the rules know.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct turn;
bool time_scripted(struct turn *turn);
bool time_valid(struct turn *turn);
uint64_t time_apply(struct turn *turn);
