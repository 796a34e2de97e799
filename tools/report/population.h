// Residents of municipalities.
#pragma once

#include <stdint.h>

// By the census of 2020, for the programme's twelve (data/municipalities.csv); 0: not known.
uint64_t population_of(uint32_t municipality);
