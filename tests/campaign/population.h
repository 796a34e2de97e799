// The people who play: who lives where, when they open an account, how eager they are. What the ledger knows of them is
// the model's.
#pragma once

#include "tests/campaign/model.h"

enum { NO_WEEKDAY = 7, OPENING_DAYS = 128, SECOND_ACCOUNTS_ONE_IN = 3000 };

struct person {
    uint8_t opens_on;  // days after the season's first
    uint8_t eagerness; // 0: never does the SDGs quest; 255: hardly ever misses a week
    uint8_t weekday;   // of this week's deed; NO_WEEKDAY: none
    uint8_t old_home;  // before moving
};

struct population {
    struct person *people;    // as many as the model's residents
    uint32_t count;           // of them; the rest of the residents are second accounts, of lost phones
    uint32_t second_accounts; // in use, behind the others
};

// One resident of `per` of each municipality in data/municipalities.csv, with room for second accounts.
struct population population_make(struct model *model, uint32_t per);
void population_free(struct population *population);
// The account that the backend chose for a resident: 16 bytes that say nothing.
void population_account(const struct model *model, uint32_t resident, uint8_t account[ID_BYTES]);
// Where a resident might move to: municipalities draw people by their size.
uint8_t population_other_place(
    const struct population *population, const struct model *model, uint8_t than, uint64_t *bits);
