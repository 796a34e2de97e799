// The programme office: what operators define for a run, and ask before and after it.
#pragma once

#include "tools/bench/load.h"
#include "tools/client.h"

struct office {
    struct client *client;
    struct keyfile operators[2];
    uint64_t transactions; // that it had decided
};

// Keys app, operator-1 and operator-2 come from `keys_dir`. Fills the plan's ledger id, key and municipalities. Ends
// the process when anything fails, as do the others.
void office_open(struct office *office, const char *address, const char *keys_dir, struct plan *plan);
void office_close(struct office *office);

// Defines a weekly quest of which the last PASSES_MAX weeks can still be awarded, and any week to come. For a mixed
// load also a quest that gives points to spend and a purpose to spend them on; conversion is opened. Their numbers are
// free ones.
void office_define(struct office *office, struct plan *plan, bool mixed);

// The caller frees with client_free_response.
Points__V1__Response *office_trial_balance(struct office *office);
uint64_t office_issued_points(struct office *office, uint32_t quest);
uint64_t office_donated_points(struct office *office, uint32_t purpose);
