// Awards on their way: posted at once, late, or twice.
#include "tests/campaign/season_parts.h"

#include <string.h>

enum { AGAIN_ONE_IN = 160, DIGEST_WORDS = HASH_BYTES / sizeof(uint64_t) };

// An award as the backend writes it.
struct filling {
    Points__V1__Award award;
    Points__V1__Receipt receipt;
    uint64_t digest[DIGEST_WORDS];
};

static void fill_receipt(const struct season *season, const struct receipt *receipt, struct filling *filling)
{
    points__v1__receipt__init(&filling->receipt);
    for (uint32_t i = 0; i < DIGEST_WORDS; i++)
        filling->digest[i] = draw(season->model->seed, DRAW_DIGEST, receipt->number, i);
    filling->receipt.digest = (ProtobufCBinaryData){HASH_BYTES, (uint8_t *)filling->digest};
    filling->receipt.shop = receipt->shop;
    filling->receipt.municipality = season->model->codes[receipt->place];
    filling->receipt.amount_yen = receipt->amount_yen;
    filling->award.receipt = &filling->receipt;
}

static void fill(
    const struct season *season, const struct award *award, struct posting *posting, struct filling *filling)
{
    points__v1__award__init(&filling->award);
    posting->transaction.award = &filling->award;
    filling->award.account = posting_account(season, posting, award->resident);
    filling->award.quest = award->quest;
    filling->award.occurred_at = award->occurred_at;
    if (award->quest == RECEIPTS)
        fill_receipt(season, &award->receipt, filling);
}

// The same bytes as some while ago, as after an answer that never arrived.
static void post_again(struct season *season, const struct recent *recent)
{
    struct posting posting;
    struct filling filling;
    posting_begin(season, &posting, TRANSACTION(AWARD));
    memcpy(posting.id, recent->id, ID_BYTES);
    fill(season, &recent->award, &posting, &filling);
    stream_next(season->stream, BY_APP);
    stream_add_again(season->stream, &posting.transaction, recent->sequence, recent->outcome);
}

void award_post(struct season *season, const struct award *award)
{
    struct posting posting;
    struct filling filling;
    posting_begin(season, &posting, TRANSACTION(AWARD));
    fill(season, award, &posting, &filling);
    uint64_t sequence = stream_next(season->stream, BY_APP);
    struct expected outcome = model_award(season->model, award, sequence);
    stream_add(season->stream, &posting.transaction, outcome);
    if (outcome.code == OUTCOME(APPLIED))
        office_notes_award(season, award, posting.id, outcome.points);

    struct recent *kept = &season->recent[season->awards_posted++ % RECENT];
    *kept = (struct recent){.award = *award, .sequence = sequence, .outcome = outcome};
    memcpy(kept->id, posting.id, ID_BYTES);
    uint32_t there = season->awards_posted < RECENT ? (uint32_t)season->awards_posted : RECENT;
    uint64_t bits = draw(season->model->seed, DRAW_RESEND, sequence, 1);
    if (draw_take(&bits, AGAIN_ONE_IN) == 0)
        post_again(season, &season->recent[draw_take(&bits, there)]);
}

void award_post_later(struct season *season, const struct award *award, uint32_t days)
{
    struct award *waiting = later(&day_after(season, days)->awards, sizeof *award);
    *waiting = *award;
}

void awards_waiting(struct season *season)
{
    const struct waiting *waiting = &day_after(season, 0)->awards;
    const struct award *awards = waiting->items;
    for (size_t i = 0; i < waiting->count; i++)
        award_post(season, &awards[i]);
}
