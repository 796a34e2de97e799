// ^C and its kind end a run in order: the daemon with it, and the scratch ledger.
#pragma once

#include <stdbool.h>

void interrupt_watch(void);
bool interrupt_asked(void);
// Leaves the process when it was asked to end.
void interrupt_check(void);
