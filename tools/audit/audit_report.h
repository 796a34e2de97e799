// What a ledger that holds amounts to: its name, its trial balance, its donations; together, and part by part.
#pragma once

#include "replay/replay.h"
#include "tools/audit/document.h"
#include "tools/audit/state_view.h"

#include <stdbool.h>
#include <stdio.h>

// All of it, after REPLAY_HOLDS.
void audit_report(struct document *document, const struct replay *replay);

void report_identity(struct document *document, const struct replay *replay); // the ledger's name and id
// Which ledger it is, and how far it was replayed.
void report_ledger(struct document *document, const struct replay *replay);
bool report_books(struct document *document, struct state_view *view); // whether they balance
void report_donations(struct document *document, struct state_view *view);
