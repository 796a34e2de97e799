// Some accounts, drawn from all; and those that were merged.
#include "tests/campaign/check_parts.h"
#include "tests/campaign/draw.h"
#include "tests/campaign/model_lots.h"
#include "tests/campaign/population.h"

#include <string.h>

enum { ACCOUNTS_ASKED = 300, MERGES_ASKED = 50 };

static void check_lots(const struct model *model, const struct resident *ours, const Points__V1__AccountReply *reply)
{
    const struct lot *lot = lots_get(model, ours->lots);
    while (lot && lot->last_day < model->today)
        lot = lots_get(model, lot->next);
    for (size_t i = 0; i < reply->n_lots; i++) {
        same("an account's lot, its last day", reply->lots[i]->last_day, lot ? lot->last_day : 0);
        same("an account's lot, its points", reply->lots[i]->points, lot ? lot->points : 0);
        lot = lot ? lots_get(model, lot->next) : NULL;
    }
    same("an account's lots that the daemon does not list", 0, lot != NULL);
}

static void check_progress(const struct resident *ours, const Points__V1__AccountReply *reply)
{
    uint64_t points[2] = {0}; // of the campaign's quests, of the SDGs quest
    for (size_t i = 0; i < reply->n_progress; i++)
        points[reply->progress[i]->quest == SDGS] += reply->progress[i]->points;
    same("an account's points from the SDGs quest", points[1], ours->sdgs_points);
    same("an account's points from the campaign", points[0], ours->campaign_points);
}

static void check_account(const struct model *model, struct client *client, uint32_t index)
{
    uint8_t account[ID_BYTES];
    const struct resident *ours = &model->residents[index];
    Points__V1__GetAccount get = POINTS__V1__GET_ACCOUNT__INIT;
    population_account(model, index, account);
    get.account = (ProtobufCBinaryData){ID_BYTES, account};
    Points__V1__Response *response = ask(client, REQUEST(GET_ACCOUNT), &get, RESPONSE(ACCOUNT));
    const Points__V1__AccountReply *reply = response->account;
    same("an account's municipality", reply->municipality, model->codes[ours->home]);
    same("an account's balance", reply->balance_points, model_balance(model, ours));
    same("an account's held points", reply->held_points, ours->held);
    same("an account's last sequence", reply->last_sequence, ours->last_sequence);
    same("an account's status", reply->status, ours->status);
    check_lots(model, ours, reply);
    if (ours->status != ACCOUNT_STATUS(MERGED))
        check_progress(ours, reply);
    client_free_response(response);
}

void check_accounts(const struct model *model, struct client *client)
{
    for (uint32_t i = 0; i < ACCOUNTS_ASKED; i++) {
        uint32_t index = (uint32_t)(draw(model->seed, DRAW_PERSON, i, 1) % model->resident_count);
        if (model->residents[index].last_sequence)
            check_account(model, client, index);
    }
    for (uint32_t i = 0; i < model->merge_count && i < MERGES_ASKED; i++) {
        check_account(model, client, model->merges[i].from);
        check_account(model, client, model->merges[i].into);
    }
}
