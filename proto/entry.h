// One entry of a block, taken out without unpacking the rest: a transaction's own bytes, its outcome, whose it is.
#pragma once

#include "proto/formats.h"
#include "proto/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The bytes of transaction `n`, from 0, of an envelope in canonical form. False: there is none.
bool entry_transaction(struct span envelope, uint64_t n, struct span *transaction);
// The same for many of one envelope: asked for in ascending order, all are found in one walk through its bytes.
struct entry_walk {
    struct span envelope;
    struct wire wire; // before transaction `at`
    uint64_t at;
};
struct entry_walk entry_walk_of(struct span envelope);
bool entry_walk_to(struct entry_walk *walk, uint64_t n, struct span *transaction);
// Whether a transaction's bytes, in canonical form, begin with this id.
bool entry_has_id(struct span transaction, const uint8_t id[ID_BYTES]);
transaction_type entry_type(struct span transaction); // of one in canonical form
// Outcome `n`, from 0, of packed Outcomes in canonical form. False: the columns do not reach so far.
bool entry_outcome(struct span outcomes, uint64_t n, Points__V1__Outcome *outcome);
// The same for many of one block, as above.
enum { OUTCOME_COLUMNS = 4 };
struct outcome_walk {
    struct span outcomes;
    struct wire columns[OUTCOME_COLUMNS]; // before outcome `at`
    uint64_t at;
};
struct outcome_walk outcome_walk_of(struct span outcomes);
bool outcome_walk_to(struct outcome_walk *walk, uint64_t n, Points__V1__Outcome *outcome);

// The account that a transaction names; NULL: none.
const ProtobufCBinaryData *entry_account(const Points__V1__Transaction *transaction);
