// A design's definitions, decided by the rules one after the other as a daemon would.
#include "tools/simulate/simulate_setup.h"
#include "points/calendar.h"
#include "proto/canonical.h"
#include "tools/outcome_names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATORS = 3 };

struct setup {
    const struct design *design;
    struct points_state *state;
    uint32_t sample;
    size_t refused;
};

// ---- genesis

// Nobody signs here; the rules want operators all the same.
static void list_operators(Points__V1__RegisterKey rows[OPERATORS], Points__V1__RegisterKey *pointers[OPERATORS])
{
    static uint8_t keys[OPERATORS][KEY_BYTES] = {{1}, {2}, {3}};
    static char *const holders[OPERATORS] = {(char *)"1", (char *)"2", (char *)"3"};
    for (int i = 0; i < OPERATORS; i++) {
        points__v1__register_key__init(&rows[i]);
        rows[i].key = (ProtobufCBinaryData){KEY_BYTES, keys[i]};
        rows[i].role = ROLE(OPERATOR);
        rows[i].holder = holders[i];
        pointers[i] = &rows[i];
    }
}

static struct points_state *genesis_state(const struct design *design)
{
    uint8_t zeros[KEY_BYTES] = {0};
    struct points_error error;
    Points__V1__RegisterKey rows[OPERATORS], *keys[OPERATORS];
    Points__V1__Municipality *municipalities[MUNICIPALITIES_MAX];
    Points__V1__Genesis genesis = POINTS__V1__GENESIS__INIT;
    list_operators(rows, keys);
    for (size_t i = 0; i < design->municipalities->count; i++)
        municipalities[i] = (Points__V1__Municipality *)&design->municipalities->rows[i];
    genesis.nonce = (ProtobufCBinaryData){ID_BYTES, zeros};
    genesis.origin = (char *)"simulation";
    genesis.time_source = TIME_SOURCE(SCRIPTED);
    genesis.rules_version = POINTS_RULES_VERSION;
    genesis.checkpoint_key = (ProtobufCBinaryData){KEY_BYTES, zeros};
    genesis.municipalities = municipalities;
    genesis.n_municipalities = design->municipalities->count;
    genesis.keys = keys;
    genesis.n_keys = OPERATORS;
    struct points_state *state = points_from_genesis(&genesis, &error);
    if (!state)
        fail(EXIT_WRONG_USE, "%s", error.message);
    return state;
}

// ---- definitions

// Whether the daemon would take the bytes at all: sizes of texts and lists.
static bool canonical(const Points__V1__Transaction *transaction, struct canonical_fault *fault)
{
    size_t size = points__v1__transaction__get_packed_size(transaction);
    uint8_t *bytes = xmalloc(size);
    points__v1__transaction__pack(transaction, bytes);
    enum canonical_result result = canonical_check(&points__v1__transaction__descriptor, bytes, size, fault);
    free(bytes);
    return result == CANONICAL_OK;
}

__attribute__((format(printf, 4, 5))) static void refuse(
    struct setup *setup, unsigned line, const char *what, const char *format, ...)
{
    char reason[TOOL_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    say("%s, line %u: the ledger would refuse %s: %s", setup->design->path, line, what, reason);
    setup->refused++;
}

// `what` and `line` say where in the file it comes from.
static void apply(struct setup *setup, transaction_type type, const void *body, unsigned line, const char *what)
{
    static const struct points_inputs new = {.prior = POINTS_NEW};
    uint8_t id[ID_BYTES] = {1};
    struct canonical_fault fault;
    Points__V1__Transaction transaction = POINTS__V1__TRANSACTION__INIT;
    transaction.id = (ProtobufCBinaryData){ID_BYTES, id};
    transaction.body_case = type;
    transaction.award = (Points__V1__Award *)body; // all bodies lie in the same place
    if (!canonical(&transaction, &fault)) {
        refuse(setup, line, what, "%s: %s", fault.field, fault.problem);
        return;
    }
    outcome_code code = points_apply(setup->state, &transaction, &new).code;
    if (code != OUTCOME(APPLIED))
        refuse(setup, line, what, "%s: %s", outcome_name(code), outcome_advice(code));
}

static void set_budget(struct setup *setup, uint32_t campaign, uint32_t quest, uint64_t points, unsigned line)
{
    char what[60];
    Points__V1__SetBudget body = POINTS__V1__SET_BUDGET__INIT;
    body.campaign = campaign;
    body.quest = quest;
    body.points = points / setup->sample;
    snprintf(what, sizeof what, campaign ? "the budget of [campaign]" : "the budget of [quest %" PRIu32 "]", quest);
    apply(setup, TRANSACTION(SET_BUDGET), &body, line, what);
}

static uint64_t scaled_places(uint64_t residents_max, uint32_t sample)
{
    uint64_t places = residents_max / sample + (residents_max % sample >= (sample + 1) / 2);
    return residents_max && !places ? 1 : places;
}

static void define_quest(struct setup *setup, size_t quest)
{
    char what[60];
    const struct design_quest *from = &setup->design->quests[quest];
    Points__V1__DefineQuest body = from->options.quest;
    snprintf(what, sizeof what, "[quest %" PRIu32 "]", body.quest);
    body.residents_max = scaled_places(body.residents_max, setup->sample);
    size_t before = setup->refused;
    apply(setup, TRANSACTION(DEFINE_QUEST), &body, from->line, what);
    if (setup->refused == before)
        set_budget(setup, 0, body.quest, setup_budget(setup->design, quest), from->line);
}

static void register_shops(struct setup *setup)
{
    for (size_t i = 0; i < setup->design->municipalities->count; i++) {
        Points__V1__RegisterShop body = POINTS__V1__REGISTER_SHOP__INIT;
        body.shop = setup_shop(i);
        body.name = (char *)"-";
        body.municipality = setup->design->municipalities->rows[i].code;
        apply(setup, TRANSACTION(REGISTER_SHOP), &body, 0, "a shop");
    }
}

static void define_purpose(struct setup *setup)
{
    Points__V1__DefinePurpose body = POINTS__V1__DEFINE_PURPOSE__INIT;
    body.purpose = SETUP_PURPOSE;
    body.name = (char *)"-";
    body.last_day = CALENDAR_DAY_MAX;
    apply(setup, TRANSACTION(DEFINE_PURPOSE), &body, 0, "a purpose");
}

static void define_all(struct setup *setup)
{
    const struct design *design = setup->design;
    if (design->campaign_line)
        apply(setup, TRANSACTION(DEFINE_CAMPAIGN), &design->campaign, design->campaign_line, "[campaign]");
    if (setup->refused)
        return; // its quests would be, too
    for (size_t i = 0; i < design->quest_count; i++)
        define_quest(setup, i);
    if (design->campaign_line && !setup->refused)
        set_budget(setup, design->campaign.campaign, 0, setup_campaign_budget(design), design->campaign_line);
    register_shops(setup);
    define_purpose(setup);
}

struct points_state *setup_state(const struct design *design, uint32_t sample)
{
    struct setup setup = {.design = design, .state = genesis_state(design), .sample = sample};
    define_all(&setup);
    if (setup.refused)
        fail(EXIT_WRONG_USE, "nothing was played");
    return setup.state;
}

uint64_t setup_budget(const struct design *design, size_t quest)
{
    uint64_t own = design->quests[quest].budget_points;
    return own == BUDGET_NOT_GIVEN ? design->campaign_budget_points : own;
}

uint64_t setup_campaign_budget(const struct design *design)
{
    uint64_t budget = design->campaign_budget_points;
    if (budget != BUDGET_NOT_GIVEN || !design->campaign_line)
        return design->campaign_line ? budget : 0;
    budget = 0;
    for (size_t i = 0; i < design->quest_count; i++)
        budget += design->quests[i].budget_points;
    return budget;
}

uint32_t setup_shop(size_t municipality)
{
    return (uint32_t)municipality + 1;
}
