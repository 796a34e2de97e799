// A quest with all its periods, asked for a stretch of days at a time.
#include "tools/report/quest_periods.h"
#include "tools/report/budget_pace.h"
#include "tools/span.h"

enum { STRETCH_DAYS = 62 }; // of a daily quest in a hundred municipalities, about the size of an answer

static Points__V1__Response *ask_for(struct context *context, uint32_t quest, uint32_t from_day, uint32_t to_day)
{
    Points__V1__GetQuest ask = POINTS__V1__GET_QUEST__INIT;
    ask.quest = quest;
    ask.from_day = from_day;
    ask.to_day = to_day;
    Points__V1__Response *response = context_call(context, REQUEST(GET_QUEST), &ask);
    if (!response->quest->quest)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
    return response;
}

// A period that reaches into two stretches is told in both; it counts where it begins.
static void add_periods(const Points__V1__QuestReply *reply, uint32_t from_day, uint32_t to_day, struct sums *periods)
{
    for (size_t i = 0; i < reply->n_periods; i++) {
        const Points__V1__QuestPeriod *row = reply->periods[i];
        struct sum sum = {row->first_day, row->municipality, reply->quest->quest, {0}};
        sum.figures[PERIOD_AWARDS] = row->awards;
        sum.figures[PERIOD_POINTS] = row->points;
        if (row->first_day >= from_day && row->first_day <= to_day)
            sums_add(periods, sum);
    }
}

Points__V1__Response *quest_periods_fetch(struct context *context, uint32_t quest, uint32_t today, struct sums *periods)
{
    Points__V1__Response *whole = ask_for(context, quest, 1, 1); // and hardly a period
    const Points__V1__DefineQuest *definition = whole->quest->quest;
    span_kind span = span_of_period(definition->period);
    uint32_t from = span == SPAN_WHOLE ? definition->first_day : span_begin(span, definition->first_day);
    for (; from <= today + 1; from += STRETCH_DAYS) {
        uint32_t to = from + STRETCH_DAYS - 1;
        Points__V1__Response *response = ask_for(context, quest, from ? from : 1, to);
        add_periods(response->quest, from, to, periods);
        client_free_response(response);
    }
    return whole;
}
