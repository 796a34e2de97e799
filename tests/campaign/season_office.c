// The programme office puts right what went wrong: awards posted in error, forged receipts, donations and conversions
// that people did not mean, lost phones.
#include "tests/campaign/season_parts.h"

#include <string.h>

// What goes wrong: the `first` of what was applied, and one in `every` after it.
struct mishap {
    uint64_t first, every;
};
static const struct mishap wrong_deed = {300, 20000}, forged_receipt = {20, 4000}, lost_phone = {40, 2500},
                           wrong_donation = {10, 800}, wrong_conversion = {5, 500};

static bool goes_wrong(struct mishap mishap, uint64_t number)
{
    return number >= mishap.first && (number - mishap.first) % mishap.every == 0;
}

static struct task *task_for(struct season *season, enum task_kind kind, uint32_t days, uint32_t resident)
{
    struct task *task = later(&day_after(season, days)->tasks, sizeof *task);
    *task = (struct task){.kind = kind, .resident = resident};
    return task;
}

// ---- what the office hears of

void office_notes_award(struct season *season, const struct award *award, const uint8_t id[ID_BYTES], uint32_t points)
{
    uint64_t number = ++season->applied[award->quest];
    if (award->quest == RECEIPTS && goes_wrong(lost_phone, number))
        task_for(season, LOSE_PHONE, 2, award->resident);
    bool forged = award->quest == RECEIPTS && goes_wrong(forged_receipt, number);
    if (!forged && !(award->quest == SDGS && goes_wrong(wrong_deed, number)))
        return;
    struct task *task = task_for(season, forged ? INVESTIGATE : UNDO_AWARD, forged ? 1 : 3, award->resident);
    task->award = *award;
    task->award_day = season->today;
    task->award_points = points;
    memcpy(task->target, id, ID_BYTES);
}

bool office_notes_donation(struct season *season, const struct spent *gift, const uint8_t id[ID_BYTES])
{
    uint64_t number = ++season->donations;
    if (!goes_wrong(wrong_donation, number))
        return false;
    bool too_late = (number - wrong_donation.first) / wrong_donation.every % 4 == 3;
    struct task *task = task_for(season, UNDO_DONATION, too_late ? REVERSAL_DONATION_DAYS + 1 : 5, gift->resident);
    task->spent = *gift;
    memcpy(task->target, id, ID_BYTES);
    return true;
}

bool office_notes_conversion(struct season *season, const struct spent *held, const uint8_t id[ID_BYTES])
{
    if (!goes_wrong(wrong_conversion, ++season->conversions))
        return false;
    struct task *task = task_for(season, UNDO_CONVERSION, 1, held->resident); // before the WAON side answers
    task->spent = *held;
    memcpy(task->target, id, ID_BYTES);
    return true;
}

// ---- what it does

static void freeze(struct season *season, uint32_t resident)
{
    struct posting posting;
    Points__V1__FreezeAccount body = POINTS__V1__FREEZE_ACCOUNT__INIT;
    posting_begin(season, &posting, TRANSACTION(FREEZE_ACCOUNT));
    posting.transaction.freeze_account = &body;
    body.account = posting_account(season, &posting, resident);
    body.reason = (char *)"レシートの確認中";
    uint64_t sequence = stream_next(season->stream, BY_OPERATOR);
    stream_add(season->stream, &posting.transaction,
        model_freeze(season->model, &season->model->residents[resident], sequence));
}

static void unfreeze(struct season *season, uint32_t resident)
{
    struct posting posting;
    Points__V1__UnfreezeAccount body = POINTS__V1__UNFREEZE_ACCOUNT__INIT;
    posting_begin(season, &posting, TRANSACTION(UNFREEZE_ACCOUNT));
    posting.transaction.unfreeze_account = &body;
    body.account = posting_account(season, &posting, resident);
    body.reason = (char *)"確認済み";
    uint64_t sequence = stream_next(season->stream, BY_OPERATOR);
    stream_add(season->stream, &posting.transaction,
        model_unfreeze(season->model, &season->model->residents[resident], sequence));
}

// One Reverse an envelope: more at once would need the report of a dry run.
static uint64_t reverse_begin(
    struct season *season, struct posting *posting, Points__V1__Reverse *body, struct task *task, const char *reason)
{
    stream_flush(season->stream);
    posting_begin(season, posting, TRANSACTION(REVERSE));
    posting->transaction.reverse = body;
    points__v1__reverse__init(body);
    body->target = bytes16(task->target);
    body->reason = (char *)reason;
    return stream_next(season->stream, BY_TWO_OPERATORS);
}

static void undo_award(struct season *season, struct task *task)
{
    struct posting posting;
    Points__V1__Reverse body;
    bool forged = task->award.quest == RECEIPTS;
    uint64_t sequence = reverse_begin(season, &posting, &body, task, forged ? "レシートの偽造" : "誤って付与");
    stream_add(season->stream, &posting.transaction,
        model_reverse_award(season->model, &task->award, task->award_day, task->award_points, sequence));
}

// The clerk tries it twice: what was undone is undone, and what could not be still cannot.
static void undo_donation(struct season *season, struct task *task)
{
    struct posting posting;
    Points__V1__Reverse body;
    const char *reason = "使い道の選び間違い";
    uint64_t sequence = reverse_begin(season, &posting, &body, task, reason);
    struct expected outcome = model_reverse_donation(season->model, &task->spent, sequence);
    stream_add(season->stream, &posting.transaction, outcome);
    outcome_code code = outcome.code == OUTCOME(APPLIED) ? OUTCOME(ALREADY_REVERSED) : outcome.code;
    reverse_begin(season, &posting, &body, task, reason);
    stream_add(season->stream, &posting.transaction, (struct expected){.code = code});
}

static void undo_conversion(struct season *season, struct task *task)
{
    struct posting posting;
    Points__V1__Reverse body;
    uint64_t sequence = reverse_begin(season, &posting, &body, task, "本人の申し出");
    stream_add(season->stream, &posting.transaction, model_reverse_conversion(season->model, &task->spent, sequence));
}

// A forged receipt. Its points are given away already when the account is frozen, so most of the award is a shortfall.
static void investigate(struct season *season, struct task *task)
{
    const struct resident *resident = model_current(season->model, task->resident);
    uint32_t balance = model_balance(season->model, resident), kept = season->applied[RECEIPTS] % 2 ? 10 : 0;
    struct spent gift = {.resident = index_of(season, resident), .municipality = resident->home, .purpose = 1};
    gift.points = balance > kept ? balance - kept : 0;
    if (may_spend(resident) && gift.points > 0)
        donate(season, &gift);
    freeze(season, gift.resident);
    if (season->today >= CONVERSION_FIRST_DAY)
        convert(season, gift.resident, CONVERSION_UNIT);
    undo_award(season, task);
    task_for(season, UNFREEZE, 3, gift.resident);
}

// The week's deed, an outing and two receipts, though some of it may have been done.
static void use_phone(struct season *season, uint32_t resident)
{
    uint64_t bits = draw(season->model->seed, DRAW_DAY, resident, season->today);
    sdgs_deed(season, resident, &bits);
    outings_go(season, resident, &bits);
    receipts_buy(season, resident, &bits);
    receipts_buy(season, resident, &bits);
}

static uint32_t second_account(struct season *season, uint32_t lost, bool moved)
{
    struct population *population = season->population;
    struct resident *residents = season->model->residents;
    uint32_t second = population->count + population->second_accounts++;
    uint64_t bits = draw(season->model->seed, DRAW_MOVE, second, season->today);
    uint8_t home = residents[lost].home;
    residents[second].home = moved ? population_other_place(population, season->model, home, &bits) : home;
    population->people[second] = population->people[lost];
    population->people[second].old_home = residents[second].home;
    population->people[lost].eagerness = 0;
    account_open(season, second);
    return second;
}

// A phone is lost: the resident goes on with a new one, a new account, and some with a new home. The office joins the
// two on the same day or two days later, perhaps before the WAON side has answered the old one.
static void lose_phone(struct season *season, uint32_t lost)
{
    const struct population *population = season->population;
    uint32_t number = population->second_accounts;
    if (population->count + number == season->model->resident_count || !may_spend(&season->model->residents[lost]))
        return;
    use_phone(season, lost);
    if (season->today >= CONVERSION_FIRST_DAY &&
        model_balance(season->model, &season->model->residents[lost]) >= CONVERSION_UNIT)
        convert(season, lost, CONVERSION_UNIT);
    uint32_t second = second_account(season, lost, number % 3 == 1);
    if (number % 2)
        use_phone(season, second);
    task_for(season, MERGE, number % 4 < 2 ? 2 : 0, lost)->second = second;
}

static void merge(struct season *season, const struct task *task)
{
    struct posting posting;
    struct model *model = season->model;
    Points__V1__MergeAccounts body = POINTS__V1__MERGE_ACCOUNTS__INIT;
    uint8_t merged[ID_BYTES];
    population_account(model, task->resident, merged);
    posting_begin(season, &posting, TRANSACTION(MERGE_ACCOUNTS));
    posting.transaction.merge_accounts = &body;
    body.account = posting_account(season, &posting, task->second);
    body.merged = bytes16(merged);
    uint64_t sequence = stream_next(season->stream, BY_OPERATOR);
    stream_add(season->stream, &posting.transaction,
        model_merge(model, &model->residents[task->second], &model->residents[task->resident], sequence));
    use_phone(season, task->second);
}

static void do_task(struct season *season, struct task *task)
{
    switch (task->kind) {
    case INVESTIGATE:
        return investigate(season, task);
    case UNFREEZE:
        return unfreeze(season, task->resident);
    case LOSE_PHONE:
        return lose_phone(season, task->resident);
    case MERGE:
        return merge(season, task);
    case UNDO_AWARD:
        return undo_award(season, task);
    case UNDO_DONATION:
        return undo_donation(season, task);
    case UNDO_CONVERSION:
        return undo_conversion(season, task);
    }
}

void office_of_today(struct season *season)
{
    const struct waiting *waiting = &day_after(season, 0)->tasks;
    for (size_t i = 0; i < waiting->count; i++) {
        struct task task = ((struct task *)waiting->items)[i]; // doing it may add tasks
        do_task(season, &task);
    }
}
