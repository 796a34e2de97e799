// Seeded chance: the same seed and the same question give the same answer, in whatever order the questions come.
#pragma once

#include "tools/mix.h"

#include <stdint.h>

// What is asked about; each gets numbers of its own.
enum draw_topic {
    DRAW_ACCOUNT,
    DRAW_ACCOUNT_REST,
    DRAW_PLACE,
    DRAW_PERSON,
    DRAW_WEEK,
    DRAW_DAY,
    DRAW_ID,
    DRAW_ID_REST,
    DRAW_RESEND,
    DRAW_WAON
};

// 64 random bits about `who` at `when`, which is below 2^24.
static inline uint64_t draw(uint64_t seed, enum draw_topic topic, uint64_t who, uint32_t when)
{
    uint64_t question = who << 32 | (uint64_t)when << 8 | (uint64_t)topic;
    return mix64(mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ question * UINT64_C(0x9e3779b97f4a7c15));
}

// Takes the lowest bits off a drawn number: 0 to below - 1, near enough to uniform for numbers below 2^16.
static inline uint32_t draw_take(uint64_t *bits, uint32_t below)
{
    uint32_t taken = (uint32_t)((*bits & 0xffff) * below >> 16);
    *bits = mix64(*bits + UINT64_C(0x9e3779b97f4a7c15));
    return taken;
}
