// The programme office sets the programme up.
#include "tests/campaign/season_parts.h"

static void add(struct season *season, enum signers signers, struct posting *posting)
{
    stream_next(season->stream, signers);
    stream_add(season->stream, &posting->transaction, (struct expected){.code = OUTCOME(APPLIED)});
}

static void define_campaign(struct season *season)
{
    struct posting posting;
    Points__V1__DefineCampaign body = POINTS__V1__DEFINE_CAMPAIGN__INIT;
    posting_begin(season, &posting, TRANSACTION(DEFINE_CAMPAIGN));
    posting.transaction.define_campaign = &body;
    body.campaign = CAMPAIGN;
    body.name = (char *)programme_campaign_name;
    body.cap_points = CAMPAIGN_CAP_POINTS;
    add(season, BY_OPERATOR, &posting);
}

static void fill_receipt_terms(Points__V1__ReceiptTerms *terms, Points__V1__ReceiptStep steps[RECEIPT_STEPS],
    Points__V1__ReceiptStep *pointers[RECEIPT_STEPS])
{
    points__v1__receipt_terms__init(terms);
    for (int i = 0; i < RECEIPT_STEPS; i++) {
        points__v1__receipt_step__init(&steps[i]);
        steps[i].amount_yen = programme_steps[i].amount_yen;
        steps[i].points = programme_steps[i].points;
        pointers[i] = &steps[i];
    }
    terms->steps = pointers;
    terms->n_steps = RECEIPT_STEPS;
    terms->bonus_municipalities = BONUS_MUNICIPALITIES;
    terms->bonus_points = BONUS_POINTS;
}

static void define_quest(struct season *season, uint32_t number)
{
    const struct quest *terms = &programme_quests[number];
    struct posting posting;
    Points__V1__DefineQuest body = POINTS__V1__DEFINE_QUEST__INIT;
    Points__V1__Expiry expiry = POINTS__V1__EXPIRY__INIT;
    Points__V1__ReceiptTerms receipt;
    Points__V1__ReceiptStep steps[RECEIPT_STEPS], *pointers[RECEIPT_STEPS];
    posting_begin(season, &posting, TRANSACTION(DEFINE_QUEST));
    posting.transaction.define_quest = &body;
    body.quest = number;
    body.name = (char *)terms->name;
    body.period = terms->period;
    body.points = terms->points;
    body.cap_points = terms->cap_points;
    body.first_day = terms->first_day;
    body.last_day = terms->last_day;
    body.grace_s = terms->grace_s;
    body.times = terms->times;
    body.campaign = terms->campaign;
    expiry.kind = terms->expiry;
    expiry.value = terms->expiry_days;
    if (terms->expiry != EXPIRY(EXPIRY_NONE))
        body.expiry = &expiry;
    fill_receipt_terms(&receipt, steps, pointers);
    if (number == RECEIPTS)
        body.receipt = &receipt;
    add(season, BY_OPERATOR, &posting);
}

static void register_shop(struct season *season, uint32_t number)
{
    struct posting posting;
    Points__V1__RegisterShop body = POINTS__V1__REGISTER_SHOP__INIT;
    posting_begin(season, &posting, TRANSACTION(REGISTER_SHOP));
    posting.transaction.register_shop = &body;
    body.shop = number;
    body.name = (char *)programme_shops[number].name;
    body.municipality = season->model->codes[programme_shops[number].place];
    add(season, BY_OPERATOR, &posting);
}

static void define_purpose(struct season *season, uint32_t number)
{
    struct posting posting;
    Points__V1__DefinePurpose body = POINTS__V1__DEFINE_PURPOSE__INIT;
    posting_begin(season, &posting, TRANSACTION(DEFINE_PURPOSE));
    posting.transaction.define_purpose = &body;
    body.purpose = number;
    body.name = (char *)programme_purposes[number].name;
    body.first_day = programme_purposes[number].first_day;
    body.last_day = programme_purposes[number].last_day;
    add(season, BY_OPERATOR, &posting);
}

static void set_budget(struct season *season, uint32_t quest, uint32_t campaign, uint64_t points)
{
    struct posting posting;
    Points__V1__SetBudget body = POINTS__V1__SET_BUDGET__INIT;
    posting_begin(season, &posting, TRANSACTION(SET_BUDGET));
    posting.transaction.set_budget = &body;
    body.quest = quest;
    body.campaign = campaign;
    body.points = points;
    add(season, BY_TWO_OPERATORS, &posting);
}

static void set_policy(struct season *season, Points__V1__Policy which, uint64_t value)
{
    struct posting posting;
    Points__V1__SetPolicy body = POINTS__V1__SET_POLICY__INIT;
    posting_begin(season, &posting, TRANSACTION(SET_POLICY));
    posting.transaction.set_policy = &body;
    body.policy = which;
    body.value = value;
    add(season, BY_TWO_OPERATORS, &posting);
}

void setup_programme(struct season *season)
{
    const struct model *model = season->model;
    define_campaign(season);
    for (uint32_t quest = 1; quest <= QUESTS; quest++)
        define_quest(season, quest);
    for (uint32_t shop = 1; shop <= SHOPS; shop++)
        register_shop(season, shop);
    for (uint32_t purpose = 1; purpose <= PURPOSES; purpose++)
        define_purpose(season, purpose);
    for (uint32_t quest = 1; quest <= QUESTS; quest++)
        set_budget(season, quest, 0, model->quests[quest].budget);
    set_budget(season, 0, CAMPAIGN, model->campaign.budget);
    set_policy(season, POLICY(CONVERSION_OPENS_AT), (uint64_t)day_begin(CONVERSION_FIRST_DAY));
    set_policy(season, POLICY(CONVERSION_UNIT_POINTS), CONVERSION_UNIT);
}

void setup_of_today(struct season *season)
{
    for (uint32_t number = 1; number <= SHOPS; number++) {
        struct posting posting;
        Points__V1__CloseShop body = POINTS__V1__CLOSE_SHOP__INIT;
        if (!programme_shops[number].last_day || season->today + 3 != programme_shops[number].last_day)
            continue;
        posting_begin(season, &posting, TRANSACTION(CLOSE_SHOP));
        posting.transaction.close_shop = &body;
        body.shop = number;
        body.last_day = programme_shops[number].last_day;
        add(season, BY_OPERATOR, &posting);
    }
}
