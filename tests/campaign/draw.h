// What the campaign asks chance about.
#pragma once

#include "tools/simulate/draw.h"

// Each gets numbers of its own.
enum draw_topic {
    DRAW_ACCOUNT,
    DRAW_ACCOUNT_REST,
    DRAW_PLACE,
    DRAW_PERSON,
    DRAW_WEEK,
    DRAW_DAY,
    DRAW_ID,
    DRAW_ID_REST,
    DRAW_RESEND,
    DRAW_WAON,
    DRAW_MOVE,
    DRAW_LEAVE,
    DRAW_OUTING,
    DRAW_TRIP,
    DRAW_DIGEST,
    DRAW_DONATION,
    DRAW_CONVERSION
};
