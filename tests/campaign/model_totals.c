// Sums of what the model counted.
#include "tests/campaign/model_lots.h"

uint32_t model_balance(const struct model *model, const struct resident *resident)
{
    uint32_t balance = resident->balance;
    for (const struct lot *lot = lots_get(model, resident->lots); lot && lot->last_day < model->today;
         lot = lots_get(model, lot->next))
        balance -= lot->points;
    return balance;
}

struct books model_total(const struct model *model)
{
    struct books total = {0};
    for (int i = 0; i < MUNICIPALITIES; i++) {
        const struct books *at = &model->books[i];
        total.accounts += at->accounts;
        total.issued += at->issued;
        total.balances += at->balances;
        total.held += at->held;
        total.donated += at->donated;
        total.converted += at->converted;
        total.expired += at->expired;
        total.forfeited += at->forfeited;
        total.reversed += at->reversed;
    }
    return total;
}

uint64_t model_expiring(const struct model *model)
{
    uint64_t points = 0;
    for (uint32_t day = model->today - SEASON_FIRST_DAY; day < EXPIRY_DAYS; day++)
        for (int i = 0; i < MUNICIPALITIES; i++)
            points += model->lots->outstanding[day][i];
    return points;
}

struct quest_count model_quest_total(const struct model *model, uint32_t quest)
{
    struct quest_count total = {0};
    for (int i = 0; i < MUNICIPALITIES; i++) {
        total.residents += model->quests[quest].places[i].residents;
        total.awards += model->quests[quest].places[i].awards;
        total.points += model->quests[quest].places[i].points;
    }
    return total;
}

static void add(struct donations *sum, const struct donations *row)
{
    sum->count += row->count;
    sum->points += row->points;
    sum->reversed_count += row->reversed_count;
    sum->reversed_points += row->reversed_points;
    sum->reversals_count += row->reversals_count;
    sum->reversals_points += row->reversals_points;
}

struct donations model_donations(const struct model *model, uint32_t month, uint32_t municipality)
{
    struct donations sum = {0};
    for (int purpose = 1; purpose <= PURPOSES; purpose++)
        add(&sum, &model->donations[month][municipality][purpose]);
    return sum;
}

struct donations model_donations_total(const struct model *model)
{
    struct donations total = {0};
    for (uint32_t month = 0; month < MONTHS; month++)
        for (uint32_t i = 0; i < MUNICIPALITIES; i++) {
            struct donations sum = model_donations(model, month, i);
            add(&total, &sum);
        }
    return total;
}
