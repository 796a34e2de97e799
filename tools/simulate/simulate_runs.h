// A design played several times, with one seed after the other: how much chance moves what it costs and when it ends.
#pragma once

#include "tools/command/points.h"
#include "tools/simulate/simulate_design.h"

void runs_print(struct context *context, const struct design *design, size_t runs);
