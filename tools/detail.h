// What stands beside an entry's type: the quest, the purpose, the municipality, by number and name.
#pragma once

#include "tools/points.h"

void detail_cell(struct context *context, struct table *table, const Points__V1__Transaction *transaction);
