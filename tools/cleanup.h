// What a tool removes when it ends before its work is whole, however it ends, but for SIGKILL and a power cut.
#pragma once

#include <signal.h>

// Calls `remove` when the process leaves by itself or by a signal that ends it: once a process. It must be fit for a
// signal's handler, and for being called again. A signal that was ignored stays ignored; one that had a handler goes on
// to it. A file that grows beyond its limit does not end the process from here on: the failed write tells.
void cleanup_at_any_end(void (*remove)(void));
// Signals that end the process wait from the one to the other, in this thread. `mask_before` is for cleanup_go_on.
void cleanup_hold(sigset_t *mask_before);
void cleanup_go_on(const sigset_t *mask_before);
