// Notices: all that were posted, and what a resident of each municipality may read now.
#include "tests/campaign/check_parts.h"
#include "tests/campaign/model_notice.h"
#include "tests/campaign/population.h"

#include <sodium.h>
#include <string.h>

static void check_notice(const struct model *model, const Points__V1__Notice *row, const struct notice *ours)
{
    uint8_t sha256[HASH_BYTES];
    crypto_hash_sha256(sha256, row->text.data, row->text.len);
    same("a notice's sequence", row->sequence, ours->sequence);
    same("a notice's poster", position(model, row->posted->municipality), ours->municipality);
    same("a notice's first day", row->posted->first_day, ours->first_day);
    same("a notice's last day", row->posted->last_day, ours->last_day);
    same("whether a notice is to all", (uint64_t)row->posted->to_all, ours->to_all);
    same("a notice's time", (uint64_t)row->posted_at, (uint64_t)ours->posted_at);
    same("whether a notice is withdrawn", (uint64_t)row->withdrawn, ours->withdrawn);
    same("whether a notice is erased", (uint64_t)row->erased, ours->erased);
    same("whether a notice has a text", row->text.len != 0, !ours->erased);
    if (!ours->erased && memcmp(sha256, ours->text_sha256, HASH_BYTES) != 0)
        fail(EXIT_FAILED, "a notice has another text than was posted");
}

// The newest before a position that residents of a home may read now (home MUNICIPALITIES: the newest at all). -1:
// none.
static int next_of(const struct model *model, int at, uint8_t home)
{
    while (--at >= 0 && home < MUNICIPALITIES) {
        const struct notice *notice = &model->notices[at];
        if (model_notice_in_force(model, notice) && model_notice_is_for(notice, home))
            break;
    }
    return at;
}

// All pages, newest first, against those of the model's that a home may read now (MUNICIPALITIES: all there are).
static void check_list(const struct model *model, struct client *client, Points__V1__GetNotices *get, uint8_t home)
{
    int at = (int)model->notice_count;
    do {
        Points__V1__Response *response = ask(client, REQUEST(GET_NOTICES), get, RESPONSE(NOTICES));
        for (size_t i = 0; i < response->notices->n_notices; i++) {
            at = next_of(model, at, home);
            if (at < 0)
                fail(EXIT_FAILED, "the daemon shows more notices than there are to be seen");
            check_notice(model, response->notices->notices[i], &model->notices[at]);
        }
        get->before = response->notices->next;
        client_free_response(response);
    } while (get->before);
    same("notices that the daemon does not show", 0, at >= 0 && next_of(model, at, home) >= 0);
}

void check_notices(const struct model *model, struct client *client)
{
    Points__V1__GetNotices get = POINTS__V1__GET_NOTICES__INIT;
    uint8_t account[ID_BYTES];
    get.all = true;
    check_list(model, client, &get, MUNICIPALITIES);
    for (uint8_t home = 0; home < MUNICIPALITIES; home++) {
        uint32_t resident = 0;
        while (resident < model->resident_count &&
               (model->residents[resident].home != home || !model->residents[resident].last_sequence))
            resident++;
        if (resident == model->resident_count)
            continue;
        Points__V1__GetNotices mine = POINTS__V1__GET_NOTICES__INIT;
        population_account(model, resident, account);
        mine.account = (ProtobufCBinaryData){ID_BYTES, account};
        check_list(model, client, &mine, home);
    }
}
