#include "points/block_time.h"
#include "points/calendar.h"
#include "points/rules.h"
#include "points/state.h"

static bool is_scripted(const struct points_state *state)
{
    return state->genesis->time_source == TIME_SOURCE(SCRIPTED);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t points_block_time(const struct points_state *state, int64_t wall_clock)
{
    return later(state->time, is_scripted(state) ? state->scripted_time : wall_clock);
}

bool points_time_valid(const struct points_state *state, int64_t block_time)
{
    if (is_scripted(state))
        return block_time == later(state->time, state->scripted_time);
    return block_time >= state->time && block_time <= CALENDAR_TIME_MAX;
}

bool time_scripted(struct turn *turn)
{
    return is_scripted(turn->state);
}

bool time_valid(struct turn *turn)
{
    int64_t time = turn->transaction->set_time->time;
    return time >= later(turn->state->time, turn->state->scripted_time) && time <= CALENDAR_TIME_MAX;
}

uint64_t time_apply(struct turn *turn)
{
    turn->state->scripted_time = turn->transaction->set_time->time;
    return 0;
}
