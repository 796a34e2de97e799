// What the checks share, and the checks by subject. All end the process when something differs.
#pragma once

#include "tests/campaign/model.h"
#include "tools/client.h"

// Asks; the answer must be of that kind. The caller frees.
Points__V1__Response *ask(struct client *client, int request_kind, void *body, int response_kind);
void same(const char *what, uint64_t daemon, uint64_t ours);
uint32_t position(const struct model *model, uint32_t code); // of a municipality

void check_books(const struct model *model, struct client *client, uint64_t sequence);
void check_expiry(const struct model *model, struct client *client);
void check_quests(const struct model *model, struct client *client);
void check_circulation(const struct model *model, struct client *client);
void check_donations(const struct model *model, struct client *client);
void check_settlements(const struct model *model, struct client *client);
void check_pending(const struct model *model, struct client *client);
void check_notices(const struct model *model, struct client *client);
void check_accounts(const struct model *model, struct client *client);
