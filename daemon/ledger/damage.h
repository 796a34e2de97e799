// When data.mdb itself is damaged or cut short, LMDB, which believes what it maps, can trip over it.
#pragma once

// While on, such a crash ends the process with `code` and a line that says so, instead of a bare signal. For
// single-threaded reading of a ledger from its beginning; off afterwards, so that a defect elsewhere is not taken for
// damage.
void damage_watch(const char *program, int code);
void damage_watch_end(void);
// Of the calling thread alone, until it ends, whatever signals it blocks.
void damage_watch_thread(const char *program, int code);
