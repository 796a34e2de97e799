// Answering queries from the state; those that also read the ledger leave an errand. The decide thread's.
#pragma once

#include "decide.h"

// For any request but a submit: leaves the job with a response, a refusal, or an errand (`errand`).
void answer_query(struct decide *decide, struct job *job);
