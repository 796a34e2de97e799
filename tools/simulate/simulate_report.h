// A simulation as people read it: what it costs and how long the budgets last, in sentences, then the tables.
#pragma once

#include "tools/command/points.h"
#include "tools/simulate/simulate_play.h"

void report_print(struct context *context, const struct play *play);
