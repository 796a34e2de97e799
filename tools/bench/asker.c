// Queries while the load runs: accounts, and every tenth time the totals of donations. What comes must lie between what
// was decided when the query was sent and what was sent when its answer came.
#include "tools/bench/load_internal.h"
#include "tools/bench/settings.h"
#include "tools/mix.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 4, QUERY_BYTES_MAX = 64, TOTALS_ONE_IN = 10 };

struct query {
    uint64_t begun_ns; // 0: the place is free
    bool totals;
    uint32_t account;
    uint64_t least; // of the account: its newest entry; of totals: points donated
};

struct asker {
    struct load *load;
    struct link link;
    uint64_t asked;
    unsigned number, under_way;
    struct query queries[WINDOW_MAX]; // by request id - 1
    uint8_t out[WINDOW_MAX * QUERY_BYTES_MAX];
    size_t out_size;
};

static void on_answer(void *owner, uint64_t id, struct span body, uint8_t tag, uint64_t now_ns);
static void on_turn(void *owner, uint64_t now_ns);

static const struct link_events events = {on_answer, on_turn};

// ---- what is known

static uint64_t decided_gift_points(const struct load *load)
{
    uint64_t gifts = 0;
    for (uint32_t home = 0; home < load->plan->home_count; home++)
        gifts += answers_count(load->answers, home, DONATE);
    return gifts * kind_points[DONATE];
}

static uint64_t newest_sequence(const struct load *load, uint32_t account)
{
    return load->answers->sequence_before + load->answers->newest[account];
}

// ---- asking

static void put_request(struct asker *asker, const Points__V1__Request *request)
{
    uint8_t *at = asker->out + asker->out_size;
    uint32_t size = (uint32_t)points__v1__request__pack(request, at + LENGTH_BYTES), length = htonl(size);
    memcpy(at, &length, sizeof length);
    asker->out_size += LENGTH_BYTES + size;
}

static void ask(struct asker *asker, uint32_t place, uint64_t now_ns)
{
    const struct load *load = asker->load;
    struct query *query = &asker->queries[place];
    uint64_t bits = mix64(load->plan->seed ^ mix64(asker->asked << 8 | asker->number));
    uint8_t id[ID_BYTES];
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    Points__V1__GetAccount get_account = POINTS__V1__GET_ACCOUNT__INIT;
    Points__V1__GetDonationTotals get_totals = POINTS__V1__GET_DONATION_TOTALS__INIT;
    *query = (struct query){.begun_ns = now_ns, .totals = asker->asked++ % TOTALS_ONE_IN == TOTALS_ONE_IN - 1};
    query->account = (uint32_t)(bits % load->plan->accounts);
    query->least = query->totals ? decided_gift_points(load) : newest_sequence(load, query->account);
    plan_account(load->plan, query->account, id);
    request.id = place + 1;
    get_account.account = (ProtobufCBinaryData){ID_BYTES, id};
    get_totals.purpose = load->plan->purpose;
    request.body_case = query->totals ? REQUEST(GET_DONATION_TOTALS) : REQUEST(GET_ACCOUNT);
    if (query->totals)
        request.get_donation_totals = &get_totals;
    else
        request.get_account = &get_account;
    put_request(asker, &request);
    asker->under_way++;
    asker->load->under_way++;
}

static void write_out(struct asker *asker)
{
    while (asker->out_size && !asker->link.full) {
        size_t sent = link_write(&asker->link, &(struct iovec){asker->out, asker->out_size}, 1);
        memmove(asker->out, asker->out + sent, asker->out_size - sent);
        asker->out_size -= sent;
    }
}

static bool load_goes_on(const struct load *load, uint64_t now_ns)
{
    for (unsigned i = 0; i < load->plan->connections; i++)
        if (!poster_is_done(&load->posters[i], now_ns))
            return true;
    return false;
}

static void on_turn(void *owner, uint64_t now_ns)
{
    struct asker *asker = owner;
    if (load_goes_on(asker->load, now_ns) && asker->out_size == 0)
        for (uint32_t place = 0; place < asker->load->order.window; place++)
            if (!asker->queries[place].begun_ns)
                ask(asker, place, now_ns);
    write_out(asker);
}

// ---- answers

static void check_account(const struct asker *asker, const struct query *query, struct span body)
{
    uint8_t id[ID_BYTES];
    const struct plan *plan = asker->load->plan;
    Points__V1__AccountReply *reply = points__v1__account_reply__unpack(NULL, body.size, body.bytes);
    plan_account(plan, query->account, id);
    if (!reply || reply->account.len != ID_BYTES || memcmp(reply->account.data, id, ID_BYTES) != 0 ||
        reply->municipality != plan->homes[plan_home(plan, query->account)])
        fail(EXIT_FAILED, "the daemon answered for another account than was asked for");
    if (reply->last_sequence < query->least)
        fail(EXIT_FAILED, "an account's newest entry is %" PRIu64 ", but %" PRIu64 " was answered before",
            reply->last_sequence, query->least);
    points__v1__account_reply__free_unpacked(reply, NULL);
}

static void check_totals(const struct asker *asker, const struct query *query, struct span body)
{
    uint64_t points = 0, most = asker->load->gifts_sent * kind_points[DONATE];
    Points__V1__DonationTotalsReply *reply = points__v1__donation_totals_reply__unpack(NULL, body.size, body.bytes);
    for (size_t i = 0; reply && i < reply->n_rows; i++)
        points += reply->rows[i]->points;
    if (!reply || points < query->least || points > most)
        fail(EXIT_FAILED,
            "the totals say %" PRIu64 " points donated; %" PRIu64 " were answered before, %" PRIu64 " sent", points,
            query->least, most);
    points__v1__donation_totals_reply__free_unpacked(reply, NULL);
}

static void on_answer(void *owner, uint64_t id, struct span body, uint8_t tag, uint64_t now_ns)
{
    struct asker *asker = owner;
    struct load *load = asker->load;
    if (tag == RESPONSE(ERROR))
        load_fail_refused("a query", body);
    if (id == 0 || id > load->order.window || !asker->queries[id - 1].begun_ns)
        fail(EXIT_FAILED, "the daemon answered query %" PRIu64 ", which is not under way", id);
    struct query *query = &asker->queries[id - 1];
    if (tag != (query->totals ? RESPONSE(DONATION_TOTALS) : RESPONSE(ACCOUNT)))
        fail(EXIT_FAILED, "the daemon answered a query with something else");
    if (query->totals)
        check_totals(asker, query, body);
    else
        check_account(asker, query, body);
    histogram_add(load->query_latency, now_ns - query->begun_ns);
    if (load->query_timeline)
        timeline_add(load->query_timeline, now_ns - load->begin_ns, 1, now_ns - query->begun_ns);
    query->begun_ns = 0;
    asker->under_way--;
    load->under_way--;
}

// ---- all of them

struct asker *askers_new(struct load *load)
{
    struct asker *askers = xcalloc(load->order.asking, sizeof *askers);
    for (unsigned i = 0; i < load->order.asking; i++) {
        askers[i].load = load;
        askers[i].number = i;
        link_open(&askers[i].link, load->address, load->operator_key, load->poll, &events, &askers[i]);
    }
    return askers;
}

void askers_go_on(struct load *load, uint64_t now_ns)
{
    for (unsigned i = 0; i < load->order.asking; i++)
        on_turn(&load->askers[i], now_ns);
}

void askers_free(struct load *load)
{
    for (unsigned i = 0; i < load->order.asking; i++)
        link_close(&load->askers[i].link);
    free(load->askers);
}
