#include "clock.h"

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

void clock_start(struct clock *clock, int64_t last_block_time)
{
    clock->offset_ms = offset_now(clock);
    clock->unsure = clock->wall_s < last_block_time || clock->wall_s - last_block_time > AHEAD_MAX_S;
}

void clock_read(struct clock *clock)
{
    if (llabs(offset_now(clock) - clock->offset_ms) > DRIFT_MAX_MS)
        clock->unsure = true;
}

void clock_accept(struct clock *clock)
{
    clock->offset_ms = offset_now(clock);
    clock->unsure = false;
}
