// Postings: every point that moves is told once, in its place; what is told adds up to the books.
#include "points/points.h"
#include "proto/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SAPPORO = 11002, EBETSU = 12173, HOUR = 3600, GENESIS_TIME = 1636678800 /* 2021-11-12 10:00 JST */ };
enum { FIRST_DAY = 18943, AWARD_POINTS = 100, FEE_POINTS = 5, TOLD_MAX = 64 };

struct world {
    struct points_state *state;
    struct points_posting told[TOLD_MAX];
    size_t count;
    uint64_t sequence;
    uint8_t id[ID_BYTES];
};

// ---- making a world

static ProtobufCBinaryData data(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)bytes};
}

static void take(void *context, const struct points_posting *posting)
{
    struct world *world = context;
    assert_true(world->count < TOLD_MAX);
    world->told[world->count++] = *posting;
}

static struct points_state *new_state(void)
{
    static const char keys_of[3][KEY_BYTES] = {"1", "2", "3"}, checkpoint_key[KEY_BYTES] = "4";
    Points__V1__RegisterKey keys[3], *key_pointers[3];
    Points__V1__Municipality sapporo = POINTS__V1__MUNICIPALITY__INIT, ebetsu = POINTS__V1__MUNICIPALITY__INIT;
    Points__V1__Municipality *municipalities[] = {&sapporo, &ebetsu};
    Points__V1__Genesis genesis = POINTS__V1__GENESIS__INIT;
    struct points_error error;
    for (int i = 0; i < 3; i++) {
        keys[i] = (Points__V1__RegisterKey)POINTS__V1__REGISTER_KEY__INIT;
        keys[i].key = data(keys_of[i], KEY_BYTES), keys[i].role = ROLE(OPERATOR), keys[i].holder = (char *)keys_of[i];
        key_pointers[i] = &keys[i];
    }
    sapporo.code = SAPPORO, sapporo.name_ja = "札幌市", sapporo.name_en = "Sapporo";
    ebetsu.code = EBETSU, ebetsu.name_ja = "江別市", ebetsu.name_en = "Ebetsu";
    genesis.nonce = data("0123456789abcdef", ID_BYTES), genesis.origin = "points.test/ledger";
    genesis.time_source = TIME_SOURCE(SYSTEM), genesis.time = GENESIS_TIME;
    genesis.rules_version = POINTS_RULES_VERSION, genesis.checkpoint_key = data(checkpoint_key, KEY_BYTES);
    genesis.keys = key_pointers, genesis.n_keys = 3;
    genesis.municipalities = municipalities, genesis.n_municipalities = 2;
    struct points_state *state = points_from_genesis(&genesis, &error);
    assert_non_null(state);
    return state;
}

// Applies one; afterwards only its postings are at hand.
static struct points_outcome apply(
    struct world *world, transaction_type type, const void *body, const struct points_inputs *inputs)
{
    Points__V1__Transaction transaction = POINTS__V1__TRANSACTION__INIT;
    world->id[0] = (uint8_t)++world->sequence;
    world->count = 0;
    transaction.id = data(world->id, ID_BYTES);
    transaction.body_case = type;
    transaction.award = (Points__V1__Award *)body; // all bodies lie in the same place
    return points_apply(world->state, &transaction, inputs ? inputs : &(struct points_inputs){0});
}

#define APPLY(world, type, Type, TYPE, inputs, ...)                                                                    \
    apply(world, TRANSACTION(type),                                                                                    \
        &(Points__V1__##Type){.base = PROTOBUF_C_MESSAGE_INIT(&points__v1__##TYPE##__descriptor), __VA_ARGS__},        \
        inputs)
#define APPLIES(...) assert_int_equal(APPLY(__VA_ARGS__).code, OUTCOME(APPLIED))

static const char a[ID_BYTES] = "account A", b[ID_BYTES] = "account B";

static void open_account(struct world *world, const char *account, uint32_t municipality)
{
    APPLIES(world, OPEN_ACCOUNT, OpenAccount, open_account, NULL, .account = data(account, ID_BYTES),
        .municipality = municipality);
}

static struct points_outcome award(struct world *world, const char *account, uint32_t quest)
{
    return APPLY(world, AWARD, Award, award, NULL, .account = data(account, ID_BYTES), .quest = quest,
        .occurred_at = points_time(world->state));
}

// Quest 1, and quest 2, whose points expire a day after the award; a purpose; conversions are open.
static int set_up(void **context)
{
    static struct world world;
    static Points__V1__Expiry expiry = POINTS__V1__EXPIRY__INIT;
    world = (struct world){.state = new_state()};
    expiry.kind = EXPIRY(AFTER_DAYS), expiry.value = 1;
    points_block_begin(world.state, GENESIS_TIME + HOUR);
    for (uint32_t quest = 1; quest <= 2; quest++) {
        APPLIES(&world, DEFINE_QUEST, DefineQuest, define_quest, NULL, .quest = quest, .name = "クエスト",
            .period = PERIOD(DAILY), .points = AWARD_POINTS, .first_day = FIRST_DAY, .last_day = FIRST_DAY + 100,
            .times = 9, .expiry = quest == 2 ? &expiry : NULL);
        APPLIES(&world, SET_BUDGET, SetBudget, set_budget, NULL, .quest = quest, .points = 10000);
    }
    APPLIES(&world, DEFINE_PURPOSE, DefinePurpose, define_purpose, NULL, .purpose = 1, .name = "まちづくり",
        .first_day = FIRST_DAY, .last_day = FIRST_DAY + 100);
    APPLIES(&world, SET_POLICY, SetPolicy, set_policy, NULL, .policy = POLICY(CONVERSION_OPENS_AT), .value = 0);
    APPLIES(
        &world, SET_POLICY, SetPolicy, set_policy, NULL, .policy = POLICY(CONVERSION_FEE_POINTS), .value = FEE_POINTS);
    open_account(&world, a, SAPPORO);
    open_account(&world, b, EBETSU);
    points_watch(world.state, take, &world);
    *context = &world;
    return 0;
}

static int tear_down(void **context)
{
    struct world *world = *context;
    points_free(world->state);
    return 0;
}

// ---- what was told

static void assert_told(const struct world *world, size_t position, enum book from, uint32_t municipality_from,
    enum book to, uint32_t municipality_to, uint64_t points)
{
    const struct points_posting *posting = &world->told[position];
    assert_true(position < world->count);
    assert_int_equal(posting->sequence, world->sequence);
    assert_int_equal(posting->last_day, 0);
    assert_int_equal(posting->from, from);
    assert_int_equal(posting->municipality_from, municipality_from);
    assert_int_equal(posting->to, to);
    assert_int_equal(posting->municipality_to, municipality_to);
    assert_int_equal(posting->points, points);
}

static void assert_one(const struct world *world, enum book from, uint32_t municipality_from, enum book to,
    uint32_t municipality_to, uint64_t points)
{
    assert_int_equal(world->count, 1);
    assert_told(world, 0, from, municipality_from, to, municipality_to, points);
}

static void what_an_account_does_is_told_in_its_municipality(void **context)
{
    struct world *world = *context;
    assert_int_equal(award(world, a, 1).code, OUTCOME(APPLIED));
    assert_one(world, BOOK_ISSUED, SAPPORO, BOOK_BALANCES, SAPPORO, AWARD_POINTS);
    APPLIES(world, DONATE, Donate, donate, NULL, .account = data(a, ID_BYTES), .municipality = SAPPORO, .purpose = 1,
        .points = 30);
    assert_one(world, BOOK_BALANCES, SAPPORO, BOOK_DONATED, SAPPORO, 30);
    APPLIES(world, CLOSE_ACCOUNT, CloseAccount, close_account, NULL, .account = data(a, ID_BYTES));
    assert_one(world, BOOK_BALANCES, SAPPORO, BOOK_FORFEITED, SAPPORO, 70);
}

static void what_moves_nothing_is_not_told(void **context)
{
    struct world *world = *context;
    assert_int_equal(award(world, a, 3).code, OUTCOME(QUEST_UNKNOWN));
    assert_int_equal(world->count, 0);
    APPLIES(world, MOVE_ACCOUNT, MoveAccount, move_account, NULL, .account = data(a, ID_BYTES), .municipality = EBETSU);
    assert_int_equal(world->count, 0); // it has no points
    award(world, a, 1);
    APPLIES(world, MOVE_ACCOUNT, MoveAccount, move_account, NULL, .account = data(a, ID_BYTES), .municipality = EBETSU);
    assert_int_equal(world->count, 0); // it was there already
    APPLIES(world, MERGE_ACCOUNTS, MergeAccounts, merge_accounts, NULL, .account = data(b, ID_BYTES),
        .merged = data(a, ID_BYTES));
    assert_int_equal(world->count, 0); // from one account to another of the same municipality
    points_watch(world->state, NULL, NULL);
    assert_int_equal(award(world, b, 1).code, OUTCOME(APPLIED));
    assert_int_equal(world->count, 0);
}

static struct points_inputs of(uint64_t sequence)
{
    return (struct points_inputs){.target_sequence = sequence};
}

static uint64_t convert(struct world *world, const char *account)
{
    APPLIES(world, REQUEST_CONVERSION, RequestConversion, request_conversion, NULL, .account = data(account, ID_BYTES),
        .points = 40);
    return world->sequence;
}

static void conversions_are_told_with_their_fee(void **context)
{
    struct world *world = *context;
    award(world, a, 1);
    struct points_inputs first = of(convert(world, a));
    assert_one(world, BOOK_BALANCES, SAPPORO, BOOK_HELD, SAPPORO, 40);
    struct points_inputs second = of(convert(world, a));
    APPLIES(world, MOVE_ACCOUNT, MoveAccount, move_account, NULL, .account = data(a, ID_BYTES), .municipality = EBETSU);
    assert_int_equal(world->count, 2);
    assert_told(world, 0, BOOK_BALANCES, SAPPORO, BOOK_BALANCES, EBETSU, 20);
    assert_told(world, 1, BOOK_HELD, SAPPORO, BOOK_HELD, EBETSU, 80);
    APPLIES(
        world, SETTLE_CONVERSION, SettleConversion, settle_conversion, &first, .conversion = data(world->id, ID_BYTES));
    assert_int_equal(world->count, 2);
    assert_told(world, 0, BOOK_HELD, EBETSU, BOOK_FEES, EBETSU, FEE_POINTS);
    assert_told(world, 1, BOOK_HELD, EBETSU, BOOK_CONVERTED, EBETSU, 40 - FEE_POINTS);
    APPLIES(world, REFUSE_CONVERSION, RefuseConversion, refuse_conversion, &second,
        .conversion = data(world->id, ID_BYTES), .reason = "");
    assert_one(world, BOOK_HELD, EBETSU, BOOK_BALANCES, EBETSU, 40);
}

static void a_merge_is_told_where_municipalities_differ(void **context)
{
    struct world *world = *context;
    award(world, a, 1);
    convert(world, a);
    APPLIES(world, MERGE_ACCOUNTS, MergeAccounts, merge_accounts, NULL, .account = data(b, ID_BYTES),
        .merged = data(a, ID_BYTES));
    assert_int_equal(world->count, 2);
    assert_told(world, 0, BOOK_BALANCES, SAPPORO, BOOK_BALANCES, EBETSU, 60);
    assert_told(world, 1, BOOK_HELD, SAPPORO, BOOK_HELD, EBETSU, 40);
}

static void reverse(struct world *world, Points__V1__Transaction *target, uint64_t sequence, uint64_t points)
{
    struct points_decided decided = {target, {.code = OUTCOME(APPLIED), .points = points}, points_time(world->state)};
    struct points_inputs inputs = {.target_sequence = sequence, .target = &decided};
    APPLIES(world, REVERSE, Reverse, reverse, &inputs, .target = target->id, .reason = "x");
}

static void reversals_are_told_from_where_the_points_were(void **context)
{
    struct world *world = *context;
    Points__V1__Award awarded = POINTS__V1__AWARD__INIT;
    Points__V1__Donate donated = POINTS__V1__DONATE__INIT;
    Points__V1__Transaction first = POINTS__V1__TRANSACTION__INIT, second = first;
    awarded.account = donated.account = data(a, ID_BYTES), awarded.quest = 1;
    first.id = second.id = data(world->id, ID_BYTES);
    first.body_case = TRANSACTION(AWARD), first.award = &awarded;
    second.body_case = TRANSACTION(DONATE), second.donate = &donated;
    award(world, a, 1);
    uint64_t sequence = world->sequence;
    APPLIES(world, DONATE, Donate, donate, NULL, .account = data(a, ID_BYTES), .municipality = SAPPORO, .purpose = 1,
        .points = 30);
    uint64_t later = world->sequence;
    APPLIES(world, MOVE_ACCOUNT, MoveAccount, move_account, NULL, .account = data(a, ID_BYTES), .municipality = EBETSU);
    reverse(world, &first, sequence, AWARD_POINTS);
    assert_one(world, BOOK_BALANCES, EBETSU, BOOK_REVERSED, EBETSU, 70);
    reverse(world, &second, later, 30);
    assert_one(world, BOOK_DONATED, SAPPORO, BOOK_BALANCES, EBETSU, 30);
}

static void points_that_expire_are_told_when_the_block_begins(void **context)
{
    struct world *world = *context;
    award(world, a, 2);
    award(world, b, 2);
    world->count = 0;
    points_block_begin(world->state, GENESIS_TIME + 24 * HOUR); // their last day
    assert_int_equal(world->count, 0);
    points_block_begin(world->state, GENESIS_TIME + 48 * HOUR);
    assert_int_equal(world->count, 2);
    for (int i = 0; i < 2; i++) {
        const struct points_posting *posting = &world->told[i];
        uint32_t municipality = i ? EBETSU : SAPPORO;
        assert_int_equal(posting->sequence, 0);
        assert_int_equal(posting->last_day, FIRST_DAY + 1);
        assert_true(posting->from == BOOK_BALANCES && posting->to == BOOK_EXPIRED);
        assert_true(posting->municipality_from == municipality && posting->municipality_to == municipality);
        assert_int_equal(posting->points, AWARD_POINTS);
    }
}

// ---- what is kept

struct bytes {
    uint8_t all[1 << 20];
    size_t size;
};

static bool keep(void *context, const void *bytes, size_t size)
{
    struct bytes *to = context;
    memcpy(to->all + to->size, bytes, size);
    to->size += size;
    return true;
}

static bool give(void *context, void *bytes, size_t size)
{
    struct bytes *from = context;
    memcpy(bytes, from->all + from->size, size);
    from->size += size;
    return true;
}

static void a_watcher_is_no_part_of_the_saved_state(void **context)
{
    static struct bytes watched, alone;
    struct world *world = *context;
    struct points_error error;
    watched.size = alone.size = 0;
    assert_true(points_save(world->state, keep, &watched));
    points_watch(world->state, NULL, NULL);
    assert_true(points_save(world->state, keep, &alone));
    assert_true(watched.size == alone.size && memcmp(watched.all, alone.all, alone.size) == 0);
    points_free(world->state);
    watched.size = 0;
    world->state = points_load(give, &watched, alone.size, &error);
    assert_non_null(world->state);
    world->count = 0;
    assert_int_equal(award(world, a, 1).code, OUTCOME(APPLIED));
    assert_int_equal(world->count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_an_account_does_is_told_in_its_municipality, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_moves_nothing_is_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conversions_are_told_with_their_fee, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_merge_is_told_where_municipalities_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reversals_are_told_from_where_the_points_were, set_up, tear_down),
        cmocka_unit_test_setup_teardown(points_that_expire_are_told_when_the_block_begins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_watcher_is_no_part_of_the_saved_state, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
