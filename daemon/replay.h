// Starting: checks every block of the ledger and folds it into a state. What differs from what was recorded is not served.
#pragma once

#include "ledger/ledger.h"
#include "points/id_map.h"
#include "points/points.h"

// The state after the ledger's last block, and every transaction's id; NULL when the ledger does not hold (`error` names the block).
// Signatures are the auditor's to verify (points-audit). Progress goes to stderr when it takes long.
struct points_state *replay(struct ledger *ledger, struct id_map *ids, struct ledger_error *error);
