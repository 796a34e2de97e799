// The campaign's expectations of notices.
#include "tests/campaign/model_notice.h"
#include "tests/campaign/model_parts.h"
#include "tools/error.h"

struct expected model_post_notice(struct model *model, const struct notice *notice, uint64_t sequence)
{
    if (notice->first_day > notice->last_day || notice->last_day < model->today)
        return model_refusal(OUTCOME(NOTICE_INVALID));
    model->notices = xrealloc(model->notices, (model->notice_count + 1) * sizeof *model->notices);
    struct notice *posted = &model->notices[model->notice_count++];
    *posted = *notice;
    posted->sequence = sequence;
    posted->posted_at = model->now;
    return (struct expected){.code = OUTCOME(APPLIED)};
}

struct expected model_withdraw_notice(struct model *model, uint8_t municipality, uint32_t position)
{
    struct notice *notice = &model->notices[position];
    if (notice->municipality != municipality)
        return model_refusal(OUTCOME(NOTICE_UNKNOWN));
    if (notice->withdrawn)
        return model_refusal(OUTCOME(NOTICE_WITHDRAWN));
    notice->withdrawn = true;
    return (struct expected){.code = OUTCOME(APPLIED)};
}

struct expected model_erase_notice(struct model *model, uint8_t municipality, uint32_t position)
{
    struct notice *notice = &model->notices[position];
    if (notice->municipality != municipality)
        return model_refusal(OUTCOME(NOTICE_UNKNOWN));
    if (!notice->withdrawn || notice->erased)
        return model_refusal(notice->erased ? OUTCOME(NOTICE_ERASED) : OUTCOME(NOTICE_NOT_WITHDRAWN));
    notice->erased = true;
    return (struct expected){.code = OUTCOME(APPLIED)};
}

bool model_notice_in_force(const struct model *model, const struct notice *notice)
{
    return !notice->withdrawn && notice->first_day <= model->today && model->today <= notice->last_day;
}

bool model_notice_is_for(const struct notice *notice, uint8_t home)
{
    return notice->to_all || notice->municipality == home;
}
