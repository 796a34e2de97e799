// Donors: to whom an account has given, and on which day last. Days never go back, so that tells whether a donation is
// its first of the day, the month or the year, and donors are counted as they come.
#pragma once

#include "points/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whom donations go to: a municipality for a purpose; it for any (0); or all, for any.
struct donee {
    uint32_t municipality; // position in genesis, or DONEE_ALL
    uint32_t purpose;
};
enum { DONEE_ALL = GENESIS_MUNICIPALITIES_MAX };

bool donee_is_wide(struct donee donee);              // stands for several
struct donee donee_wider(struct donee donee);        // the next that includes it; not of the widest
bool donee_includes(struct donee a, struct donee b); // also itself

struct donor {
    uint32_t next;     // of the same account, counted from 1; 0: the last
    uint32_t last_day; // on which it gave
    struct donee donee;
};

struct donors {
    struct donor *all;
    size_t count, capacity;
};

enum { DONOR_NEVER = -1 };

// The newest day on which the account gave to this donee, or to one that it includes; DONOR_NEVER.
int64_t donor_last_day(const struct donors *donors, const struct account *account, struct donee donee);
void donor_gives(struct donors *donors, struct account *account, struct donee donee, uint32_t day); // not to a wide one
void donors_merge(struct donors *donors, struct account *from, struct account *to);
void donors_free(struct donors *donors);
struct archive;
void donors_archive(struct archive *archive, struct donors *donors);
