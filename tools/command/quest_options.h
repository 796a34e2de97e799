// A quest's definition from the command line's options, whole or as changes to one that is there.
#pragma once

#include "tools/command/points.h"

// A definition, and room for what it points to.
struct quest_options {
    Points__V1__DefineQuest quest;
    uint32_t municipalities[GENESIS_MUNICIPALITIES_MAX];
    Points__V1__ReceiptTerms receipt;
    Points__V1__Expiry expiry;
    Points__V1__ReceiptStep steps[RECEIPT_STEPS_MAX], *step_pointers[RECEIPT_STEPS_MAX];
};

// Takes what a definition and a change have in common: points, last day and QUEST_OPTIONS. What is not given stays as
// it is in options->quest. Ends the process when an option is wrong.
void quest_options_read(struct context *context, struct quest_options *options);

#define QUEST_OPTIONS                                                                                                  \
    "[--cap POINTS] [--grace-hours HOURS] [--municipality MUNICIPALITY]... [--residents-max NUMBER] "                  \
    "[--expires never|DAY|90d|3m|fiscal-year|next-fiscal-year] [--step YEN=POINTS]... [--bonus-municipalities "        \
    "NUMBER] [--bonus-points POINTS]"
