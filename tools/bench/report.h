// What was measured, for people or as one JSON object.
#pragma once

#include "tools/bench/load.h"
#include "tools/bench/server.h"
#include "tools/bench/settings.h"

struct measured {
    const struct settings *settings;
    const struct load *load;
    uint32_t batch;
    bool has_server;                  // of our own; else the next two say nothing
    struct usage empty, begun, ended; // the daemon's: without accounts; around the clock
    double fdatasync_ms;
    double client_user_s, client_system_s;
    double verifies_per_s;
    struct audited audited; // zeros: was not asked for
};

void report_print(const struct measured *measured);
