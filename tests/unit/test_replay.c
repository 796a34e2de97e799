// Replay against forgers who hold every key: ledgers whose hashes, tree and checkpoint are right, and one thing is not.
#include "points/points.h"
#include "proto/signing.h"
#include "replay/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

enum { SAPPORO = 11002, EBETSU = 12173, GENESIS_TIME = 1636678800 /* 2021-11-12 10:00 JST */, FIRST_DAY = 18943 };
enum { OPERATOR_1, OPERATOR_2, OPERATOR_3, APP, WAON, CHECKPOINT, NEXT_CHECKPOINT, KEYS };
enum { TRANSACTIONS_MAX = 8, BYTES_MAX = 4096 };

struct key {
    uint8_t public_key[KEY_BYTES], secret[SIGNING_SECRET_BYTES];
};

// A block about to be appended: what an honest daemon would have put there, for a forger to alter.
struct draft {
    Points__V1__Transaction transactions[TRANSACTIONS_MAX];
    uint8_t ids[TRANSACTIONS_MAX][ID_BYTES];
    uint8_t ledger_id[HASH_BYTES];
    uint32_t count, rules_version;
    int64_t time;
    struct points_inputs inputs[TRANSACTIONS_MAX];
    struct points_outcome outcomes[TRANSACTIONS_MAX];
    uint8_t envelope[BYTES_MAX], packed[BYTES_MAX];
    size_t envelope_size, packed_size;
    int signers[SIGNATURES_MAX];
    size_t signer_count;
    bool unsorted, bad_signature;
};

struct world {
    char dir[64];
    struct key keys[KEYS];
    struct ledger *ledger;
    struct note_signer signer;
    struct points_state *state;
    struct replay_settings settings;
    struct replay replay;
    struct id_index *ids;
};

// ---- making a world

static ProtobufCBinaryData data(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)bytes};
}

static void make_keys(struct world *world)
{
    for (int i = 0; i < KEYS; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t)(i + 1)};
        crypto_sign_seed_keypair(world->keys[i].public_key, world->keys[i].secret, seed);
    }
    strcpy(world->signer.verifier.name, "points.test/ledger");
    memcpy(world->signer.verifier.key, world->keys[CHECKPOINT].public_key, KEY_BYTES);
    memcpy(world->signer.secret, world->keys[CHECKPOINT].secret, SIGNING_SECRET_BYTES);
}

static int by_key(const void *a, const void *b)
{
    return memcmp(
        (*(Points__V1__Signature *const *)a)->key.data, (*(Points__V1__Signature *const *)b)->key.data, KEY_BYTES);
}

struct signed_by {
    Points__V1__Signature signatures[SIGNATURES_MAX], *pointers[SIGNATURES_MAX];
    uint8_t bytes[SIGNATURES_MAX][SIGNATURE_BYTES];
};

static void sign(const struct world *world, enum signing_purpose purpose, const uint8_t *bytes, size_t size,
    const int *signers, size_t count, struct signed_by *by)
{
    for (size_t i = 0; i < count; i++) {
        const struct key *key = &world->keys[signers[i]];
        signing_sign(purpose, bytes, size, key->secret, by->bytes[i]);
        by->signatures[i] = (Points__V1__Signature)POINTS__V1__SIGNATURE__INIT;
        by->signatures[i].key = data(key->public_key, KEY_BYTES);
        by->signatures[i].signature = data(by->bytes[i], SIGNATURE_BYTES);
        by->pointers[i] = &by->signatures[i];
    }
    qsort(by->pointers, count, sizeof *by->pointers, by_key);
}

static void fill_genesis(const struct world *world, Points__V1__Genesis *genesis, Points__V1__RegisterKey *keys,
    Points__V1__Municipality *municipalities)
{
    static char *holders[] = {"一", "二", "三", "アプリ", "WAON"};
    static const role_code roles[] = {ROLE(OPERATOR), ROLE(OPERATOR), ROLE(OPERATOR), ROLE(APP), ROLE(WAON)};
    genesis->nonce = data("0123456789abcdef", ID_BYTES);
    genesis->origin = "points.test/ledger";
    genesis->time_source = TIME_SOURCE(SCRIPTED);
    genesis->time = GENESIS_TIME;
    genesis->rules_version = POINTS_RULES_VERSION;
    genesis->checkpoint_key = data(world->keys[CHECKPOINT].public_key, KEY_BYTES);
    for (int i = 0; i < CHECKPOINT; i++) {
        keys[i] = (Points__V1__RegisterKey)POINTS__V1__REGISTER_KEY__INIT;
        keys[i].key = data(world->keys[i].public_key, KEY_BYTES);
        keys[i].role = roles[i];
        keys[i].holder = holders[i];
    }
    municipalities[0] = municipalities[1] = (Points__V1__Municipality)POINTS__V1__MUNICIPALITY__INIT;
    municipalities[0].code = SAPPORO, municipalities[0].name_ja = "札幌市", municipalities[0].name_en = "Sapporo";
    municipalities[1].code = EBETSU, municipalities[1].name_ja = "江別市", municipalities[1].name_en = "Ebetsu";
}

static void create(struct world *world, const int *signers, size_t signer_count)
{
    Points__V1__Genesis genesis = POINTS__V1__GENESIS__INIT;
    Points__V1__RegisterKey keys[CHECKPOINT], *key_pointers[CHECKPOINT];
    Points__V1__Municipality municipalities[2], *municipality_pointers[2] = {&municipalities[0], &municipalities[1]};
    for (int i = 0; i < CHECKPOINT; i++)
        key_pointers[i] = &keys[i];
    fill_genesis(world, &genesis, keys, municipalities);
    genesis.keys = key_pointers, genesis.n_keys = CHECKPOINT;
    genesis.municipalities = municipality_pointers, genesis.n_municipalities = 2;
    uint8_t bytes[BYTES_MAX];
    size_t size = points__v1__genesis__pack(&genesis, bytes);
    struct signed_by by;
    struct ledger_error error;
    struct points_error points_error;
    sign(world, SIGNING_GENESIS, bytes, size, signers, signer_count, &by);
    assert_true(ledger_create(
        world->dir, bytes, size, (const Points__V1__Signature *const *)by.pointers, signer_count, &error));
    world->ledger = ledger_open(world->dir, LEDGER_WRITE, &error);
    assert_non_null(world->ledger);
    ledger_set_signers(world->ledger, (const struct note_signer *const[]){&world->signer}, 1);
    assert_true(ledger_append(world->ledger, NULL, 0, &error));
    world->state = points_from_genesis(&genesis, &points_error);
    assert_non_null(world->state);
}

// ---- drafts

static Points__V1__Transaction *add(struct draft *draft, uint8_t id, transaction_type type)
{
    Points__V1__Transaction *transaction = &draft->transactions[draft->count];
    *transaction = (Points__V1__Transaction)POINTS__V1__TRANSACTION__INIT;
    memset(draft->ids[draft->count], id, ID_BYTES);
    transaction->id = data(draft->ids[draft->count], ID_BYTES);
    transaction->body_case = type;
    draft->count++;
    return transaction;
}

static const uint8_t account_a[ID_BYTES] = "account A", account_b[ID_BYTES] = "account B";

static void add_open(struct draft *draft, uint8_t id, const uint8_t *account)
{
    static Points__V1__OpenAccount bodies[2];
    Points__V1__OpenAccount *body = &bodies[account == account_b];
    *body = (Points__V1__OpenAccount)POINTS__V1__OPEN_ACCOUNT__INIT;
    body->account = data(account, ID_BYTES);
    body->municipality = SAPPORO;
    add(draft, id, TRANSACTION(OPEN_ACCOUNT))->open_account = body;
}

static void add_award(struct draft *draft, uint8_t id, const uint8_t *account)
{
    static Points__V1__Award bodies[2];
    Points__V1__Award *body = &bodies[account == account_b];
    *body = (Points__V1__Award)POINTS__V1__AWARD__INIT;
    body->account = data(account, ID_BYTES);
    body->quest = 1;
    body->occurred_at = GENESIS_TIME;
    add(draft, id, TRANSACTION(AWARD))->award = body;
}

static void add_convert(struct draft *draft, uint8_t id)
{
    static Points__V1__RequestConversion body;
    body = (Points__V1__RequestConversion)POINTS__V1__REQUEST_CONVERSION__INIT;
    body.account = data(account_a, ID_BYTES);
    body.points = 30;
    add(draft, id, TRANSACTION(REQUEST_CONVERSION))->request_conversion = &body;
}

static void add_settle(struct draft *draft, uint8_t id, const uint8_t *conversion)
{
    static Points__V1__SettleConversion bodies[TRANSACTIONS_MAX];
    Points__V1__SettleConversion *body = &bodies[draft->count];
    *body = (Points__V1__SettleConversion)POINTS__V1__SETTLE_CONVERSION__INIT;
    body->conversion = data(conversion, ID_BYTES);
    add(draft, id, TRANSACTION(SETTLE_CONVERSION))->settle_conversion = body;
}

static void add_donate(struct draft *draft, uint8_t id, uint64_t points)
{
    static Points__V1__Donate bodies[TRANSACTIONS_MAX];
    Points__V1__Donate *body = &bodies[draft->count];
    *body = (Points__V1__Donate)POINTS__V1__DONATE__INIT;
    body->account = data(account_a, ID_BYTES);
    body->municipality = SAPPORO;
    body->purpose = 1;
    body->points = points;
    add(draft, id, TRANSACTION(DONATE))->donate = body;
}

static void add_programme(struct draft *draft)
{
    static Points__V1__DefineQuest quest;
    static Points__V1__DefinePurpose purpose;
    static Points__V1__SetBudget budget;
    static Points__V1__SetPolicy policy;
    quest = (Points__V1__DefineQuest)POINTS__V1__DEFINE_QUEST__INIT;
    quest.quest = 1, quest.name = "SDGs", quest.period = PERIOD(WEEKLY), quest.points = 100;
    quest.first_day = FIRST_DAY, quest.last_day = FIRST_DAY + 105;
    purpose = (Points__V1__DefinePurpose)POINTS__V1__DEFINE_PURPOSE__INIT;
    purpose.purpose = 1, purpose.name = "まちづくり", purpose.first_day = FIRST_DAY, purpose.last_day = FIRST_DAY + 105;
    budget = (Points__V1__SetBudget)POINTS__V1__SET_BUDGET__INIT;
    budget.quest = 1, budget.points = 200;
    policy = (Points__V1__SetPolicy)POINTS__V1__SET_POLICY__INIT;
    policy.policy = POLICY(CONVERSION_OPENS_AT), policy.value = GENESIS_TIME;
    add(draft, 1, TRANSACTION(DEFINE_QUEST))->define_quest = &quest;
    add(draft, 2, TRANSACTION(DEFINE_PURPOSE))->define_purpose = &purpose;
    add(draft, 3, TRANSACTION(SET_BUDGET))->set_budget = &budget;
    add(draft, 4, TRANSACTION(SET_POLICY))->set_policy = &policy;
}

static void pack_envelope(struct draft *draft)
{
    Points__V1__Envelope envelope = POINTS__V1__ENVELOPE__INIT;
    Points__V1__Transaction *pointers[TRANSACTIONS_MAX];
    for (uint32_t i = 0; i < draft->count; i++)
        pointers[i] = &draft->transactions[i];
    envelope.ledger_id = data(draft->ledger_id, HASH_BYTES);
    envelope.transactions = pointers;
    envelope.n_transactions = draft->count;
    draft->envelope_size = points__v1__envelope__pack(&envelope, draft->envelope);
}

static void pack_outcomes(struct draft *draft)
{
    outcome_code codes[TRANSACTIONS_MAX];
    uint64_t points[TRANSACTIONS_MAX], expired[TRANSACTIONS_MAX], previous[TRANSACTIONS_MAX];
    for (uint32_t i = 0; i < draft->count; i++) {
        codes[i] = draft->outcomes[i].code;
        points[i] = draft->outcomes[i].points;
        expired[i] = draft->outcomes[i].expired;
        previous[i] = draft->outcomes[i].previous;
    }
    Points__V1__Outcomes outcomes = POINTS__V1__OUTCOMES__INIT;
    outcomes.n_code = outcomes.n_points = outcomes.n_expired = outcomes.n_previous = draft->count;
    outcomes.code = codes, outcomes.points = points, outcomes.expired = expired, outcomes.previous = previous;
    draft->packed_size = points__v1__outcomes__pack(&outcomes, draft->packed);
}

static void decide(struct world *world, struct draft *draft)
{
    draft->time = points_block_time(world->state, 0);
    draft->rules_version = POINTS_RULES_VERSION;
    memcpy(draft->ledger_id, ledger_id(world->ledger), HASH_BYTES);
    points_block_begin(world->state, draft->time);
    for (uint32_t i = 0; i < draft->count; i++)
        draft->outcomes[i] = points_apply(world->state, &draft->transactions[i], &draft->inputs[i]);
    pack_envelope(draft);
    pack_outcomes(draft);
}

static void append(struct world *world, struct draft *draft, const uint64_t first_sequence)
{
    struct signed_by by;
    struct ledger_error error;
    sign(world, SIGNING_ENVELOPE, draft->envelope, draft->envelope_size, draft->signers, draft->signer_count, &by);
    by.bytes[0][0] ^= draft->bad_signature;
    if (draft->unsorted) {
        Points__V1__Signature *first = by.pointers[0];
        by.pointers[0] = by.pointers[1], by.pointers[1] = first;
    }
    struct ledger_block block = {.rules_version = draft->rules_version,
        .first_sequence = first_sequence,
        .count = draft->count,
        .time = draft->time,
        .envelope = draft->envelope,
        .envelope_size = draft->envelope_size,
        .outcomes = draft->packed,
        .outcomes_size = draft->packed_size,
        .signatures = (const Points__V1__Signature *const *)by.pointers,
        .signature_count = draft->signer_count};
    if (!ledger_append(world->ledger, &block, 1, &error))
        fail_msg("%s", error.message);
}

static void post(struct world *world, struct draft *draft)
{
    uint64_t first_sequence = points_last_sequence(world->state) + 1;
    decide(world, draft);
    append(world, draft, first_sequence);
}

// Blocks 1 to 4, honest: the programme (1-4), accounts and awards (5-9), a conversion settled (10, 11), ids that come
// again (12-14).
static void play(struct world *world)
{
    struct draft programme = {.signers = {OPERATOR_1, OPERATOR_2}, .signer_count = 2};
    add_programme(&programme);
    post(world, &programme);
    struct draft awards = {.signers = {APP}, .signer_count = 1};
    add_open(&awards, 5, account_a);
    add_open(&awards, 6, account_b);
    add_award(&awards, 7, account_a);
    add_convert(&awards, 8);
    add_donate(&awards, 9, 20);
    post(world, &awards);
    struct draft settled = {.signers = {WAON}, .signer_count = 1};
    add_settle(&settled, 10, awards.ids[3]);
    add_settle(&settled, 11, awards.ids[3]);
    settled.inputs[0].target_sequence = settled.inputs[1].target_sequence = 8;
    post(world, &settled);
    struct draft again = {.signers = {APP}, .signer_count = 1};
    add_award(&again, 7, account_a);
    add_award(&again, 7, account_b);
    add_donate(&again, 12, 10);
    again.inputs[0] = (struct points_inputs){.prior = POINTS_SAME_BYTES, .prior_sequence = 7};
    again.inputs[1] = (struct points_inputs){.prior = POINTS_OTHER_BYTES, .prior_sequence = 7};
    post(world, &again);
}

static void begin(struct world *world)
{
    *world = (struct world){0};
    strcpy(world->dir, "/tmp/test-replay-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    make_keys(world);
}

static void begin_played(struct world *world)
{
    begin(world);
    create(world, (const int[]){OPERATOR_1, OPERATOR_2}, 2);
    play(world);
}

static void index_fails(const char *message)
{
    fail_msg("%s", message);
}

// As the auditor does it, or as the daemon does when it starts.
static enum replay_result replay(struct world *world, bool signatures)
{
    struct ledger_error error;
    ledger_close(world->ledger);
    world->ledger = ledger_open(world->dir, LEDGER_READ, &error);
    if (!world->ledger)
        fail_msg("%s", error.message);
    replay_end(&world->replay);
    id_index_close(world->ids);
    struct id_index_error index_error;
    world->ids = id_index_open(&(struct id_index_settings){.fail = index_fails}, &index_error);
    if (!world->ids)
        fail_msg("%s", index_error.message);
    world->settings = (struct replay_settings){.ledger = world->ledger, .ids = world->ids, .signatures = signatures};
    return replay_run(&world->replay, &world->settings);
}

static void end(struct world *world)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "ledger.lock"};
    char path[128];
    replay_end(&world->replay);
    id_index_close(world->ids);
    ledger_close(world->ledger);
    points_free(world->state);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", world->dir, files[i]);
        unlink(path);
    }
    rmdir(world->dir);
}

static void assert_said(const struct world *world, const char *place, const char *words)
{
    const char *message = world->replay.fault.message;
    if (strncmp(message, place, strlen(place)) != 0 || !strstr(message, words))
        fail_msg("\"%s\" does not say \"%s%s\"", message, place, words);
}

static void assert_fault(struct world *world, const char *place, const char *words)
{
    bool only_signature = strstr(words, "does not verify") != NULL;
    assert_int_equal(replay(world, true), REPLAY_FAULT);
    assert_said(world, place, words);
    assert_int_equal(replay(world, false), only_signature ? REPLAY_HOLDS : REPLAY_FAULT);
    if (!only_signature)
        assert_said(world, place, words);
    end(world);
}

// ---- what must hold

static void an_honest_ledger_holds(void **context)
{
    (void)context;
    struct world world;
    begin_played(&world);
    if (replay(&world, true) != REPLAY_HOLDS)
        fail_msg("%s", world.replay.fault.message);
    assert_int_equal(world.replay.edge.size, 5);
    assert_int_equal(points_last_sequence(world.replay.fold.state), 14);
    assert_int_equal(replay(&world, false), REPLAY_HOLDS);
    end(&world);
}

// ---- the state as bytes

struct bytes {
    uint8_t *all;
    size_t size, at;
};

static bool put(void *context, const void *more, size_t size)
{
    struct bytes *bytes = context;
    bytes->all = realloc(bytes->all, bytes->size + size);
    assert_non_null(bytes->all);
    memcpy(bytes->all + bytes->size, more, size);
    bytes->size += size;
    return true;
}

static bool take(void *context, void *some, size_t size)
{
    struct bytes *bytes = context;
    assert_true(size <= bytes->size - bytes->at); // it knows how many there are
    memcpy(some, bytes->all + bytes->at, size);
    bytes->at += size;
    return true;
}

static struct points_state *load(struct bytes *bytes)
{
    struct points_error error;
    bytes->at = 0;
    return points_load(take, bytes, bytes->size, &error);
}

static void a_loaded_state_is_the_same_when_saved_again(void **context)
{
    (void)context;
    struct world world;
    struct bytes first = {0}, second = {0};
    begin_played(&world);
    assert_true(points_save(world.state, put, &first));
    struct points_state *loaded = load(&first);
    assert_non_null(loaded);
    assert_int_equal(points_last_sequence(loaded), points_last_sequence(world.state));
    assert_true(points_books_balance(loaded));
    assert_true(points_save(loaded, put, &second));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.all, second.all, first.size);
    points_free(loaded);
    free(first.all);
    free(second.all);
    end(&world);
}

// What is wrong in any byte is refused, or loaded as something else: it does no harm.
static void a_damaged_state_does_no_harm(void **context)
{
    (void)context;
    struct world world;
    struct bytes whole = {0};
    begin_played(&world);
    assert_true(points_save(world.state, put, &whole));
    for (size_t size = 0; size < whole.size; size += 1 + size / 50) {
        struct bytes part = {whole.all, size, 0};
        assert_null(load(&part));
    }
    for (size_t i = 0; i < whole.size; i += 1 + i / 100) {
        whole.all[i] ^= 0xff;
        points_free(load(&whole));
        whole.all[i] ^= 0xff;
    }
    free(whole.all);
    end(&world);
}

// The start of a daemon: a state after some blocks, and an index of ids that has none of them.
static void a_replay_goes_on_from_a_state(void **context)
{
    (void)context;
    struct world world;
    struct bytes bytes = {0};
    begin(&world);
    create(&world, (const int[]){OPERATOR_1, OPERATOR_2}, 2);
    assert_true(points_save(world.state, put, &bytes));
    play(&world);
    assert_int_equal(replay(&world, false), REPLAY_HOLDS);
    replay_end(&world.replay);
    if (replay_go_on(&world.replay, &world.settings, load(&bytes), 1) != REPLAY_HOLDS)
        fail_msg("%s", world.replay.fault.message);
    assert_int_equal(world.replay.edge.size, 5);
    assert_int_equal(points_last_sequence(world.replay.fold.state), 14);
    free(bytes.all);
    end(&world);
}

static void a_ledger_of_genesis_alone_holds(void **context)
{
    (void)context;
    struct world world;
    begin(&world);
    create(&world, (const int[]){OPERATOR_2, OPERATOR_3}, 2);
    assert_int_equal(replay(&world, true), REPLAY_HOLDS);
    end(&world);
}

// ---- what must be found

// Two awards and a donation by the app after an honest history: the second award finds the budget used up.
static void forge(struct world *world, struct draft *draft)
{
    begin_played(world);
    *draft = (struct draft){.signers = {APP}, .signer_count = 1};
    add_award(draft, 20, account_b);
    add_donate(draft, 21, 1);
    add_donate(draft, 22, 1000);
    decide(world, draft);
}

typedef void alter_fn(struct draft *draft);
struct forgery {
    alter_fn *alter;
    const char *fault;
};

static void alter_code(struct draft *draft)
{
    draft->outcomes[2].code = OUTCOME(APPLIED);
    pack_outcomes(draft);
}

static void alter_points(struct draft *draft)
{
    draft->outcomes[0].points = 200;
    pack_outcomes(draft);
}

static void alter_expired(struct draft *draft)
{
    draft->outcomes[1].expired = 1;
    pack_outcomes(draft);
}

static void alter_previous(struct draft *draft)
{
    draft->outcomes[1].previous = 1;
    pack_outcomes(draft);
}

static void alter_unknown_code(struct draft *draft)
{
    draft->outcomes[0].code = (outcome_code)77;
    pack_outcomes(draft);
}

static void alter_columns(struct draft *draft)
{
    draft->count--;
    pack_outcomes(draft);
    draft->count++;
}

static void alter_no_outcomes(struct draft *draft)
{
    draft->packed_size = 0;
}

static void alter_trailing_outcomes(struct draft *draft)
{
    memcpy(draft->packed + draft->packed_size, "\x28\x00", 2); // field 5, unknown
    draft->packed_size += 2;
}

static void alter_garbage_outcomes(struct draft *draft)
{
    memset(draft->packed, 0xff, draft->packed_size);
}

static void alter_envelope_bytes(struct draft *draft)
{
    memcpy(draft->envelope + draft->envelope_size, "\x18\x01", 2); // field 3, unknown
    draft->envelope_size += 2;
}

static void alter_ledger_id(struct draft *draft)
{
    draft->ledger_id[0] ^= 1;
    pack_envelope(draft);
}

static void alter_count(struct draft *draft)
{
    draft->count++;
}

static void alter_time(struct draft *draft)
{
    draft->time++;
}

static void alter_rules_version(struct draft *draft)
{
    draft->rules_version++;
}

static void alter_signature(struct draft *draft)
{
    draft->bad_signature = true;
}

static void alter_signer(struct draft *draft)
{
    draft->signers[0] = WAON;
}

static void alter_stranger(struct draft *draft)
{
    draft->signers[0] = NEXT_CHECKPOINT;
}

static void alter_checkpoint_signer(struct draft *draft)
{
    draft->signers[0] = CHECKPOINT;
}

static void alter_no_signer(struct draft *draft)
{
    draft->signer_count = 0;
}

static void alter_signer_order(struct draft *draft)
{
    draft->signers[1] = WAON;
    draft->signer_count = 2;
    draft->unsorted = true;
}

static void alter_signer_twice(struct draft *draft)
{
    draft->signers[1] = APP;
    draft->signer_count = 2;
}

static void every_forged_block_is_found(void **context)
{
    (void)context;
    static const struct forgery forgeries[] = {
        {alter_code,
            "outcome of transaction 2 (sequence 17) is recorded as APPLIED, the rules say BALANCE_INSUFFICIENT"},
        {alter_points, "outcome of transaction 0 (sequence 15) is recorded with points 200, the rules say 100"},
        {alter_expired, "outcome of transaction 1 (sequence 16) is recorded with expired 1, the rules say 0"},
        {alter_previous, "outcome of transaction 1 (sequence 16) is recorded with previous 1, the rules say 14"},
        {alter_unknown_code, "recorded as UNKNOWN_OUTCOME"},
        {alter_columns, "the outcomes are not the canonical form of four columns with an entry for each of the 3"},
        {alter_no_outcomes, "the outcomes are not the canonical form of four columns with an entry for each of the 3"},
        {alter_trailing_outcomes, "the outcomes are not the canonical form"},
        {alter_garbage_outcomes, "the outcomes are not the canonical form"},
        {alter_envelope_bytes, "the envelope is not canonical"},
        {alter_ledger_id, "made for another ledger"},
        {alter_count, "the header counts 4 transactions, the envelope has 3"},
        {alter_time, "its time"},
        {alter_rules_version, "rules version 2"},
        {alter_signature, "signature 0 does not verify"},
        {alter_signer, "NOT_PERMITTED"},
        {alter_stranger, "KEY_UNKNOWN"},
        {alter_checkpoint_signer, "NOT_PERMITTED"},
        {alter_no_signer, "it has 0 signatures"},
        {alter_signer_order, "ascending order"},
        {alter_signer_twice, "ascending order"},
    };
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        struct world world;
        struct draft draft;
        forge(&world, &draft);
        forgeries[i].alter(&draft);
        append(&world, &draft, 15);
        struct draft after = {.signers = {APP}, .signer_count = 1};
        add_donate(&after, 30, 1);
        decide(&world, &after);
        after.time = draft.time;
        append(&world, &after, 15 + draft.count);
        assert_fault(&world, "in block 5: ", forgeries[i].fault);
    }
}

static void a_duplicate_decided_again_is_found(void **context)
{
    (void)context;
    struct world world;
    begin_played(&world);
    struct draft draft = {.signers = {APP}, .signer_count = 1};
    add_donate(&draft, 12, 10); // as in block 4, now applied for a second time
    add_donate(&draft, 23, 10);
    post(&world, &draft);
    assert_fault(&world, "in block 5: ", "recorded as APPLIED, the rules say DUPLICATE");
}

static void a_block_of_duplicates_is_found(void **context)
{
    (void)context;
    struct world world;
    begin_played(&world);
    struct draft draft = {.signers = {APP}, .signer_count = 1};
    add_award(&draft, 7, account_a);
    draft.inputs[0] = (struct points_inputs){.prior = POINTS_SAME_BYTES, .prior_sequence = 7};
    post(&world, &draft);
    assert_fault(&world, "in block 5: ", "all its ids were decided before");
}

static void an_id_within_the_envelope_is_known(void **context)
{
    (void)context;
    struct world world;
    begin_played(&world);
    struct draft draft = {.signers = {APP}, .signer_count = 1};
    add_donate(&draft, 40, 1);
    add_donate(&draft, 40, 1);
    add_donate(&draft, 40, 2);
    draft.inputs[1] = (struct points_inputs){.prior = POINTS_SAME_BYTES, .prior_sequence = 15};
    draft.inputs[2] = (struct points_inputs){.prior = POINTS_OTHER_BYTES, .prior_sequence = 15};
    post(&world, &draft);
    if (replay(&world, true) != REPLAY_HOLDS)
        fail_msg("%s", world.replay.fault.message);
    end(&world);
}

static void a_conversion_settled_for_a_later_request_is_found(void **context)
{
    (void)context;
    struct world world;
    begin_played(&world);
    struct draft draft = {.signers = {APP, WAON}, .signer_count = 2};
    add_convert(&draft, 50);
    add_settle(&draft, 51, draft.ids[0]);
    post(&world, &draft); // target_sequence 0: decided as if nobody knew the request
    assert_fault(
        &world, "in block 5: ", "transaction 1 (sequence 16) is recorded as CONVERSION_UNKNOWN, the rules say APPLIED");
}

static void a_genesis_of_one_holder_is_found(void **context)
{
    (void)context;
    struct world world;
    begin(&world);
    create(&world, (const int[]){OPERATOR_1}, 1);
    assert_fault(&world, "in block 0: ", "genesis: needs signatures");
}

static void a_checkpoint_of_another_key_is_found(void **context)
{
    (void)context;
    struct world world;
    struct ledger_error error;
    begin_played(&world);
    struct note_signer other = world.signer;
    memcpy(other.verifier.key, world.keys[APP].public_key, KEY_BYTES);
    memcpy(other.secret, world.keys[APP].secret, SIGNING_SECRET_BYTES);
    ledger_set_signers(world.ledger, (const struct note_signer *const[]){&other}, 1);
    assert_true(ledger_append(world.ledger, NULL, 0, &error));
    assert_fault(&world, "in the checkpoint: ", "not signed by points.test/ledger");
}

// ---- keys of checkpoints

static struct note_signer signer_of(const struct world *world, int key)
{
    struct note_signer signer = world->signer;
    memcpy(signer.verifier.key, world->keys[key].public_key, KEY_BYTES);
    memcpy(signer.secret, world->keys[key].secret, SIGNING_SECRET_BYTES);
    return signer;
}

static void change_keys(struct world *world, uint8_t id, transaction_type type)
{
    Points__V1__RegisterKey registration = POINTS__V1__REGISTER_KEY__INIT;
    Points__V1__RevokeKey revocation = POINTS__V1__REVOKE_KEY__INIT;
    struct draft draft = {.signers = {OPERATOR_1, OPERATOR_2}, .signer_count = 2};
    registration.key = data(world->keys[NEXT_CHECKPOINT].public_key, KEY_BYTES);
    registration.role = ROLE(CHECKPOINT);
    registration.holder = "pointsd";
    revocation.key = data(world->keys[CHECKPOINT].public_key, KEY_BYTES);
    Points__V1__Transaction *transaction = add(&draft, id, type);
    if (type == TRANSACTION(REGISTER_KEY))
        transaction->register_key = &registration;
    else
        transaction->revoke_key = &revocation;
    post(world, &draft);
    assert_int_equal(draft.outcomes[0].code, OUTCOME(APPLIED));
}

// Opens the ledger for writing again, and signs its newest checkpoint with these keys.
static void sign_again(struct world *world, const int *keys, size_t count)
{
    static struct note_signer signers[KEYS];
    const struct note_signer *pointers[KEYS];
    struct ledger_error error;
    for (size_t i = 0; i < count; i++) {
        signers[i] = signer_of(world, keys[i]);
        pointers[i] = &signers[i];
    }
    ledger_close(world->ledger);
    world->ledger = ledger_open(world->dir, LEDGER_WRITE, &error);
    assert_non_null(world->ledger);
    ledger_set_signers(world->ledger, pointers, count);
    assert_true(ledger_append(world->ledger, NULL, 0, &error));
}

static void assert_holds(struct world *world, const int *keys, size_t count)
{
    sign_again(world, keys, count);
    if (replay(world, false) != REPLAY_HOLDS)
        fail_msg("%s", world->replay.fault.message);
}

static void assert_unsigned(struct world *world, const int *keys, size_t count)
{
    sign_again(world, keys, count);
    assert_int_equal(replay(world, false), REPLAY_FAULT);
    assert_said(world, "in the checkpoint: ", "not signed by points.test/ledger with a key that may sign it");
}

static void a_checkpoint_is_judged_by_the_keys_after_its_last_block(void **context)
{
    (void)context;
    struct world world;
    static const int old[] = {CHECKPOINT}, next[] = {NEXT_CHECKPOINT}, both[] = {CHECKPOINT, NEXT_CHECKPOINT},
                     others[] = {APP, OPERATOR_1};
    begin_played(&world);
    assert_unsigned(&world, next, 1);
    sign_again(&world, both, 2); // an unknown signer's line is passed over
    change_keys(&world, 30, TRANSACTION(REGISTER_KEY));
    assert_holds(&world, both, 2);
    assert_holds(&world, old, 1);
    assert_holds(&world, next, 1);
    assert_unsigned(&world, others, 2);
    sign_again(&world, both, 2);
    change_keys(&world, 31, TRANSACTION(REVOKE_KEY));
    assert_holds(&world, next, 1);
    assert_unsigned(&world, old, 1);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_ledger_holds),
        cmocka_unit_test(a_ledger_of_genesis_alone_holds),
        cmocka_unit_test(a_loaded_state_is_the_same_when_saved_again),
        cmocka_unit_test(a_damaged_state_does_no_harm),
        cmocka_unit_test(a_replay_goes_on_from_a_state),
        cmocka_unit_test(every_forged_block_is_found),
        cmocka_unit_test(a_duplicate_decided_again_is_found),
        cmocka_unit_test(a_block_of_duplicates_is_found),
        cmocka_unit_test(an_id_within_the_envelope_is_known),
        cmocka_unit_test(a_conversion_settled_for_a_later_request_is_found),
        cmocka_unit_test(a_genesis_of_one_holder_is_found),
        cmocka_unit_test(a_checkpoint_of_another_key_is_found),
        cmocka_unit_test(a_checkpoint_is_judged_by_the_keys_after_its_last_block),
    };
    if (sodium_init() < 0)
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
