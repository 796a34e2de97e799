// What the season came to, for people.
#pragma once

#include "tests/campaign/model.h"
#include "tests/campaign/stream.h"

void report_print(const struct model *model, struct stream *stream);
