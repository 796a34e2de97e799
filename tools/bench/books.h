// The daemon's books beside what was sent and answered.
#pragma once

#include "tools/bench/office.h"

// Compares what the books have grown by since `before` with what was decided: transactions, accounts and points, by
// municipality and together; what the quests issued; what was donated. A difference ends the process.
void books_compare(struct office *office, const struct answers *answers, const struct weeks *weeks, bool mixed,
    const Points__V1__TrialBalanceReply *before);
