#include "points/donor.h"
#include "points/archive.h"
#include "points/memory.h"

#include <stdlib.h>

bool donee_is_wide(struct donee donee)
{
    return donee.purpose == 0;
}

struct donee donee_wider(struct donee donee)
{
    return donee_is_wide(donee) ? (struct donee){DONEE_ALL, 0} : (struct donee){donee.municipality, 0};
}

bool donee_includes(struct donee a, struct donee b)
{
    return a.municipality == DONEE_ALL ||
           (a.municipality == b.municipality && (donee_is_wide(a) || a.purpose == b.purpose));
}

int64_t donor_last_day(const struct donors *donors, const struct account *account, struct donee donee)
{
    int64_t last = DONOR_NEVER;
    for (uint32_t at = account->donors; at; at = donors->all[at - 1].next) {
        const struct donor *donor = &donors->all[at - 1];
        if (donor->last_day > last && donee_includes(donee, donor->donee))
            last = donor->last_day;
    }
    return last;
}

static struct donor *donor_get(const struct donors *donors, const struct account *account, struct donee donee)
{
    for (uint32_t at = account->donors; at; at = donors->all[at - 1].next)
        if (donee_includes(donee, donors->all[at - 1].donee))
            return &donors->all[at - 1];
    return NULL;
}

void donor_gives(struct donors *donors, struct account *account, struct donee donee, uint32_t day)
{
    struct donor *donor = donor_get(donors, account, donee);
    if (!donor) {
        donors->all = memory_grow(donors->all, donors->count, &donors->capacity, sizeof *donors->all);
        donor = &donors->all[donors->count++];
        *donor = (struct donor){.next = account->donors, .donee = donee};
        account->donors = (uint32_t)donors->count;
    }
    donor->last_day = day;
}

void donors_merge(struct donors *donors, struct account *from, struct account *to)
{
    for (uint32_t at = from->donors, next; at; at = next) {
        struct donor *donor = &donors->all[at - 1], *joined = donor_get(donors, to, donor->donee);
        next = donor->next;
        if (!joined) {
            donor->next = to->donors;
            to->donors = at;
        } else if (joined->last_day < donor->last_day) {
            joined->last_day = donor->last_day;
        }
    }
    from->donors = 0;
}

void donors_free(struct donors *donors)
{
    memory_free(donors->all, donors->capacity, sizeof *donors->all);
    *donors = (struct donors){0};
}

void donors_archive(struct archive *archive, struct donors *donors)
{
    bool fit = true;
    archive_array(archive, &donors->all, &donors->count, &donors->capacity, sizeof *donors->all);
    for (size_t i = 0; archive_is_loading(archive) && i < donors->count; i++)
        fit &= donors->all[i].next <= donors->count;
    archive_check(archive, fit, "a donor points nowhere");
}
