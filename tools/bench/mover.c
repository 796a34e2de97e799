// Time, moved forward on a SCRIPTED ledger before the passes come to weeks that have not begun.
#include "tools/bench/load_internal.h"
#include "tools/envelope_builder.h"
#include "tools/uuid7.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    AHEAD_PASSES = 10, // when so few weeks are left that have begun
    STEP_PASSES = 30,  // so many more begin
    WEEK_S = 7 * 86400,
};

struct mover {
    struct load *load;
    struct link link;
    uint32_t passes_then; // once the SetTime under way is decided; 0: none is
    uint64_t moves;
};

static void on_answer(void *owner, uint64_t id, struct span body, uint8_t tag, uint64_t now_ns)
{
    struct mover *mover = owner;
    struct load *load = mover->load;
    if (tag == RESPONSE(ERROR))
        load_fail_refused("SetTime", body);
    Points__V1__SubmitReply *reply =
        tag == RESPONSE(SUBMIT) ? points__v1__submit_reply__unpack(NULL, body.size, body.bytes) : NULL;
    if (id != mover->moves || !reply || !reply->outcomes || reply->outcomes->n_code != 1 ||
        reply->outcomes->code[0] != OUTCOME(APPLIED))
        fail(EXIT_FAILED, "SetTime was not applied");
    points__v1__submit_reply__free_unpacked(reply, NULL);
    load->weeks->passes = mover->passes_then;
    load->weeks->moves++;
    load->under_way--;
    mover->passes_then = 0;
    for (unsigned i = 0; i < load->plan->connections; i++)
        poster_go_on(&load->posters[i], now_ns);
}

static void on_turn(void *owner, uint64_t now_ns)
{
    (void)owner;
    (void)now_ns;
}

static const struct link_events events = {on_answer, on_turn};

struct mover *mover_new(struct load *load)
{
    struct mover *mover = xcalloc(1, sizeof *mover);
    mover->load = load;
    link_open(&mover->link, load->address, NULL, load->poll, &events, mover);
    return mover;
}

void mover_free(struct mover *mover)
{
    if (mover)
        link_close(&mover->link);
    free(mover);
}

static void send_set_time(struct mover *mover, int64_t time)
{
    uint8_t id[ID_BYTES], signed_envelope[SIGNED_ENVELOPE_BYTES_MAX], bytes[4 + 1024];
    struct load *load = mover->load;
    struct envelope_builder *builder = xmalloc(sizeof *builder);
    Points__V1__SetTime set_time = POINTS__V1__SET_TIME__INIT;
    Points__V1__Transaction transaction = POINTS__V1__TRANSACTION__INIT;
    uuid7_now(id);
    set_time.time = time;
    transaction.id = (ProtobufCBinaryData){ID_BYTES, id};
    transaction.body_case = TRANSACTION(SET_TIME);
    transaction.set_time = &set_time;
    envelope_begin(builder, load->plan->ledger_id);
    envelope_add(builder, &transaction);
    size_t size = envelope_sign(builder, load->operator_key, 1, signed_envelope);
    size = script_frame_submit(bytes, ++mover->moves, signed_envelope, size);
    if (link_write(&mover->link, &(struct iovec){bytes, size}, 1) != size)
        fail(EXIT_FAILED, "SetTime could not be sent at once");
    load->under_way++;
    free(builder);
}

void mover_look(struct mover *mover)
{
    struct load *load = mover->load;
    uint32_t newest = 0, oldest = UINT32_MAX;
    for (unsigned i = 0; i < load->plan->connections; i++) {
        const struct poster *poster = &load->posters[i];
        if (poster->at.next < poster->envelopes && poster->at.walk.pass < oldest)
            oldest = poster->at.walk.pass;
        if (poster->released && script_envelope(&poster->script, poster->released - 1)->pass > newest)
            newest = script_envelope(&poster->script, poster->released - 1)->pass;
    }
    if (oldest == UINT32_MAX)
        return; // all is answered
    uint32_t passes = newest + STEP_PASSES < oldest + PASSES_MAX ? newest + STEP_PASSES : oldest + PASSES_MAX;
    if (mover->passes_then || newest + AHEAD_PASSES < load->weeks->passes || passes <= load->weeks->passes)
        return;
    mover->passes_then = passes;
    send_set_time(mover, load->plan->first_week + (int64_t)passes * WEEK_S);
}
