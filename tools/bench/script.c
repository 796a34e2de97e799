#include "tools/bench/script.h"
#include "tools/envelope_builder.h"
#include "tools/error.h"
#include "tools/mix.h"
#include "tools/uuid7.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    TRANSACTION_BYTES_MAX = 52,
    ENVELOPE_OVERHEAD_MAX = 2 + HASH_BYTES + 8 + 104, // ledger id, lengths, one signature
    LENGTH_BYTES = 4,
    HEAD_BYTES =
        LENGTH_BYTES + 1 + 5 + 1 + 3, // length, request id, length of the signed envelope: all padded to the right
    WEEK_S = 7 * 86400,
    IDS_PER_MS = 1000, // as the backends of a busy programme would make them
};

// Shares of the mixed load.
enum { AGAIN_PER_MILLE = 20, AWARD_PERCENT = 80, DONATE_PERCENT = 15 };

const uint32_t kind_points[KINDS] = {[START] = 1000, [AWARD] = 100, [DONATE] = 100, [CONVERT] = 100};

// An account's newest transaction, and what it can spend.
struct latest {
    uint64_t number; // counted from 1; 0: none yet
    uint32_t balance_points;
    uint8_t kind;
};

static uint64_t draw_bits(uint64_t seed, uint64_t who, uint64_t what)
{
    return mix64(mix64(seed ^ mix64(who)) + UINT64_C(0x9e3779b97f4a7c15) * (what + 1));
}

void plan_account(const struct plan *plan, uint32_t account, uint8_t id[ID_BYTES])
{
    for (uint64_t half = 0; half < 2; half++) {
        uint64_t bits = draw_bits(plan->seed, UINT64_MAX - half, account);
        memcpy(id + 8 * half, &bits, sizeof bits);
    }
}

// ---- the order of accounts

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// A step that has no divisor in common with the count comes to every account once.
static void begin_pass(struct walk *walk, uint32_t pass)
{
    uint64_t bits = draw_bits(walk->seed, walk->first, pass);
    walk->pass = pass;
    walk->left = walk->count;
    walk->at = walk->straight ? 0 : (uint32_t)(bits % walk->count);
    walk->step = walk->straight ? 1 : (uint32_t)((bits >> 32) % walk->count);
    while (common_divisor(walk->count, walk->step) != 1)
        walk->step = walk->step % walk->count + 1;
}

uint32_t walk_next(struct walk *walk)
{
    if (walk->left == 0)
        begin_pass(walk, walk->pass + 1);
    uint32_t at = walk->at;
    walk->left--;
    walk->at = walk->count - at > walk->step ? at + walk->step : at - (walk->count - walk->step);
    return walk->first + at;
}

static uint32_t first_account(const struct plan *plan, unsigned connection)
{
    return (uint32_t)((uint64_t)plan->accounts * connection / plan->connections);
}

uint32_t script_accounts(const struct plan *plan, unsigned connection)
{
    return first_account(plan, connection + 1) - first_account(plan, connection);
}

struct walk script_walk(const struct script *script)
{
    const struct plan *plan = script->plan;
    struct walk walk = {.seed = plan->seed,
        .first = first_account(plan, script->connection),
        .count = script_accounts(plan, script->connection),
        .straight = script->phase == OPENING};
    begin_pass(&walk, 0);
    return walk;
}

// ---- one transaction

static ProtobufCBinaryData bytes16(uint8_t *bytes)
{
    return (ProtobufCBinaryData){ID_BYTES, bytes};
}

// Ids of all connections ascend together, as those of several backends do.
static void make_id(const struct script *script, uint64_t number, uint8_t id[ID_BYTES])
{
    const struct plan *plan = script->plan;
    uint64_t who = (uint64_t)script->phase << 32 | script->connection;
    uint64_t bits[2] = {draw_bits(plan->seed, who, 2 * number), draw_bits(plan->seed, who, 2 * number + 1)};
    memcpy(id, bits, ID_BYTES);
    if (plan->random_ids)
        return;
    uint64_t among_all = number * plan->connections + script->connection;
    uint8_t random[10] = {(uint8_t)(among_all % IDS_PER_MS >> 8), (uint8_t)(among_all % IDS_PER_MS)};
    memcpy(random + 2, bits, sizeof random - 2);
    uuid7_at(plan->ids_begin_ms + among_all / IDS_PER_MS, random, id);
}

// Somewhere in the week of its pass; a script has one transaction an account and pass.
static int64_t occurred_at(const struct script *script, uint64_t number)
{
    return script->plan->first_week + (int64_t)(number / script->walk.count) * WEEK_S + (int64_t)(number % WEEK_S);
}

static void add(struct script *script, enum kind kind, uint64_t number, uint32_t account)
{
    const struct plan *plan = script->plan;
    uint8_t id[ID_BYTES], account_id[ID_BYTES];
    uint32_t home = plan->homes[plan_home(plan, account)];
    Points__V1__Transaction transaction = POINTS__V1__TRANSACTION__INIT;
    Points__V1__OpenAccount open = POINTS__V1__OPEN_ACCOUNT__INIT;
    Points__V1__Award award = POINTS__V1__AWARD__INIT;
    Points__V1__Donate donate = POINTS__V1__DONATE__INIT;
    Points__V1__RequestConversion convert = POINTS__V1__REQUEST_CONVERSION__INIT;
    make_id(script, number, id);
    plan_account(plan, account, account_id);
    transaction.id = bytes16(id);
    open.account = award.account = donate.account = convert.account = bytes16(account_id);
    open.municipality = donate.municipality = home;
    award.quest = kind == START ? plan->start_quest : plan->quest;
    award.occurred_at = occurred_at(script, number);
    donate.purpose = plan->purpose;
    donate.points = convert.points = kind_points[kind];
    if (kind == OPEN) {
        transaction.body_case = TRANSACTION(OPEN_ACCOUNT);
        transaction.open_account = &open;
    } else if (kind == DONATE) {
        transaction.body_case = TRANSACTION(DONATE);
        transaction.donate = &donate;
    } else if (kind == CONVERT) {
        transaction.body_case = TRANSACTION(REQUEST_CONVERSION);
        transaction.request_conversion = &convert;
    } else {
        transaction.body_case = TRANSACTION(AWARD);
        transaction.award = &award;
    }
    if (!envelope_add(script->builder, &transaction))
        fail(EXIT_FAILED, "an envelope of %" PRIu32 " transactions is too large: the ledger's numbers are too long",
            script->batch);
}

// ---- the mixed load

// Spends what is there; who has nothing does a quest. An envelope begins with something new, so that it makes a block.
static enum kind choose_kind(const struct script *script, const struct latest *latest, bool first)
{
    uint64_t bits = draw_bits(script->plan->seed, script->connection, ~script->number);
    if ((bits & 0xffff) % 1000 < AGAIN_PER_MILLE && latest->number && !first)
        return AGAIN;
    unsigned percent = (unsigned)(bits >> 32) % 100;
    if (percent < AWARD_PERCENT || latest->balance_points < kind_points[DONATE])
        return AWARD;
    return percent < AWARD_PERCENT + DONATE_PERCENT ? DONATE : CONVERT;
}

static void add_mixed(struct script *script, struct envelope *envelope, uint8_t *kind, uint32_t account)
{
    struct latest *latest = &script->latest[account - script->walk.first];
    *kind = (uint8_t)choose_kind(script, latest, script->builder->count == 0);
    envelope->gifts += *kind == DONATE;
    if (*kind == AGAIN) {
        add(script, latest->kind, latest->number - 1, account);
        return;
    }
    latest->number = script->number + 1;
    latest->kind = *kind;
    latest->balance_points += *kind == AWARD ? kind_points[AWARD] : -kind_points[*kind];
    add(script, *kind, script->number, account);
}

// ---- envelopes

static enum kind kind_of_phase(enum phase phase)
{
    static const enum kind kinds[] = {[OPENING] = OPEN, [STARTING] = START, [AWARDING] = AWARD};
    return kinds[phase];
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

uint32_t script_frame_submit(uint8_t *bytes, uint64_t id, const uint8_t *signed_envelope, size_t size)
{
    enum { FIELD_ID = 1 << 3, FIELD_SUBMIT = 2 << 3 | 2 };
    uint8_t *at = bytes + LENGTH_BYTES;
    *at++ = FIELD_ID;
    at = put_varint(at, id);
    *at++ = FIELD_SUBMIT;
    at = put_varint(at, size);
    memcpy(at, signed_envelope, size);
    at += size;
    uint32_t length = htonl((uint32_t)(at - bytes) - LENGTH_BYTES);
    memcpy(bytes, &length, sizeof length);
    return (uint32_t)(at - bytes);
}

void script_make(struct script *script, uint32_t count)
{
    uint8_t signed_envelope[SIGNED_ENVELOPE_BYTES_MAX];
    uint64_t place = script->made % script->kept;
    struct envelope *envelope = &script->envelopes[place];
    *envelope = (struct envelope){.count = count};
    envelope_begin(script->builder, script->plan->ledger_id);
    for (uint32_t i = 0; i < count; i++, script->number++) {
        uint32_t account = walk_next(&script->walk);
        if (script->kinds)
            add_mixed(script, envelope, &script->kinds[place * script->batch + i], account);
        else
            add(script, kind_of_phase(script->phase), script->number, account);
    }
    envelope->pass = script->walk.pass;
    size_t size = envelope_sign(script->builder, &script->plan->app, 1, signed_envelope);
    envelope->size =
        script_frame_submit(script->frames + place * script->frame_bytes_max, ++script->made, signed_envelope, size);
}

size_t script_frame_bytes_max(uint32_t batch)
{
    return HEAD_BYTES + ENVELOPE_OVERHEAD_MAX + (size_t)batch * TRANSACTION_BYTES_MAX;
}

// Memory that costs nothing until it is written to.
static uint8_t *map_lazily(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        fail(EXIT_FAILED, "out of memory: %zu bytes of envelopes; use fewer --transactions, or --sign-live", size);
    return memory;
}

void script_begin(struct script *script, const struct plan *plan)
{
    script->plan = plan;
    script->walk = script_walk(script);
    script->frame_bytes_max = script_frame_bytes_max(script->batch);
    script->frames = map_lazily(script->kept * script->frame_bytes_max);
    script->envelopes = xcalloc(script->kept, sizeof *script->envelopes);
    script->builder = xmalloc(sizeof *script->builder);
    if (script->phase != MIXING)
        return;
    script->kinds = xmalloc(script->kept * script->batch);
    script->latest = xcalloc(script->walk.count, sizeof *script->latest);
    for (uint32_t i = 0; i < script->walk.count; i++)
        script->latest[i].balance_points = kind_points[START];
}

void script_end(struct script *script)
{
    munmap(script->frames, script->kept * script->frame_bytes_max);
    free(script->envelopes);
    free(script->builder);
    free(script->kinds);
    free(script->latest);
}

const struct envelope *script_envelope(const struct script *script, uint64_t number)
{
    return &script->envelopes[number % script->kept];
}

const uint8_t *script_frame(const struct script *script, uint64_t number)
{
    return script->frames + number % script->kept * script->frame_bytes_max;
}

enum kind script_kind(const struct script *script, uint64_t number, uint32_t position)
{
    if (!script->kinds)
        return kind_of_phase(script->phase);
    return script->kinds[number % script->kept * script->batch + position];
}
