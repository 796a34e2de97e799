// What a ledger that holds amounts to, for people: its name, its trial balance, its donations.
#pragma once

#include "replay/replay.h"

#include <stdio.h>

// After REPLAY_HOLDS.
void audit_report(const struct replay *replay, FILE *file);
