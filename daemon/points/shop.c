#include "points/shop.h"
#include "points/archive.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdlib.h>
#include <string.h>

struct shop *shop_get(struct shop *shops, uint32_t number)
{
    struct shop *shop;
    HASH_FIND(hh, shops, &number, sizeof number, shop);
    return shop;
}

bool shop_new(struct turn *turn)
{
    return !shop_get(turn->state->shops, turn->transaction->register_shop->shop);
}

bool shop_municipality_known(struct turn *turn)
{
    turn->municipality = state_municipality(turn->state, turn->transaction->register_shop->municipality);
    return turn->municipality >= 0;
}

bool shop_valid(struct turn *turn)
{
    return turn->transaction->register_shop->shop != 0;
}

uint64_t shop_apply_register(struct turn *turn)
{
    struct shop *shop = memory_zeroed(1, sizeof *shop);
    shop->definition = (Points__V1__RegisterShop *)memory_message(&turn->transaction->register_shop->base);
    shop->number = shop->definition->shop;
    shop->municipality = (unsigned)turn->municipality;
    HASH_ADD(hh, turn->state->shops, number, sizeof shop->number, shop);
    return 0;
}

bool shop_known(struct turn *turn)
{
    turn->shop = shop_get(turn->state->shops, turn->transaction->close_shop->shop);
    return turn->shop != NULL;
}

bool shop_not_closed(struct turn *turn)
{
    return !turn->shop->closed;
}

bool shop_last_day_valid(struct turn *turn)
{
    return turn->transaction->close_shop->last_day <= CALENDAR_DAY_MAX;
}

uint64_t shop_apply_close(struct turn *turn)
{
    turn->shop->closed = true;
    turn->shop->last_day = turn->transaction->close_shop->last_day;
    return 0;
}

void shops_free(struct shop *shops)
{
    struct shop *shop, *next;
    HASH_ITER(hh, shops, shop, next)
    {
        HASH_DELETE(hh, shops, shop);
        points__v1__register_shop__free_unpacked(shop->definition, NULL);
        free(shop);
    }
}

// ---- receipts that were used

struct used_receipt {
    uint8_t digest[HASH_BYTES];
    uint32_t next; // place of the next with the same first half; 0: the last
};

static uint32_t first_with_half(const struct evidence *evidence, const uint8_t digest[HASH_BYTES])
{
    return id_map_get(&evidence->first_halves, digest, evidence->used, sizeof *evidence->used);
}

bool evidence_used(const struct evidence *evidence, const uint8_t digest[HASH_BYTES])
{
    for (uint32_t at = first_with_half(evidence, digest); at; at = evidence->used[at - 1].next)
        if (memcmp(evidence->used[at - 1].digest, digest, HASH_BYTES) == 0)
            return true;
    return false;
}

void evidence_use(struct evidence *evidence, const uint8_t digest[HASH_BYTES])
{
    uint32_t same = first_with_half(evidence, digest);
    evidence->used = memory_grow(evidence->used, evidence->count, &evidence->capacity, sizeof *evidence->used);
    struct used_receipt *used = &evidence->used[evidence->count++];
    *used = (struct used_receipt){0};
    memcpy(used->digest, digest, HASH_BYTES);
    if (!same) {
        id_map_add(&evidence->first_halves, digest, (uint32_t)evidence->count);
        return;
    }
    used->next = evidence->used[same - 1].next;
    evidence->used[same - 1].next = (uint32_t)evidence->count;
}

void evidence_free(struct evidence *evidence)
{
    id_map_free(&evidence->first_halves);
    memory_free(evidence->used, evidence->capacity, sizeof *evidence->used);
}

// ---- as bytes

static void shop_archive(struct archive *archive, struct shop *shop, unsigned municipalities)
{
    ARCHIVE(archive, shop->number);
    archive_message(archive, &points__v1__register_shop__descriptor, &shop->definition);
    ARCHIVE(archive, shop->municipality);
    ARCHIVE(archive, shop->closed);
    ARCHIVE(archive, shop->last_day);
    archive_check(archive, shop->municipality < municipalities, "a shop stands in no municipality");
}

void shops_archive(struct archive *archive, struct shop **shops, unsigned municipalities)
{
    ARCHIVE_HASH(archive, *shops, number, shop_archive, municipalities);
}

void evidence_archive(struct archive *archive, struct evidence *evidence)
{
    bool fit = true;
    archive_array(archive, &evidence->used, &evidence->count, &evidence->capacity, sizeof *evidence->used);
    id_map_archive(archive, &evidence->first_halves, evidence->count);
    for (size_t i = 0; archive_is_loading(archive) && i < evidence->count; i++)
        fit &= evidence->used[i].next <= evidence->count;
    archive_check(archive, fit, "a used receipt points nowhere");
}
