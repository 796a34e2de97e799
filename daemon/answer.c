#include "answer.h"

#include "config.h"
#include "cosign.h"
#include "submit.h"

#include <stdio.h>
#include <string.h>

enum { STATEMENT_MAX = 100 };

#define BIT(role) (1U << ROLE(role))
enum {
    ANYBODY = ~0U,
    ALL_ROLES = BIT(OPERATOR) | BIT(APP) | BIT(WAON) | BIT(MUNICIPALITY) | BIT(AUDITOR),
};

// What an answer is made from. `response` is sent unless the handler refuses or leaves an errand.
struct asking {
    struct decide *decide;
    struct job *job;
    struct points_asker asker;
    Points__V1__Response response;
};

#define MESSAGE(asking, type, init)                                                                                    \
    ({                                                                                                                 \
        type *message_ = job_alloc((asking)->job, sizeof(type));                                                       \
        *message_ = (type)init;                                                                                        \
        message_;                                                                                                      \
    })

static ProtobufCAllocator *allocator_of(struct asking *asking)
{
    return &asking->job->arena.allocator;
}

static ProtobufCBinaryData borrowed(const uint8_t *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)bytes};
}

// ---- the connection

static void answer_hello(struct asking *asking)
{
    const struct decide *decide = asking->decide;
    const Points__V1__Genesis *genesis = points_genesis(decide->state);
    Points__V1__HelloReply *reply = MESSAGE(asking, Points__V1__HelloReply, POINTS__V1__HELLO_REPLY__INIT);
    reply->ledger_id = borrowed(ledger_id(decide->history->ledger), HASH_BYTES);
    reply->nonce = borrowed(asking->job->session->nonce, NONCE_BYTES);
    reply->origin = genesis->origin;
    reply->time_source = genesis->time_source;
    reply->rules_version = genesis->rules_version;
    reply->time = points_block_time(decide->state, decide->clock.wall_s);
    reply->blocks = decide->blocks;
    reply->transactions = points_last_sequence(decide->state);
    reply->clock_unsure = decide->clock.unsure;
    reply->disk_full = decide->disk_full;
    reply->version = (char *)PACKAGE_VERSION;
    asking->response.body_case = RESPONSE(HELLO);
    asking->response.hello = reply;
}

static void answer_authenticate(struct asking *asking)
{
    struct job *job = asking->job;
    const uint8_t *key = job->request->authenticate->key.data;
    struct points_asker asker;
    refusal_code code = points_asker(asking->decide->state, key, &asker);
    if (code) {
        job_refuse(job, code, "authenticate.key", "this key %s",
            code == REFUSAL(KEY_REVOKED) ? "was revoked; use the new one"
                                         : "is not registered; two operators can register it");
        return;
    }
    if (!job->signatures_valid) {
        job_refuse(job, REFUSAL(BAD_SIGNATURE), "authenticate.signature",
            "does not verify; sign \"points.v1 session\\n\", the ledger id and this connection's nonce");
        return;
    }
    memcpy(job->session->key, key, KEY_BYTES);
    job->session->proven = true;
    Points__V1__AuthenticateReply *reply =
        MESSAGE(asking, Points__V1__AuthenticateReply, POINTS__V1__AUTHENTICATE_REPLY__INIT);
    reply->role = asker.role;
    reply->municipality = asker.municipality;
    asking->response.body_case = RESPONSE(AUTHENTICATE);
    asking->response.authenticate = reply;
}

static void answer_accept_time(struct asking *asking)
{
    clock_accept(&asking->decide->clock);
    fprintf(stderr, "pointsd: an operator accepted the time, %lld\n", (long long)asking->decide->clock.wall_s);
    Points__V1__AcceptTimeReply *reply =
        MESSAGE(asking, Points__V1__AcceptTimeReply, POINTS__V1__ACCEPT_TIME_REPLY__INIT);
    reply->time = asking->decide->clock.wall_s;
    asking->response.body_case = RESPONSE(ACCEPT_TIME);
    asking->response.accept_time = reply;
}

// ---- residents

static void refuse_unknown(struct asking *asking, const char *field, const char *what)
{
    job_refuse(asking->job, REFUSAL(NOT_FOUND), field, "there is no such %s", what);
}

// False, and refused, when `value` is above `max`.
static bool at_most(struct asking *asking, const char *field, uint64_t value, uint64_t max)
{
    if (value > max)
        job_refuse(asking->job, REFUSAL(OUT_OF_RANGE), field, "at most %llu", (unsigned long long)max);
    return value <= max;
}

static void answer_account(struct asking *asking)
{
    asking->response.body_case = RESPONSE(ACCOUNT);
    asking->response.account =
        points_account(asking->decide->state, asking->job->request->get_account->account.data, allocator_of(asking));
    if (!asking->response.account)
        refuse_unknown(asking, "get_account.account", "account");
}

static void answer_statement(struct asking *asking)
{
    const Points__V1__GetStatement *query = asking->job->request->get_statement;
    const Points__V1__AccountReply *account =
        points_account(asking->decide->state, query->account.data, allocator_of(asking));
    if (!account) {
        refuse_unknown(asking, "get_statement.account", "account");
        return;
    }
    if (!at_most(asking, "get_statement.limit", query->limit, STATEMENT_MAX) ||
        !at_most(asking, "get_statement.before", query->before, account->last_sequence))
        return;
    asking->job->sequence = query->before ? query->before : account->last_sequence;
    asking->job->balance_points = query->before ? 0 : account->balance_points;
    asking->job->errand = history_statement;
}

static void answer_transaction(struct asking *asking)
{
    asking->job->sequence = submit_sequence_of(asking->decide, asking->job->request->get_transaction->id.data);
    asking->job->errand = history_transaction;
    if (!asking->job->sequence)
        refuse_unknown(asking, "get_transaction.id", "transaction");
}

static void answer_dry_run(struct asking *asking)
{
    struct job *job = asking->job;
    submit_try(asking->decide, job);
    Points__V1__DryRunReply *reply = MESSAGE(asking, Points__V1__DryRunReply, POINTS__V1__DRY_RUN_REPLY__INIT);
    reply->time = job->time;
    reply->last_sequence = points_last_sequence(asking->decide->state);
    reply->outcomes = job->outcomes;
    asking->response.body_case = RESPONSE(DRY_RUN);
    asking->response.dry_run = reply;
}

// ---- the programme

static void answer_quest(struct asking *asking)
{
    asking->response.body_case = RESPONSE(QUEST);
    asking->response.quest =
        points_quest(asking->decide->state, &asking->asker, asking->job->request->get_quest, allocator_of(asking));
    if (!asking->response.quest)
        refuse_unknown(asking, "get_quest.quest", "quest");
}

static void answer_campaign(struct asking *asking)
{
    asking->response.body_case = RESPONSE(CAMPAIGN);
    asking->response.campaign = points_campaign(
        asking->decide->state, &asking->asker, asking->job->request->get_campaign, allocator_of(asking));
    if (!asking->response.campaign)
        refuse_unknown(asking, "get_campaign.campaign", "campaign");
}

static void answer_circulation(struct asking *asking)
{
    asking->response.body_case = RESPONSE(CIRCULATION);
    asking->response.circulation = points_circulation(
        asking->decide->state, &asking->asker, asking->job->request->get_circulation, allocator_of(asking));
}

// Of a query that names a municipality, 0 for all that the asker may see.
static bool may_name(struct asking *asking, const char *field, uint32_t municipality)
{
    const struct points_state *state = asking->decide->state;
    if (municipality && !points_municipality_known(state, municipality))
        refuse_unknown(asking, field, "municipality");
    else if (municipality && !points_may_see(state, &asking->asker, municipality))
        job_refuse(asking->job, REFUSAL(NOT_PERMITTED), field,
            "a municipality sees its own totals only, unless policy TOTALS_SHARED is set");
    return !asking->job->refusal.code;
}

// Of a query's days, 0 when not asked for.
static bool in_order(struct asking *asking, const char *field, uint32_t from_day, uint32_t to_day)
{
    if (to_day && from_day > to_day)
        job_refuse(asking->job, REFUSAL(OUT_OF_RANGE), field, "is before from_day");
    return !asking->job->refusal.code;
}

static bool group_fits(struct asking *asking, const Points__V1__GetDonationTotals *query)
{
    if (query->group && query->purpose)
        job_refuse(asking->job, REFUSAL(OUT_OF_RANGE), "get_donation_totals.purpose",
            "these rows are of all purposes together; leave it out, or ask for rows by municipality and purpose");
    else if (query->group == GROUP(TOGETHER) && query->municipality)
        job_refuse(asking->job, REFUSAL(OUT_OF_RANGE), "get_donation_totals.municipality",
            "these rows are of all municipalities together; leave it out, or ask for rows by municipality");
    return !asking->job->refusal.code;
}

static void answer_donation_totals(struct asking *asking)
{
    const Points__V1__GetDonationTotals *query = asking->job->request->get_donation_totals;
    asking->response.body_case = RESPONSE(DONATION_TOTALS);
    if (may_name(asking, "get_donation_totals.municipality", query->municipality) &&
        in_order(asking, "get_donation_totals.to_day", query->from_day, query->to_day) && group_fits(asking, query))
        asking->response.donation_totals =
            points_donation_totals(asking->decide->state, &asking->asker, query, allocator_of(asking));
}

static void answer_conversion_totals(struct asking *asking)
{
    const Points__V1__GetConversionTotals *query = asking->job->request->get_conversion_totals;
    asking->response.body_case = RESPONSE(CONVERSION_TOTALS);
    if (may_name(asking, "get_conversion_totals.municipality", query->municipality) &&
        in_order(asking, "get_conversion_totals.to_day", query->from_day, query->to_day))
        asking->response.conversion_totals =
            points_conversion_totals(asking->decide->state, &asking->asker, query, allocator_of(asking));
}

static void answer_expiry(struct asking *asking)
{
    const Points__V1__GetExpiry *query = asking->job->request->get_expiry;
    asking->response.body_case = RESPONSE(EXPIRY);
    if (may_name(asking, "get_expiry.municipality", query->municipality))
        asking->response.expiry = points_expiry(asking->decide->state, &asking->asker, query, allocator_of(asking));
}

static void answer_settlements(struct asking *asking)
{
    const Points__V1__GetSettlements *query = asking->job->request->get_settlements;
    asking->response.body_case = RESPONSE(SETTLEMENTS);
    if (may_name(asking, "get_settlements.municipality", query->municipality))
        asking->response.settlements =
            points_settlements(asking->decide->state, &asking->asker, query, allocator_of(asking));
}

static void answer_pending_conversions(struct asking *asking)
{
    const Points__V1__GetPendingConversions *query = asking->job->request->get_pending_conversions;
    if (!at_most(asking, "get_pending_conversions.limit", query->limit, POINTS_PENDING_MAX))
        return;
    asking->response.body_case = RESPONSE(PENDING_CONVERSIONS);
    asking->response.pending_conversions =
        points_pending_conversions(asking->decide->state, query, allocator_of(asking));
}

// A municipality's key sees what that municipality posted. An account's notices are those in force for its home, so
// nothing else chooses among them.
static bool may_ask_for_notices(struct asking *asking, const Points__V1__GetNotices *query)
{
    bool municipal = asking->asker.role == ROLE(MUNICIPALITY);
    if (municipal && (query->account.len || (query->municipality && query->municipality != asking->asker.municipality)))
        job_refuse(asking->job, REFUSAL(NOT_PERMITTED),
            query->account.len ? "get_notices.account" : "get_notices.municipality",
            "a municipality sees the notices that it posted, and asks without an account");
    else if (query->account.len && (query->municipality || query->all))
        job_refuse(asking->job, REFUSAL(OUT_OF_RANGE),
            query->municipality ? "get_notices.municipality" : "get_notices.all", "does not go with an account");
    else if (query->municipality && !points_municipality_known(asking->decide->state, query->municipality))
        refuse_unknown(asking, "get_notices.municipality", "municipality");
    return !asking->job->refusal.code && at_most(asking, "get_notices.limit", query->limit, POINTS_NOTICES_MAX);
}

static void answer_notices(struct asking *asking)
{
    const struct decide *decide = asking->decide;
    const Points__V1__GetNotices *query = asking->job->request->get_notices;
    if (!may_ask_for_notices(asking, query))
        return;
    asking->job->notices = points_notices(decide->state, &asking->asker, query,
        points_block_time(decide->state, decide->clock.wall_s), allocator_of(asking));
    asking->job->errand = history_notices;
    if (!asking->job->notices)
        refuse_unknown(asking, "get_notices.account", "account");
}

static void answer_trial_balance(struct asking *asking)
{
    asking->response.body_case = RESPONSE(TRIAL_BALANCE);
    asking->response.trial_balance = points_trial_balance(asking->decide->state, allocator_of(asking));
}

static void answer_programme(struct asking *asking)
{
    const Points__V1__GetProgramme *query = asking->job->request->get_programme;
    bool sees_keys = asking->asker.role == ROLE(OPERATOR) || asking->asker.role == ROLE(AUDITOR);
    if (query->part == POINTS__V1__PROGRAMME_PART__KEYS && !sees_keys) {
        job_refuse(asking->job, REFUSAL(NOT_PERMITTED), "get_programme.part", "keys are for operators and auditors");
        return;
    }
    asking->response.body_case = RESPONSE(PROGRAMME);
    asking->response.programme = points_programme(asking->decide->state, query, allocator_of(asking));
}

// ---- the ledger itself

static void answer_checkpoint(struct asking *asking)
{
    asking->job->errand = history_checkpoint;
}

static void answer_add_cosignature(struct asking *asking)
{
    cosign_judge(asking->decide, asking->job);
}

static void answer_inclusion(struct asking *asking)
{
    asking->job->errand = history_inclusion;
}

static void answer_consistency(struct asking *asking)
{
    asking->job->errand = history_consistency;
}

static void answer_blocks(struct asking *asking)
{
    if (at_most(asking, "get_blocks.limit", asking->job->request->get_blocks->limit, HISTORY_BLOCKS_MAX))
        asking->job->errand = history_blocks;
}

// Who may ask what, and who answers; doc/protocol.md shows the same.
static const struct {
    unsigned roles;
    void (*answer)(struct asking *asking);
} queries[] = {
    [REQUEST(HELLO)] = {ANYBODY, answer_hello},
    [REQUEST(AUTHENTICATE)] = {ANYBODY, answer_authenticate},
    [REQUEST(GET_CHECKPOINT)] = {ANYBODY, answer_checkpoint},
    [REQUEST(ADD_COSIGNATURE)] = {ANYBODY, answer_add_cosignature},
    [REQUEST(GET_INCLUSION_PROOF)] = {ANYBODY, answer_inclusion},
    [REQUEST(GET_CONSISTENCY_PROOF)] = {ANYBODY, answer_consistency},
    [REQUEST(GET_PROGRAMME)] = {ALL_ROLES, answer_programme},
    [REQUEST(GET_ACCOUNT)] = {BIT(APP) | BIT(OPERATOR) | BIT(AUDITOR), answer_account},
    [REQUEST(GET_STATEMENT)] = {BIT(APP) | BIT(OPERATOR) | BIT(AUDITOR), answer_statement},
    [REQUEST(GET_TRANSACTION)] = {BIT(APP) | BIT(OPERATOR) | BIT(AUDITOR), answer_transaction},
    [REQUEST(GET_QUEST)] = {BIT(APP) | BIT(OPERATOR) | BIT(MUNICIPALITY) | BIT(AUDITOR), answer_quest},
    [REQUEST(GET_CAMPAIGN)] = {BIT(APP) | BIT(OPERATOR) | BIT(AUDITOR), answer_campaign},
    [REQUEST(GET_CIRCULATION)] = {BIT(OPERATOR) | BIT(MUNICIPALITY) | BIT(AUDITOR), answer_circulation},
    [REQUEST(GET_EXPIRY)] = {BIT(OPERATOR) | BIT(MUNICIPALITY) | BIT(AUDITOR), answer_expiry},
    [REQUEST(GET_SETTLEMENTS)] = {BIT(OPERATOR) | BIT(MUNICIPALITY) | BIT(AUDITOR), answer_settlements},
    [REQUEST(GET_DONATION_TOTALS)] = {BIT(OPERATOR) | BIT(MUNICIPALITY) | BIT(AUDITOR), answer_donation_totals},
    [REQUEST(GET_CONVERSION_TOTALS)] = {BIT(OPERATOR) | BIT(WAON) | BIT(MUNICIPALITY) | BIT(AUDITOR),
        answer_conversion_totals},
    [REQUEST(GET_PENDING_CONVERSIONS)] = {BIT(OPERATOR) | BIT(WAON) | BIT(AUDITOR), answer_pending_conversions},
    [REQUEST(GET_NOTICES)] = {BIT(APP) | BIT(OPERATOR) | BIT(MUNICIPALITY) | BIT(AUDITOR), answer_notices},
    [REQUEST(GET_TRIAL_BALANCE)] = {BIT(OPERATOR) | BIT(AUDITOR), answer_trial_balance},
    [REQUEST(GET_BLOCKS)] = {BIT(OPERATOR) | BIT(AUDITOR), answer_blocks},
    [REQUEST(DRY_RUN)] = {BIT(OPERATOR) | BIT(AUDITOR), answer_dry_run},
    [REQUEST(ACCEPT_TIME)] = {BIT(OPERATOR), answer_accept_time},
};

// A proven key counts as long as it is in force.
static void find_asker(struct asking *asking)
{
    const struct session *session = asking->job->session;
    if (session->proven)
        points_asker(asking->decide->state, session->key, &asking->asker);
}

void answer_query(struct decide *decide, struct job *job)
{
    struct asking asking = {.decide = decide, .job = job, .response = POINTS__V1__RESPONSE__INIT};
    find_asker(&asking);
    if (queries[job->request->body_case].roles & 1U << asking.asker.role)
        queries[job->request->body_case].answer(&asking);
    else
        job_refuse(job, REFUSAL(NOT_PERMITTED), "",
            asking.asker.role ? "the role of this connection's key does not allow this request"
                              : "this request needs a key; prove one with Authenticate");
    if (job->refusal.code)
        job->errand = NULL;
    if (!job->errand && !job->journal_answers)
        job_respond(job, &asking.response);
}
