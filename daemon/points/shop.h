// Shops whose receipts count, and the receipts that were used.
#pragma once

#include "points/id_map.h"
#include "proto/formats.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct shop {
    uint32_t number;
    Points__V1__RegisterShop *definition; // ours
    unsigned municipality;                // position in genesis
    bool closed;
    uint32_t last_day; // JST day, of a closed one
    UT_hash_handle hh; // by number
};

struct shop *shop_get(struct shop *shops, uint32_t number); // NULL: none
void shops_free(struct shop *shops);
struct archive;
void shops_archive(struct archive *archive, struct shop **shops, unsigned municipalities);

// Digests of receipts: a set, found by their first half.
struct evidence {
    struct id_map first_halves; // to place in `used` of the first that has it
    struct used_receipt *used;
    size_t count, capacity;
};

bool evidence_used(const struct evidence *evidence, const uint8_t digest[HASH_BYTES]);
void evidence_use(struct evidence *evidence, const uint8_t digest[HASH_BYTES]); // it was not used yet
void evidence_free(struct evidence *evidence);
void evidence_archive(struct archive *archive, struct evidence *evidence);

struct turn;
bool shop_new(struct turn *turn);
bool shop_municipality_known(struct turn *turn);
bool shop_valid(struct turn *turn);
uint64_t shop_apply_register(struct turn *turn);
bool shop_known(struct turn *turn);
bool shop_not_closed(struct turn *turn);
bool shop_last_day_valid(struct turn *turn);
uint64_t shop_apply_close(struct turn *turn);
