// One entry of a block, taken out without unpacking the rest: a transaction's own bytes, its outcome, whose it is.
#pragma once

#include "proto/formats.h"
#include "proto/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The bytes of transaction `n`, from 0, of an envelope in canonical form. False: there is none.
bool entry_transaction(struct span envelope, uint64_t n, struct span *transaction);
// Whether a transaction's bytes, in canonical form, begin with this id.
bool entry_has_id(struct span transaction, const uint8_t id[ID_BYTES]);
transaction_type entry_type(struct span transaction); // of one in canonical form
// Outcome `n`, from 0, of packed Outcomes in canonical form. False: the columns do not reach so far.
bool entry_outcome(struct span outcomes, uint64_t n, Points__V1__Outcome *outcome);

// The account that a transaction names; NULL: none.
const ProtobufCBinaryData *entry_account(const Points__V1__Transaction *transaction);
