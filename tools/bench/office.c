#include "tools/bench/office.h"
#include "points/calendar.h"
#include "tools/envelope_builder.h"
#include "tools/municipality_names.h"
#include "tools/outcome_names.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_DAY = 2932896, WEEK_S = 7 * 86400, GRACE_WEEKS = 60 };

#define BUDGET_POINTS (UINT64_C(1) << 55)

// ---- keys and session

static void load_key(const char *dir, const char *name, struct keyfile *key)
{
    struct keyfile_error error;
    char *path = xprintf("%s/%s.key", dir, name);
    if (!keyfile_load(path, key, &error))
        fail(EXIT_WRONG_USE, "%s", error.message);
    free(path);
}

static void learn_homes(struct office *office, struct plan *plan)
{
    struct tool_error error;
    struct municipality_names names;
    if (!municipality_names_fetch(office->client, &names, &error))
        fail_with(&error);
    plan->home_count = (uint32_t)names.count;
    plan->homes = xcalloc(names.count, sizeof *plan->homes);
    for (size_t i = 0; i < names.count; i++)
        plan->homes[i] = names.rows[i].code;
    municipality_names_free(&names);
}

void office_open(struct office *office, const char *address, const char *keys_dir, struct plan *plan)
{
    struct tool_error error;
    *office = (struct office){0};
    load_key(keys_dir, "operator-1", &office->operators[0]);
    load_key(keys_dir, "operator-2", &office->operators[1]);
    load_key(keys_dir, "app", &plan->app);
    office->client = client_open(address, &error);
    if (!office->client || !client_authenticate(office->client, &office->operators[0], NULL, &error))
        fail_with(&error);
    memcpy(plan->ledger_id, client_hello(office->client)->ledger_id.data, HASH_BYTES);
    learn_homes(office, plan);
}

void office_close(struct office *office)
{
    client_close(office->client);
    keyfile_free(&office->operators[0]);
    keyfile_free(&office->operators[1]);
}

static Points__V1__Response *ask(struct office *office, Points__V1__Request *request)
{
    struct tool_error error;
    Points__V1__Response *response = client_call(office->client, request, &error);
    if (!response)
        fail_with(&error);
    return response;
}

// ---- transactions

// Each by itself, signed by both: more signatures than needed do no harm.
static void apply(struct office *office, transaction_type type, void *body)
{
    uint8_t id[ID_BYTES], bytes[SIGNED_ENVELOPE_BYTES_MAX];
    struct tool_error error;
    struct envelope_builder *builder = xmalloc(sizeof *builder);
    Points__V1__Transaction transaction = POINTS__V1__TRANSACTION__INIT;
    uuid7_now(id);
    transaction.id = (ProtobufCBinaryData){ID_BYTES, id};
    transaction.body_case = (Points__V1__Transaction__BodyCase)type;
    transaction.award = body; // all members of the union are pointers
    envelope_begin(builder, client_hello(office->client)->ledger_id.data);
    envelope_add(builder, &transaction);
    size_t size = envelope_sign(builder, office->operators, 2, bytes);
    free(builder);
    if (!client_send_envelope(office->client, bytes, size, NULL, &error))
        fail_with(&error);
    Points__V1__Response *response = client_receive(office->client, &error);
    if (!response || (response->body_case == RESPONSE(ERROR) && !client_refused(response->error, &error)))
        fail_with(&error);
    if (response->body_case != RESPONSE(SUBMIT) || !response->submit->outcomes ||
        response->submit->outcomes->n_code != 1)
        fail(EXIT_FAILED, "the daemon answered %s with something else", transaction_name(type));
    if (response->submit->outcomes->code[0] != OUTCOME(APPLIED))
        fail(EXIT_FAILED, "%s came to %s", transaction_name(type), outcome_name(response->submit->outcomes->code[0]));
    client_free_response(response);
    office->transactions++;
}

static void define_quest(struct office *office, uint32_t number, char *name, uint64_t points, uint32_t first_day)
{
    Points__V1__DefineQuest quest = POINTS__V1__DEFINE_QUEST__INIT;
    Points__V1__SetBudget budget = POINTS__V1__SET_BUDGET__INIT;
    quest.quest = budget.quest = number;
    quest.name = name;
    quest.period = PERIOD(WEEKLY);
    quest.points = points;
    quest.first_day = first_day;
    quest.last_day = LAST_DAY;
    quest.grace_s = GRACE_WEEKS * WEEK_S;
    budget.points = BUDGET_POINTS;
    apply(office, TRANSACTION(DEFINE_QUEST), &quest);
    apply(office, TRANSACTION(SET_BUDGET), &budget);
}

// ---- what there is already

static Points__V1__Response *ask_programme(struct office *office, Points__V1__ProgrammePart part, uint32_t offset)
{
    Points__V1__GetProgramme get = POINTS__V1__GET_PROGRAMME__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    get.part = part;
    get.offset = offset;
    request.body_case = REQUEST(GET_PROGRAMME);
    request.get_programme = &get;
    return ask(office, &request);
}

// Above all numbers of quests and purposes that are taken.
static uint32_t free_number(struct office *office)
{
    static const Points__V1__ProgrammePart parts[] = {
        POINTS__V1__PROGRAMME_PART__QUESTS, POINTS__V1__PROGRAMME_PART__PURPOSES};
    uint32_t highest = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint32_t offset = 0;
        do {
            Points__V1__Response *response = ask_programme(office, parts[i], offset);
            const Points__V1__ProgrammeReply *reply = response->programme;
            for (size_t row = 0; row < reply->n_quests; row++)
                if (reply->quests[row]->quest->quest > highest)
                    highest = reply->quests[row]->quest->quest;
            for (size_t row = 0; row < reply->n_purposes; row++)
                if (reply->purposes[row]->purpose > highest)
                    highest = reply->purposes[row]->purpose;
            offset = reply->next_offset;
            client_free_response(response);
        } while (offset);
    }
    return highest + 1;
}

static bool conversion_is_open(struct office *office, int64_t now)
{
    bool open = false;
    Points__V1__Response *response = ask_programme(office, POINTS__V1__PROGRAMME_PART__POLICIES, 0);
    for (size_t i = 0; i < response->programme->n_policies; i++) {
        const Points__V1__SetPolicy *policy = response->programme->policies[i];
        if (policy->policy == POLICY(CONVERSION_OPENS_AT))
            open = policy->value <= (uint64_t)now;
    }
    client_free_response(response);
    return open;
}

// ---- the door

static void open_spending(struct office *office, const struct plan *plan, int64_t now)
{
    Points__V1__DefinePurpose purpose = POINTS__V1__DEFINE_PURPOSE__INIT;
    Points__V1__SetPolicy policy = POINTS__V1__SET_POLICY__INIT;
    purpose.purpose = plan->purpose;
    purpose.name = (char *)"points-bench";
    purpose.first_day = (uint32_t)calendar_day(now);
    purpose.last_day = LAST_DAY;
    apply(office, TRANSACTION(DEFINE_PURPOSE), &purpose);
    if (conversion_is_open(office, now))
        return;
    policy.policy = POLICY(CONVERSION_OPENS_AT);
    policy.value = (uint64_t)now;
    apply(office, TRANSACTION(SET_POLICY), &policy);
}

void office_define(struct office *office, struct plan *plan, bool mixed)
{
    int64_t now = client_hello(office->client)->time;
    uint32_t week = calendar_week((uint32_t)calendar_day(now)), number = free_number(office);
    int64_t first_day = calendar_week_first_day(week) - PASSES_MAX * 7;
    if (first_day < 0)
        fail(EXIT_WRONG_USE, "the ledger's time is too early: it must be after 1971-03-01");
    plan->first_week = calendar_day_begin(first_day);
    plan->quest = number;
    plan->start_quest = number + 1;
    plan->purpose = number;
    define_quest(office, plan->quest, (char *)"points-bench", kind_points[AWARD], (uint32_t)first_day);
    if (!mixed)
        return;
    define_quest(office, plan->start_quest, (char *)"points-bench: to spend", kind_points[START], (uint32_t)first_day);
    open_spending(office, plan, now);
}

Points__V1__Response *office_trial_balance(struct office *office)
{
    Points__V1__GetTrialBalance get = POINTS__V1__GET_TRIAL_BALANCE__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_TRIAL_BALANCE);
    request.get_trial_balance = &get;
    return ask(office, &request);
}

// The days leave out its periods, which may be many.
uint64_t office_issued_points(struct office *office, uint32_t quest)
{
    Points__V1__GetQuest get = POINTS__V1__GET_QUEST__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    get.quest = quest;
    get.from_day = get.to_day = LAST_DAY;
    request.body_case = REQUEST(GET_QUEST);
    request.get_quest = &get;
    Points__V1__Response *response = ask(office, &request);
    uint64_t issued = response->quest->issued_points;
    client_free_response(response);
    return issued;
}

uint64_t office_donated_points(struct office *office, uint32_t purpose)
{
    uint64_t points = 0;
    Points__V1__GetDonationTotals get = POINTS__V1__GET_DONATION_TOTALS__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    get.purpose = purpose;
    request.body_case = REQUEST(GET_DONATION_TOTALS);
    request.get_donation_totals = &get;
    Points__V1__Response *response = ask(office, &request);
    for (size_t i = 0; i < response->donation_totals->n_rows; i++)
        points += response->donation_totals->rows[i]->points;
    client_free_response(response);
    return points;
}
