// Where a copy of a ledger is made and put in place: backup and restore share it.
#pragma once

#include "tools/audit/audit.h"

#include <stdint.h>

// A copy that was made, and checked from its first block to its checkpoint, signatures and all.
struct copy {
    const char *dir;
    int dir_fd;            // locked until copy_settle
    struct ledger *ledger; // the copy, open
    struct replay replay;  // of it; settings.ledger is the copy
    uint64_t bytes;        // of its file
};

// Makes a copy of `from` in DIR/unfinished, and DIR itself when it is not there; it must hold no ledger. Checks the
// copy. What fails ends the process, and what was begun is removed. So does a signal that ends the process; after
// SIGKILL or a power cut the next try removes it. Only copy_settle makes a ledger of DIR.
void copy_make(struct audit *audit, struct ledger *from, const char *dir, struct copy *copy);
// Puts the checked copy in place, synced with the names of file and folders.
void copy_settle(struct copy *copy);
// Says what it holds, and that it is done: the copy, called `done`, is what it should be.
void copy_print(struct audit *audit, const struct copy *copy, const char *done);
