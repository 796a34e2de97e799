// A set of numbers: open addressing, at most half full.
#include "tests/campaign/model_set.h"
#include "tests/campaign/draw.h"
#include "tools/error.h"

#include <stdlib.h>

struct model_set {
    uint64_t *slots;      // number + 1; 0: free
    uint64_t room, count; // room: a power of two
};

enum { ROOM_FIRST = 1024 };

struct model_set *model_set_new(void)
{
    struct model_set *set = xcalloc(1, sizeof *set);
    set->room = ROOM_FIRST;
    set->slots = xcalloc(set->room, sizeof *set->slots);
    return set;
}

void model_set_free(struct model_set *set)
{
    free(set->slots);
    free(set);
}

static uint64_t *find(const struct model_set *set, uint64_t number)
{
    uint64_t at = mix64(number) & (set->room - 1);
    while (set->slots[at] && set->slots[at] != number + 1)
        at = (at + 1) & (set->room - 1);
    return &set->slots[at];
}

bool model_set_has(const struct model_set *set, uint64_t number)
{
    return *find(set, number) != 0;
}

static void grow(struct model_set *set)
{
    struct model_set old = *set;
    set->room = 2 * old.room;
    set->slots = xcalloc(set->room, sizeof *set->slots);
    for (uint64_t i = 0; i < old.room; i++)
        if (old.slots[i])
            *find(set, old.slots[i] - 1) = old.slots[i];
    free(old.slots);
}

bool model_set_add(struct model_set *set, uint64_t number)
{
    if (2 * (set->count + 1) > set->room)
        grow(set);
    uint64_t *slot = find(set, number);
    if (*slot)
        return false;
    *slot = number + 1;
    set->count++;
    return true;
}
