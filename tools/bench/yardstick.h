// What this machine can do at the most, to hold a run against.
#pragma once

// Milliseconds of the median fdatasync after 4 KiB appended to a file in `dir`; negative when it cannot be told.
double yardstick_fdatasync_ms(const char *dir);
// Ed25519 verifications a second of one core.
double yardstick_verifies_per_s(void);
