// Notices: what municipalities tell residents. Their texts are no part of the state: they lie beside the blocks.
#pragma once

#include "points/id_map.h"
#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct notice {
    uint8_t id[ID_BYTES];
    uint64_t sequence; // of its PostNotice
    int64_t posted_at; // block time
    uint8_t text_sha256[HASH_BYTES];
    uint32_t first_day, last_day; // JST days
    uint8_t municipality;         // position in genesis
    bool to_all, withdrawn, erased;
};

struct notices {
    struct id_map ids;  // to place in `all`
    struct notice *all; // ascending by sequence
    size_t count, capacity;
    // Positions in `all` of those that are or may yet come in force, and of some withdrawn today, ascending: where to
    // look for what residents ask for, and often.
    uint32_t *current;
    size_t current_count, current_capacity;
    uint32_t day; // up to which `current` is kept
};

void notices_pass_day(struct notices *notices, uint32_t today); // what can be in force no longer leaves `current`
void notices_free(struct notices *notices);
struct archive;
void notices_archive(struct archive *archive, struct notices *notices, unsigned municipalities);

// The municipality that posts, withdraws or erases; 0: the transaction is another.
uint32_t notice_municipality(const Points__V1__Transaction *transaction);

struct turn;
bool notice_valid(struct turn *turn);
bool notice_known(struct turn *turn);
bool notice_withdrawn(struct turn *turn);
bool notice_not_withdrawn(struct turn *turn);
bool notice_not_erased(struct turn *turn);
uint64_t notice_apply_post(struct turn *turn);
uint64_t notice_apply_withdraw(struct turn *turn);
uint64_t notice_apply_erase(struct turn *turn);
