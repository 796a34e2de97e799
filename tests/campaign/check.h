// The end: asks the daemon for its books and figures and holds them against the model's.
#pragma once

#include "tests/campaign/model.h"
#include "tests/campaign/stream.h"

// Ends the process with a message when anything differs.
void check_everything(const struct model *model, struct stream *stream);
