// The end: asks the daemon for its books and figures, holds them against the model's, and prints them.
#pragma once

#include "tests/campaign/model.h"
#include "tests/campaign/stream.h"

// Ends the process with a message when anything differs.
void report_check(const struct model *model, struct stream *stream);
void report_print(const struct model *model, struct stream *stream);
