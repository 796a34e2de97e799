// Deciding an envelope: admission, what was decided before, and the rules, transaction by transaction. The decide
// thread's.
#pragma once

#include "decide.h"

// Leaves the job refused, or with its outcomes: recorded as a block, or not when nothing in it was new.
void submit_decide(struct decide *decide, struct job *job);
// The sequence number under which an id was decided first; 0: none.
uint64_t submit_sequence_of(struct decide *decide, const uint8_t id[ID_BYTES]);
// Leaves the job refused, or with a time and what each transaction of its envelope would come to then, if it stood
// alone. Nothing is recorded.
void submit_try(struct decide *decide, struct job *job);
