// Seeded chance: the same seed and the same question give the same answer, in whatever order the questions come.
#pragma once

#include "tools/mix.h"

#include <stdbool.h>
#include <stdint.h>

// 64 random bits about `who` at `when`, which is below 2^24. What is asked about is the topic, below 2^8: each gets
// numbers of its own.
static inline uint64_t draw(uint64_t seed, unsigned topic, uint64_t who, uint32_t when)
{
    uint64_t question = who << 32 | (uint64_t)when << 8 | (uint64_t)topic;
    return mix64(mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ question * UINT64_C(0x9e3779b97f4a7c15));
}

// Other bits after those that were used.
static inline uint64_t draw_next(uint64_t bits)
{
    return mix64(bits + UINT64_C(0x9e3779b97f4a7c15));
}

// Takes the lowest bits off a drawn number: 0 to below - 1, near enough to uniform for numbers below 2^16.
static inline uint32_t draw_take(uint64_t *bits, uint32_t below)
{
    uint32_t taken = (uint32_t)((*bits & 0xffff) * below >> 16);
    *bits = draw_next(*bits);
    return taken;
}

// True with a probability of `parts` in a million.
static inline bool draw_chance(uint64_t *bits, uint32_t parts)
{
    bool drawn = ((*bits >> 32) * 1000000 >> 32) < parts;
    *bits = draw_next(*bits);
    return drawn;
}
