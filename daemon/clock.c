#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DRIFT_MAX_MS = 5000, AHEAD_MAX_S = 24 * 3600 };

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now) != 0)
        abort(); // cannot happen for these clocks
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t offset_now(struct clock *clock)
{
    int64_t wall_ms = read_ms(CLOCK_REALTIME);
    clock->wall_s = wall_ms / 1000;
    return wall_ms - read_ms(CLOCK_BOOTTIME);
}

static void doubt(struct clock *clock, bool wrong, const char *what)
{
    if (!wrong || clock->unsure || !clock->counts)
        return;
    clock->unsure = true;
    fprintf(stderr, "pointsd: the wall clock %s: new envelopes are refused (CLOCK_UNSURE) until points accept-time\n",
        what);
}

void clock_start(struct clock *clock, bool counts, int64_t last_block_time)
{
    *clock = (struct clock){.counts = counts};
    clock->offset_ms = offset_now(clock);
    doubt(clock, clock->wall_s < last_block_time, "stands before the last block");
    doubt(clock, clock->wall_s - last_block_time > AHEAD_MAX_S, "stands more than 24 h after the last block");
}

void clock_read(struct clock *clock)
{
    doubt(clock, llabs(offset_now(clock) - clock->offset_ms) > DRIFT_MAX_MS, "jumped by more than 5 s");
}

void clock_accept(struct clock *clock)
{
    clock->offset_ms = offset_now(clock);
    clock->unsure = false;
}
