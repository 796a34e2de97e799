// What the model's files share.
#pragma once

#include "tests/campaign/model.h"

// An entry that touches the account: what expired since the last one leaves it. APPLIED without points, until told
// otherwise.
struct expected model_touch(struct model *model, struct resident *resident, uint64_t sequence);
struct expected model_refusal(outcome_code code);                  // of an entry that touches none
bool model_closed(const struct resident *resident);                // or merged
outcome_code model_judge_spender(const struct resident *resident); // neither closed nor frozen
void model_put_back(struct model *model, struct resident *resident, const struct spent *spent);
