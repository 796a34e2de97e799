// The lane: requests in the order of their arrival. Workers verify them side by side; the decide thread takes them in
// order. Workers also do the reading that is left when a job's group is durable ("errands").
#pragma once

#include "job.h"

struct lane;

struct lane *lane_new(void);
void lane_free(struct lane *lane);

// From the net thread. False: the lane is full; lane_take's `was_full` tells when to try again.
bool lane_put(struct lane *lane, struct job *job);

// For workers: the next job to verify (`errand` false) or to finish (`errand` true); waits. NULL: the lane is closed
// and empty.
struct job *lane_claim(struct lane *lane, bool *errand);
void lane_verified(struct lane *lane, struct job *job);
void lane_put_errand(struct lane *lane, struct job *job);

// For the decide thread: up to `max` jobs (and about 2 MiB of frames) in order, all verified, as a list; waits until
// all that came are verified, or so many that a turn is worth its while. NULL: closed and empty.
struct job *lane_take(struct lane *lane, size_t max, bool *was_full);

// No more jobs will come; those under way are finished.
void lane_close(struct lane *lane);
