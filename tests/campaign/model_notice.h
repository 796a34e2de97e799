// What the ledger knows of the municipalities' notices.
#pragma once

#include "tests/campaign/model.h"

struct notice {
    uint8_t id[ID_BYTES]; // of its PostNotice
    uint8_t text_sha256[HASH_BYTES];
    uint32_t first_day, last_day;
    uint8_t municipality; // its poster
    bool to_all, withdrawn, erased;
    uint64_t sequence;
    int64_t posted_at;
};

// Each says what the daemon must answer. A notice that was posted is the last of model->notices.
struct expected model_post_notice(struct model *model, const struct notice *notice, uint64_t sequence);
struct expected model_withdraw_notice(struct model *model, uint8_t municipality, uint32_t position);
struct expected model_erase_notice(struct model *model, uint8_t municipality, uint32_t position);
bool model_notice_in_force(const struct model *model, const struct notice *notice);
bool model_notice_is_for(const struct notice *notice, uint8_t home);
