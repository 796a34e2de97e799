// Every outcome and refusal by name, with a sentence for people: what it means and what to do.
#pragma once

#include "proto/formats.h"

#include "tools/error.h"

#include <stdbool.h>

// As in "BUDGET_EXHAUSTED"; "unknown outcome 999", until the thread's next call, for one that this tool does not know.
const char *outcome_name(outcome_code code);
const char *outcome_advice(outcome_code code);
const char *refusal_advice(refusal_code code, bool question); // of a question, or of an envelope; NULL: none

// The commands' names for transactions, as in "open-account"; "?" for none.
const char *transaction_name(transaction_type type);
// The type of a name. False: `error` lists them all.
bool transaction_type_find(const char *name, transaction_type *type, struct tool_error *error);
