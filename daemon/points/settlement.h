// Settlements: donations paid out to a municipality.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct settlement {
    uint64_t sequence;
    uint32_t day, to_day; // JST days: of block time; up to which donations are paid out
    uint8_t municipality; // position in genesis
    uint32_t purpose;
    uint64_t points;
    char *reference; // ours
};

struct settlements {
    struct settlement *all; // ascending by sequence
    size_t count, capacity;
};

void settlements_free(struct settlements *settlements);
struct archive;
void settlements_archive(struct archive *archive, struct settlements *settlements, unsigned municipalities);

struct turn;
bool settlement_municipality_known(struct turn *turn);
bool settlement_purpose_known(struct turn *turn);
bool settlement_days_valid(struct turn *turn);
bool settlement_not_empty(struct turn *turn);
uint64_t settlement_apply(struct turn *turn);
