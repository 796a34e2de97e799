// The commands that set a design up on a ledger.
#pragma once

#include "tools/simulate/simulate_design.h"

#include <stdio.h>

void commands_print(const struct design *design, FILE *file); // for a shell
