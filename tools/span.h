// Stretches of the calendar that figures are added up over: days, weeks, months, fiscal years. JST.
#pragma once

#include "proto/formats.h"

#include <stdint.h>

typedef enum { SPAN_WHOLE, SPAN_DAY, SPAN_WEEK, SPAN_MONTH, SPAN_FISCAL_YEAR } span_kind;

span_kind span_of_unit(Points__V1__TotalsUnit unit);
span_kind span_of_period(Points__V1__Period period); // ONCE: SPAN_WHOLE

const char *span_name_ja(span_kind kind); // as charts say what their columns are

// The first day of the one that holds `day`, as the daemon's rows have it; of SPAN_WHOLE 0.
uint32_t span_begin(span_kind kind, uint32_t day);
// The first day of the next one. Not for SPAN_WHOLE.
uint32_t span_next(span_kind kind, uint32_t first_day);
