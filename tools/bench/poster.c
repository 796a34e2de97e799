#include "tools/bench/interrupt.h"
#include "tools/bench/load_internal.h"
#include "tools/bench/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// An answer that came too early to be checked.
struct held {
    uint8_t *bytes; // NULL: none
    size_t size;
};

static void on_answer(void *owner, uint64_t id, struct span body, uint8_t tag, uint64_t now_ns);
static void on_turn(void *owner, uint64_t now_ns);

static const struct link_events events = {on_answer, on_turn};

// ---- how much

// Envelopes are dealt to the connections in turn, and the last of all may be short.
static uint64_t share_of_transactions(const struct load *load, unsigned connection)
{
    const struct load_order *order = &load->order;
    if (order->phase == OPENING || order->phase == STARTING)
        return script_accounts(load->plan, connection);
    uint64_t envelopes = (order->transactions + order->batch - 1) / order->batch;
    uint64_t mine = (envelopes + load->plan->connections - 1 - connection) / load->plan->connections;
    bool has_last = envelopes && (envelopes - 1) % load->plan->connections == connection;
    return mine * order->batch - (has_last ? envelopes * order->batch - order->transactions : 0);
}

void poster_begin(struct poster *poster, struct load *load, unsigned connection)
{
    const struct load_order *order = &load->order;
    *poster = (struct poster){.load = load};
    poster->transactions = share_of_transactions(load, connection);
    poster->envelopes = (poster->transactions + order->batch - 1) / order->batch;
    uint64_t kept = order->live ? order->window : poster->envelopes;
    poster->script = (struct script){
        .phase = order->phase, .connection = connection, .batch = order->batch, .kept = kept ? kept : 1};
    script_begin(&poster->script, load->plan);
    poster->at = answers_start(&poster->script);
    poster->begun_ns = xcalloc(order->window, sizeof *poster->begun_ns);
    poster->held = xcalloc(order->window, sizeof *poster->held);
    link_open(&poster->link, load->address, NULL, load->poll, &events, poster);
}

void poster_end(struct poster *poster)
{
    link_close(&poster->link);
    script_end(&poster->script);
    free(poster->begun_ns);
    free(poster->held);
}

static void make_one(struct poster *poster)
{
    uint64_t left = poster->transactions - poster->script.number;
    uint32_t batch = poster->load->order.batch;
    script_make(&poster->script, left < batch ? (uint32_t)left : batch);
}

void poster_make_all(struct poster *poster)
{
    while (poster->script.made < poster->envelopes && !interrupt_asked())
        make_one(poster);
}

// ---- sending

static bool has_stopped(const struct load *load, uint64_t now_ns)
{
    return load->deadline_ns && now_ns >= load->deadline_ns;
}

static bool has_room(const struct poster *poster)
{
    return poster->released < poster->envelopes && poster->released - poster->at.next < poster->load->order.window;
}

// With a rate, envelope after envelope goes over connection after connection at even distances.
uint64_t poster_due_ns(const struct poster *poster)
{
    const struct load *load = poster->load;
    if (!has_room(poster))
        return UINT64_MAX;
    if (!load->order.rate)
        return 0;
    double place = (double)poster->released * load->plan->connections + poster->script.connection;
    return load->begin_ns + (uint64_t)(place * 1e9 * load->order.batch / (double)load->order.rate);
}

static bool week_has_begun(const struct poster *poster)
{
    const struct weeks *weeks = poster->load->weeks;
    return poster->load->order.phase < AWARDING ||
           script_envelope(&poster->script, poster->released)->pass < weeks->passes;
}

// Lets go what may go now. The latency of an envelope with a rate counts from when it was due: what waits because the
// daemon stalls is not to look fast for having been sent late (Gil Tene's "coordinated omission").
static void release(struct poster *poster, uint64_t now_ns)
{
    struct load *load = poster->load;
    uint64_t due_ns;
    while ((due_ns = poster_due_ns(poster)) <= now_ns && !has_stopped(load, now_ns)) {
        if (poster->script.made == poster->released)
            make_one(poster);
        if (!week_has_begun(poster))
            break;
        poster->begun_ns[poster->released % load->order.window] = load->order.rate ? due_ns : now_ns;
        load->gifts_sent += script_envelope(&poster->script, poster->released)->gifts;
        load->under_way++;
        poster->released++;
    }
}

static int list_pieces(const struct poster *poster, struct iovec pieces[WINDOW_MAX])
{
    int count = 0;
    size_t skipped = poster->written_part;
    for (uint64_t at = poster->written; at < poster->released; at++, skipped = 0)
        pieces[count++] = (struct iovec){(uint8_t *)script_frame(&poster->script, at) + skipped,
            script_envelope(&poster->script, at)->size - skipped};
    return count;
}

static void write_released(struct poster *poster)
{
    struct iovec pieces[WINDOW_MAX];
    while (poster->written < poster->released && !poster->link.full) {
        size_t size = link_write(&poster->link, pieces, list_pieces(poster, pieces)) + poster->written_part;
        while (poster->written < poster->released && size >= script_envelope(&poster->script, poster->written)->size)
            size -= script_envelope(&poster->script, poster->written++)->size;
        poster->written_part = size;
    }
}

void poster_go_on(struct poster *poster, uint64_t now_ns)
{
    release(poster, now_ns);
    write_released(poster);
}

static void on_turn(void *owner, uint64_t now_ns)
{
    poster_go_on(owner, now_ns);
}

bool poster_is_done(const struct poster *poster, uint64_t now_ns)
{
    bool all_released = poster->released == poster->envelopes || has_stopped(poster->load, now_ns);
    return all_released && poster->at.next == poster->released;
}

// ---- answers

static void note_time(struct poster *poster, uint64_t number, uint64_t now_ns)
{
    struct load *load = poster->load;
    uint64_t latency_ns = now_ns - poster->begun_ns[number % load->order.window];
    uint32_t count = script_envelope(&poster->script, number)->count;
    histogram_add(load->latency, latency_ns);
    if (load->timeline)
        timeline_add(load->timeline, now_ns - load->begin_ns, count, latency_ns);
    load->answered_ns = now_ns;
    load->under_way--;
    load->requests++;
    load->transactions += count;
}

static void hold(struct held *held, struct span body)
{
    held->bytes = xmalloc(body.size);
    held->size = body.size;
    memcpy(held->bytes, body.bytes, body.size);
}

static void check_held(struct poster *poster)
{
    struct held *held;
    uint32_t window = poster->load->order.window;
    while ((held = &poster->held[poster->at.next % window])->bytes) {
        answers_check(poster->load->answers, &poster->at, &poster->script, (struct span){held->bytes, held->size});
        free(held->bytes);
        held->bytes = NULL;
    }
}

static void on_answer(void *owner, uint64_t id, struct span body, uint8_t tag, uint64_t now_ns)
{
    struct poster *poster = owner;
    struct load *load = poster->load;
    uint64_t number = id - 1;
    if (tag == RESPONSE(ERROR))
        load_fail_refused("an envelope", body);
    if (tag != RESPONSE(SUBMIT) || number < poster->at.next || number >= poster->released ||
        poster->held[number % load->order.window].bytes)
        fail(EXIT_FAILED, "the daemon answered request %" PRIu64 ", which is not under way", id);
    note_time(poster, number, now_ns);
    if (number != poster->at.next) {
        hold(&poster->held[number % load->order.window], body);
        return;
    }
    answers_check(load->answers, &poster->at, &poster->script, body);
    check_held(poster);
}
