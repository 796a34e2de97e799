// The residents who play: where they live, when they open an account, how eager they are.
#pragma once

#include "tests/campaign/model.h"

// One resident of `per` of each municipality in data/municipalities.csv. The caller frees model->residents.
void population_make(struct model *model, uint32_t per);
// The account that the backend chose for a resident: 16 bytes that say nothing.
void population_account(const struct model *model, uint32_t resident, uint8_t account[ID_BYTES]);
// Where a resident might move to: municipalities draw people by their size.
uint8_t population_other_place(const struct model *model, uint8_t than, uint64_t *bits);
