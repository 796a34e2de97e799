// When data.mdb itself is damaged or cut short, LMDB, which believes what it maps, can trip over it.
#pragma once

// While on, such a crash of any thread ends the process with `code` and a line that says so, instead of a bare signal.
// For reading a ledger from its beginning, though a defect of ours looks like damage meanwhile; off afterwards.
void damage_watch(const char *program, int code);
void damage_watch_end(void);
// Of the calling thread alone, until it ends, whatever signals it blocks.
void damage_watch_thread(const char *program, int code);
