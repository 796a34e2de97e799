#include "points/notice.h"
#include "points/archive.h"
#include "points/calendar.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

#include <stdlib.h>
#include <string.h>

uint32_t notice_municipality(const Points__V1__Transaction *transaction)
{
    switch (transaction->body_case) {
    case TRANSACTION(POST_NOTICE):
        return transaction->post_notice->municipality;
    case TRANSACTION(WITHDRAW_NOTICE):
        return transaction->withdraw_notice->municipality;
    case TRANSACTION(ERASE_NOTICE):
        return transaction->erase_notice->municipality;
    default:
        return 0;
    }
}

bool notice_valid(struct turn *turn)
{
    const Points__V1__PostNotice *post = turn->transaction->post_notice;
    return post->first_day <= post->last_day && post->last_day <= CALENDAR_DAY_MAX &&
           post->last_day >= state_today(turn->state);
}

// A municipality knows its own only.
bool notice_known(struct turn *turn)
{
    const struct notices *notices = &turn->state->notices;
    const Points__V1__Transaction *transaction = turn->transaction;
    const ProtobufCBinaryData *id = transaction->body_case == TRANSACTION(WITHDRAW_NOTICE)
                                        ? &transaction->withdraw_notice->notice
                                        : &transaction->erase_notice->notice;
    uint32_t place = id_map_get(&notices->ids, id->data, notices->all, sizeof *notices->all);
    turn->notice = place ? &notices->all[place - 1] : NULL;
    return turn->notice &&
           state_municipality_code(turn->state, turn->notice->municipality) == notice_municipality(transaction);
}

bool notice_withdrawn(struct turn *turn)
{
    return turn->notice->withdrawn;
}

bool notice_not_withdrawn(struct turn *turn)
{
    return !turn->notice->withdrawn;
}

bool notice_not_erased(struct turn *turn)
{
    return !turn->notice->erased;
}

// Admission has found a key of the municipality, so there is one.
uint64_t notice_apply_post(struct turn *turn)
{
    struct notices *notices = &turn->state->notices;
    const Points__V1__PostNotice *post = turn->transaction->post_notice;
    notices->all = memory_grow(notices->all, notices->count, &notices->capacity, sizeof *notices->all);
    notices->current =
        memory_grow(notices->current, notices->current_count, &notices->current_capacity, sizeof *notices->current);
    notices->current[notices->current_count++] = (uint32_t)notices->count;
    struct notice *notice = &notices->all[notices->count++];
    *notice = (struct notice){.sequence = turn->sequence,
        .posted_at = turn->state->time,
        .first_day = post->first_day,
        .last_day = post->last_day,
        .municipality = (uint8_t)state_municipality(turn->state, post->municipality),
        .to_all = post->to_all};
    memcpy(notice->id, turn->transaction->id.data, ID_BYTES);
    memcpy(notice->text_sha256, post->text_sha256.data, HASH_BYTES);
    id_map_add(&notices->ids, notice->id, (uint32_t)notices->count);
    return 0;
}

void notices_pass_day(struct notices *notices, uint32_t today)
{
    size_t kept = 0;
    if (today == notices->day)
        return;
    for (size_t i = 0; i < notices->current_count; i++) {
        const struct notice *notice = &notices->all[notices->current[i]];
        if (!notice->withdrawn && notice->last_day >= today)
            notices->current[kept++] = notices->current[i];
    }
    notices->current_count = kept;
    notices->day = today;
}

uint64_t notice_apply_withdraw(struct turn *turn)
{
    turn->notice->withdrawn = true;
    return 0;
}

uint64_t notice_apply_erase(struct turn *turn)
{
    turn->notice->erased = true;
    return 0;
}

void notices_free(struct notices *notices)
{
    id_map_free(&notices->ids);
    memory_free(notices->all, notices->capacity, sizeof *notices->all);
    memory_free(notices->current, notices->current_capacity, sizeof *notices->current);
}

static bool notices_fit(const struct notices *notices, unsigned municipalities)
{
    for (size_t i = 0; i < notices->count; i++)
        if (notices->all[i].municipality >= municipalities)
            return false;
    for (size_t i = 0; i < notices->current_count; i++)
        if (notices->current[i] >= notices->count)
            return false;
    return true;
}

void notices_archive(struct archive *archive, struct notices *notices, unsigned municipalities)
{
    archive_array(archive, &notices->all, &notices->count, &notices->capacity, sizeof *notices->all);
    id_map_archive(archive, &notices->ids, notices->count);
    archive_array(
        archive, &notices->current, &notices->current_count, &notices->current_capacity, sizeof *notices->current);
    ARCHIVE(archive, notices->day);
    archive_check(
        archive, !archive_is_loading(archive) || notices_fit(notices, municipalities), "a notice points nowhere");
}
