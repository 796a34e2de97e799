// What awards leave behind when two accounts become one.
#pragma once

#include "tests/campaign/model.h"

void model_award_merge(struct resident *into, const struct resident *merged);
// Whoever either was counted as visiting is one from here on. Before model_award_merge.
void model_visits_merge(struct model *model, const struct resident *into, const struct resident *merged);
