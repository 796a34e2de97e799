// Stretches of the calendar; the calendar itself is points/calendar.h.
#include "tools/span.h"
#include "points/calendar.h"

span_kind span_of_unit(Points__V1__TotalsUnit unit)
{
    switch (unit) {
    case UNIT(DAY):
        return SPAN_DAY;
    case UNIT(MONTH):
        return SPAN_MONTH;
    case UNIT(FISCAL_YEAR):
        return SPAN_FISCAL_YEAR;
    default:
        return SPAN_WHOLE;
    }
}

span_kind span_of_period(Points__V1__Period period)
{
    switch (period) {
    case PERIOD(DAILY):
        return SPAN_DAY;
    case PERIOD(WEEKLY):
        return SPAN_WEEK;
    case PERIOD(MONTHLY):
        return SPAN_MONTH;
    default:
        return SPAN_WHOLE;
    }
}

const char *span_name_ja(span_kind kind)
{
    static const char *const names[] = {[SPAN_WHOLE] = "全期間",
        [SPAN_DAY] = "日",
        [SPAN_WEEK] = "週(月曜日の日付)",
        [SPAN_MONTH] = "月",
        [SPAN_FISCAL_YEAR] = "年度(4月から3月)"};
    return names[kind];
}

// The week of 1970-01-01 began before there were days; the daemon has day 0 for it.
static uint32_t week_begin(uint32_t day)
{
    int64_t monday = calendar_week_first_day(calendar_week(day));
    return monday > 0 ? (uint32_t)monday : 0;
}

uint32_t span_begin(span_kind kind, uint32_t day)
{
    switch (kind) {
    case SPAN_DAY:
        return day;
    case SPAN_WEEK:
        return week_begin(day);
    case SPAN_MONTH:
        return calendar_month_first_day(day);
    case SPAN_FISCAL_YEAR:
        return calendar_fiscal_year_first_day(day);
    default:
        return 0;
    }
}

uint32_t span_next(span_kind kind, uint32_t first_day)
{
    switch (kind) {
    case SPAN_DAY:
        return first_day + 1;
    case SPAN_WEEK:
        return (uint32_t)calendar_week_first_day(calendar_week(first_day) + 1);
    case SPAN_MONTH:
        return calendar_month_begin(calendar_month(first_day) + 1);
    default: // the day after a year of at most 366 days lies in the next one
        return span_begin(SPAN_FISCAL_YEAR, span_begin(SPAN_FISCAL_YEAR, first_day) + 366);
    }
}
