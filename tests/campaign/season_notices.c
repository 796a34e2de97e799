// The municipalities tell their residents, or all, of quests, dates and thanks; and take back what was wrong.
#include "tests/campaign/model_notice.h"
#include "tests/campaign/season_parts.h"

#include <sodium.h>
#include <string.h>

enum {
    EACH = MUNICIPALITIES, // as a poster
    SAPPORO = 0,
    OTARU = 1,
    EBETSU = 3,
    ISHIKARI = 7,
    TEXT_BYTES_MAX = 1000,
};

// What is posted, and when.
static const struct posting_plan {
    uint32_t day, first_day, last_day;
    uint8_t poster;
    bool to_all;
    const char *title, *paragraph;
} plans[] = {
    {NOVEMBER + 10, NOVEMBER + 10, FEBRUARY + 25, EACH, false, "SDGsクエストが始まります",
        "11月12日から2月25日まで、毎週1回の行動で100ポイントがもらえます。"},
    {NOVEMBER + 29, NOVEMBER + 29, FEBRUARY + 28, SAPPORO, true, "巡って買って応援",
        "12月1日から、道の駅や商店のレシートでポイントがもらえます。3市町村を巡ると300ポイントの特典があります。"},
    {DECEMBER + 10, DECEMBER + 12, DECEMBER + 31, SAPPORO, true, "WAONへの交換", "12月12日から交換できます。"},
    {DECEMBER + 20, DECEMBER + 20, APRIL + 30, OTARU, false, "雪あかりの道", "2月30日からです。"},
    {DECEMBER + 21, DECEMBER + 21, FEBRUARY + 28, OTARU, false, "雪あかりの道", "2月5日からです。"},
    {MARCH + 1, MARCH + 1, MARCH + 31, EACH, false, "ポイントの有効期限",
        "レシートで得たポイントは3月31日で失効します。寄附やWAONへの交換にお使いください。"},
    {MARCH + 20, MARCH + 1, MARCH + 10, EBETSU, false, "寄附のお礼", "日付を間違えたお知らせです。"},
    {APRIL + 1, APRIL + 1, APRIL + 30, SAPPORO, true, "寄附のお礼", "皆さまのご寄附は各市町村に届けられました。"},
};
enum { PLANS = sizeof plans / sizeof *plans, WRONG_DATE = 3, WAON = 2 };

// What is done with it: a plan's notice (of the first municipality that posted it) is withdrawn or erased, or not.
static const struct retraction_plan {
    uint32_t day;
    uint8_t municipality, plan;
    bool erase;
} retractions[] = {
    {DECEMBER + 21, OTARU, WRONG_DATE, true}, // not withdrawn yet
    {DECEMBER + 21, ISHIKARI, WRONG_DATE, false},
    {DECEMBER + 21, OTARU, WRONG_DATE, false},
    {DECEMBER + 21, OTARU, WRONG_DATE, false},
    {DECEMBER + 22, OTARU, WRONG_DATE, true},
    {DECEMBER + 22, OTARU, WRONG_DATE, true},
    {DECEMBER + 28, SAPPORO, WAON, false},
};

static size_t pack_text(const struct posting_plan *plan, uint8_t text[TEXT_BYTES_MAX])
{
    Points__V1__NoticeText notice = POINTS__V1__NOTICE_TEXT__INIT;
    Points__V1__NoticeVersion version = POINTS__V1__NOTICE_VERSION__INIT, *versions[] = {&version};
    char *paragraphs[] = {(char *)plan->paragraph};
    notice.versions = versions;
    notice.n_versions = 1;
    version.language = (char *)"ja";
    version.title = (char *)plan->title;
    version.paragraphs = paragraphs;
    version.n_paragraphs = 1;
    if (points__v1__notice_text__get_packed_size(&notice) > TEXT_BYTES_MAX)
        fail(EXIT_FAILED, "a notice of more than %d bytes", TEXT_BYTES_MAX);
    return points__v1__notice_text__pack(&notice, text);
}

static void post(struct season *season, const struct posting_plan *plan, uint8_t poster)
{
    struct posting posting;
    struct notice notice = {
        .municipality = poster, .first_day = plan->first_day, .last_day = plan->last_day, .to_all = plan->to_all};
    Points__V1__PostNotice body = POINTS__V1__POST_NOTICE__INIT;
    uint8_t text[TEXT_BYTES_MAX];
    size_t size = pack_text(plan, text);
    crypto_hash_sha256(notice.text_sha256, text, size);
    posting_begin(season, &posting, TRANSACTION(POST_NOTICE));
    memcpy(notice.id, posting.id, ID_BYTES);
    posting.transaction.post_notice = &body;
    body.municipality = season->model->codes[poster];
    body.text_sha256 = (ProtobufCBinaryData){HASH_BYTES, notice.text_sha256};
    body.first_day = plan->first_day;
    body.last_day = plan->last_day;
    body.to_all = plan->to_all;
    uint64_t sequence = stream_next_of(season->stream, poster);
    stream_add(season->stream, &posting.transaction, model_post_notice(season->model, &notice, sequence));
    stream_send_text(season->stream, (ProtobufCBinaryData){size, text});
}

static void withdraw(struct season *season, uint8_t municipality, uint32_t position)
{
    struct posting posting;
    Points__V1__WithdrawNotice body = POINTS__V1__WITHDRAW_NOTICE__INIT;
    posting_begin(season, &posting, TRANSACTION(WITHDRAW_NOTICE));
    posting.transaction.withdraw_notice = &body;
    body.municipality = season->model->codes[municipality];
    body.notice = bytes16(season->model->notices[position].id);
    body.reason = (char *)"日付の誤り";
    stream_next_of(season->stream, municipality);
    stream_add(season->stream, &posting.transaction, model_withdraw_notice(season->model, municipality, position));
}

static void erase(struct season *season, uint8_t municipality, uint32_t position)
{
    struct posting posting;
    Points__V1__EraseNotice body = POINTS__V1__ERASE_NOTICE__INIT;
    posting_begin(season, &posting, TRANSACTION(ERASE_NOTICE));
    posting.transaction.erase_notice = &body;
    body.municipality = season->model->codes[municipality];
    body.notice = bytes16(season->model->notices[position].id);
    stream_next_of(season->stream, municipality);
    stream_add(season->stream, &posting.transaction, model_erase_notice(season->model, municipality, position));
}

static void retract(struct season *season, const struct retraction_plan *plan)
{
    uint32_t position = 0;
    for (int i = 0; i < plan->plan; i++)
        position += plans[i].poster == EACH ? MUNICIPALITIES : 1;
    if (plan->erase)
        erase(season, plan->municipality, position);
    else
        withdraw(season, plan->municipality, position);
}

void notices_of_today(struct season *season)
{
    for (int i = 0; i < PLANS; i++) {
        bool each = plans[i].poster == EACH;
        uint8_t first = each ? 0 : plans[i].poster, last = each ? MUNICIPALITIES - 1 : first;
        for (uint8_t poster = first; plans[i].day == season->today && poster <= last; poster++)
            post(season, &plans[i], poster);
    }
    for (size_t i = 0; i < sizeof retractions / sizeof *retractions; i++)
        if (retractions[i].day == season->today)
            retract(season, &retractions[i]);
}
