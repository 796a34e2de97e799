// Bits that look random, from a number: what seeded generators are made of.
#pragma once

#include <stdint.h>

// splitmix64's finaliser (Sebastiano Vigna, public domain): a bijection, so different numbers stay different.
static inline uint64_t mix64(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}
