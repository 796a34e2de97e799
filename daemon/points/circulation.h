// Circulation: where residents shop, by month of purchase, home and place. And who has visited where.
#pragma once

#include "points/account.h"
#include "proto/formats.h"

#include <stdint.h>
#include <stddef.h>

enum { PLACE_WORDS = (GENESIS_MUNICIPALITIES_MAX + 63) / 64 };

// Where an account has shopped: in one quest (0: in all) in one month while it had one home; or in one quest ever.
struct visit {
    uint32_t next; // of the same account, counted from 1; 0: the last
    uint32_t quest;
    uint32_t month; // from January 1970
    uint8_t home;   // position in genesis
    uint64_t places[PLACE_WORDS];
};

struct circulation_cell {
    uint64_t receipts, amount_yen, residents, points;
};

// The matrix of one quest (0: all) in one month.
struct circulation_month {
    uint32_t quest, month;
    struct circulation_cell *cells; // home * municipalities + place
};

struct circulation {
    struct circulation_month *months; // ascending by quest, then month
    size_t month_count, month_capacity;
    struct visit *visits;
    size_t visit_count, visit_capacity;
};

struct purchase {
    uint32_t quest, month; // from January 1970
    unsigned place;        // position in genesis
    uint64_t amount_yen, points;
};

void circulation_add(
    struct circulation *circulation, struct account *account, const struct purchase *purchase, unsigned municipalities);
// How many municipalities the account has visited in a quest, once it has visited this one too.
unsigned circulation_visited(
    const struct circulation *circulation, const struct account *account, uint32_t quest, unsigned place);
void circulation_merge(struct circulation *circulation, struct account *from, struct account *to);
void circulation_free(struct circulation *circulation);
struct archive;
void circulation_archive(struct archive *archive, struct circulation *circulation, unsigned municipalities);
