// Asking for notices: those that residents of a municipality may read now, or those that one has posted.
#include "points/calendar.h"
#include "points/query.h"

struct wanted {
    uint64_t before;    // sequence number; 0: no bound
    bool all;           // those not in force too
    uint32_t today;     // JST day
    int reader, poster; // municipalities' positions in genesis; -1: any
};

static bool is_wanted(const struct wanted *wanted, const struct notice *notice)
{
    bool in_force = !notice->withdrawn && notice->first_day <= wanted->today && wanted->today <= notice->last_day;
    bool for_reader = wanted->reader < 0 || notice->to_all || notice->municipality == wanted->reader;
    bool of_poster = wanted->poster < 0 || notice->municipality == wanted->poster;
    return (wanted->before == 0 || notice->sequence < wanted->before) && (wanted->all || in_force) && for_reader &&
           of_poster;
}

static Points__V1__Notice *notice_shown(
    const struct points_state *state, const struct notice *notice, ProtobufCAllocator *allocator)
{
    Points__V1__Notice *shown = MESSAGE(allocator, Points__V1__Notice, POINTS__V1__NOTICE__INIT);
    shown->posted = MESSAGE(allocator, Points__V1__PostNotice, POINTS__V1__POST_NOTICE__INIT);
    shown->posted->municipality = state_municipality_code(state, notice->municipality);
    shown->posted->text_sha256 = query_bytes(allocator, notice->text_sha256, HASH_BYTES);
    shown->posted->first_day = notice->first_day;
    shown->posted->last_day = notice->last_day;
    shown->posted->to_all = notice->to_all;
    shown->sequence = notice->sequence;
    shown->id = query_bytes(allocator, notice->id, ID_BYTES);
    shown->posted_at = notice->posted_at;
    shown->withdrawn = notice->withdrawn;
    shown->erased = notice->erased;
    return shown;
}

// Newest first, from those that can be in force unless all are wanted.
static void add_notices(const struct points_state *state, const struct wanted *wanted, size_t limit,
    Points__V1__NoticesReply *reply, ProtobufCAllocator *allocator)
{
    const struct notices *notices = &state->notices;
    for (size_t i = wanted->all ? notices->count : notices->current_count; i > 0 && !reply->next; i--) {
        const struct notice *notice = &notices->all[wanted->all ? i - 1 : notices->current[i - 1]];
        if (!is_wanted(wanted, notice))
            continue;
        if (reply->n_notices == limit)
            reply->next = reply->notices[limit - 1]->sequence;
        else
            reply->notices[reply->n_notices++] = notice_shown(state, notice, allocator);
    }
}

Points__V1__NoticesReply *points_notices(const struct points_state *state, const struct points_asker *asker,
    const Points__V1__GetNotices *query, int64_t block_time, ProtobufCAllocator *allocator)
{
    struct wanted wanted = {.before = query->before,
        .all = query->all,
        .today = (uint32_t)calendar_day(block_time),
        .reader = -1,
        .poster = -1};
    uint32_t poster = asker->role == ROLE(MUNICIPALITY) ? asker->municipality : query->municipality;
    if (poster)
        wanted.poster = state_municipality(state, poster);
    if (query->account.len) {
        const struct account *account = account_get(&state->accounts, query->account.data);
        if (!account)
            return NULL;
        wanted.reader = account->municipality;
    }
    Points__V1__NoticesReply *reply = MESSAGE(allocator, Points__V1__NoticesReply, POINTS__V1__NOTICES_REPLY__INIT);
    reply->notices = POINTERS(allocator, POINTS_NOTICES_MAX, Points__V1__Notice);
    add_notices(state, &wanted, query->limit ? query->limit : POINTS_NOTICES_MAX, reply, allocator);
    return reply;
}

size_t points_notice_count(const struct points_state *state)
{
    return state->notices.count;
}

struct points_notice points_notice_at(const struct points_state *state, size_t position)
{
    const struct notice *notice = &state->notices.all[position];
    return (struct points_notice){notice->sequence, notice->id, notice->text_sha256, notice->erased};
}
