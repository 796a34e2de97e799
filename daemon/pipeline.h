// The pipeline: sockets -> verifiers -> decide -> journal -> answers. Joins net, ledger and points, and runs their
// threads.
#pragma once

#include "checkpoint_keys.h"
#include "ledger/ledger.h"
#include "replay/replay.h"
#include "settings.h"

struct pipeline;

// Starts listening and all threads. `ledger`, `fold` and `keys` stay the caller's, but are not to be touched until
// pipeline_free. The newest snapshot is that of `snapshot_sequence`; 0: there is none. NULL: `error` says why.
struct pipeline *pipeline_new(const struct settings *settings, struct ledger *ledger, struct replay_fold *fold,
    const struct checkpoint_keys *keys, uint64_t snapshot_sequence, char *error, size_t error_size);
// The net thread: the caller's. Returns after SIGTERM or SIGINT, when everything decided is durable and answered.
void pipeline_run(struct pipeline *pipeline);
void pipeline_free(struct pipeline *pipeline);
