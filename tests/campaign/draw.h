// What the campaign asks chance about.
#pragma once

#include "tools/draw.h"

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
    DRAW_WAON
};
