// What happens from November to March: the programme is set up, people open accounts, do quests, move, give and
// convert.
#pragma once

#include "tests/campaign/model.h"
#include "tests/campaign/stream.h"

// Plays all days. The model holds the population and the budget; it and the stream end up with everything that was
// expected and found.
void season_play(struct model *model, struct stream *stream);
