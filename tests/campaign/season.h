// What happens from November to April: the programme is set up, people open accounts, do quests, register receipts,
// move, give and convert; the office puts right what went wrong and pays donations out.
#pragma once

#include "tests/campaign/model.h"
#include "tests/campaign/population.h"
#include "tests/campaign/stream.h"

// Plays all days. The model holds budgets; it and the stream end up with everything that was expected and found.
void season_play(struct model *model, struct population *population, struct stream *stream);
