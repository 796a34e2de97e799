// The canonical form, rule by rule (doc/protocol.md), and as a whole: what passes is what protobuf-c would write
// itself.
#include "proto/arena.h"
#include "proto/canonical.h"
#include "proto/envelope.h"
#include "proto/formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BYTES_MAX = 80 * 1024 };
#define TYPE(name) &points__v1__##name##__descriptor

static struct canonical_fault fault;

// Bytes written as hexadecimal; "01*16" is sixteen times 01. Returns how many.
static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t size = 0;
    while (*hex) {
        char *end;
        if (*hex == ' ') {
            hex++;
            continue;
        }
        uint8_t byte = (uint8_t)strtoul((const char[]){hex[0], hex[1], '\0'}, NULL, 16);
        hex += 2;
        size_t count = 1;
        if (*hex == '*') {
            count = strtoul(hex + 1, &end, 10);
            hex = end;
        }
        memset(bytes + size, byte, count);
        size += count;
    }
    return size;
}

static enum canonical_result check(const ProtobufCMessageDescriptor *type, const char *hex)
{
    static uint8_t bytes[BYTES_MAX];
    memset(&fault, 0, sizeof fault);
    size_t size = from_hex(hex, bytes);
    uint8_t *exact = malloc(size ? size : 1); // so that reading past the end is seen
    memcpy(exact, bytes, size);
    enum canonical_result result = canonical_check(type, exact, size, &fault);
    free(exact);
    return result;
}

struct test_case {
    const ProtobufCMessageDescriptor *type;
    const char *hex;
    const char *field, *problem; // NULL: canonical
};

static void run(const struct test_case *cases, size_t count)
{
    for (const struct test_case *test = cases; test < cases + count; test++) {
        enum canonical_result result = check(test->type, test->hex);
        if ((result == CANONICAL_OK) != !test->field)
            fail_msg("%s: result %d, %s %s", test->hex, result, fault.field, fault.problem);
        if (result == CANONICAL_OK)
            continue;
        if (result != CANONICAL_MALFORMED || strcmp(fault.field, test->field) != 0 ||
            !strstr(fault.problem, test->problem))
            fail_msg("%s: result %d, [%s] %s", test->hex, result, fault.field, fault.problem);
    }
}
#define RUN(cases) run(cases, sizeof(cases) / sizeof *(cases))

#define ACCOUNT "0a10 01*16 "
#define LEDGER "0a20 aa*32 "
#define AWARD ACCOUNT "1005 1807"                // 22 bytes
#define TRANSACTION_1 "0a10 02*16 1216" AWARD    // 42 bytes
#define SIGNATURE " 1264 0a20 01*32 1240 01*64 " // 102 bytes

static void test_good(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(award), AWARD, NULL, NULL},
        {TYPE(award), ACCOUNT, NULL, NULL}, // numbers have a meaning at 0 or the rules refuse them
        {TYPE(award), ACCOUNT "18 ff*9 01", NULL, NULL},
        {TYPE(award), ACCOUNT "10 ffffffff0f", NULL, NULL},
        {TYPE(donate), ACCOUNT "20 ff*9 01", NULL, NULL},
        {TYPE(envelope), LEDGER "122a" TRANSACTION_1, NULL, NULL},
        {TYPE(envelope), LEDGER "122a" TRANSACTION_1 "122a" TRANSACTION_1, NULL, NULL},
        {TYPE(request), "0801 1a00", NULL, NULL}, // a message that is set, but empty
        {TYPE(hello), "", NULL, NULL},
        {TYPE(refuse_conversion), ACCOUNT, NULL, NULL}, // its reason may be empty
        {TYPE(register_key), "0a20 01*32 1001 1a0161", NULL, NULL},
    };
    RUN(cases);
}

static void test_order(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(award), ACCOUNT "1807 1005", "quest", "out of order"},
        {TYPE(award), ACCOUNT "1005 1005", "quest", "twice"},
        {TYPE(award), ACCOUNT ACCOUNT, "account", "twice"},
        {TYPE(envelope), "122a" TRANSACTION_1 LEDGER, "ledger_id", "out of order"},
        {TYPE(genesis), "0a10 01*16 12 01 61 3a08 0801 120161 1a0161 40 01", "policies[0]", "wire type"},
        {TYPE(transaction), "0a10 02*16 1216" AWARD "1216" AWARD, "award", "twice"},
    };
    RUN(cases);
}

static void test_unknown(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(award), AWARD "2801", "", "unknown field, number 5"},
        {TYPE(award), AWARD "0001", "", "unknown field, number 0"},
        {TYPE(award), AWARD "f8ffffff0f01", "", "unknown field, number 536870911"},
        {TYPE(award), AWARD "f8ffffff1f01", "", "no such message"}, // a tag of more than 32 bits
        {TYPE(hello), "0801", "", "unknown field, number 1"},
        {TYPE(envelope), LEDGER "122c 0a10 02*16 1218" AWARD "2801", "transactions[0].award",
            "unknown field, number 5"},
        {TYPE(register_key), "0a20 01*32 1008 1a0161", "role", "no value 8"},
        {TYPE(register_key), "0a20 01*32 10 ff*9 01 1a0161", "role", "no value"},
        {TYPE(award), "0810 01*16", "account", "wire type"},
        {TYPE(award), "0d 01*4", "account", "wire type"},
        {TYPE(award), "0b", "account", "wire type"},
        {TYPE(award), ACCOUNT "120105", "quest", "wire type"},
        {TYPE(award), ACCOUNT "15 01*4", "quest", "wire type"},
        {TYPE(award), ACCOUNT "19 01*8", "occurred_at", "wire type"},
    };
    RUN(cases);
}

static void test_varints(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(award), ACCOUNT "108500", "quest", "fewest bytes"},
        {TYPE(award), ACCOUNT "18 80*9 00", "occurred_at", "fewest bytes"},
        {TYPE(award), ACCOUNT "18 ff*9 02", "occurred_at", "fewest bytes"}, // 65 bits
        {TYPE(award), ACCOUNT "18 ff*10 01", "occurred_at", "fewest bytes"},
        {TYPE(award), ACCOUNT "10 8080808010", "quest", "32 bits"},
        {TYPE(award), "0a9000 01*16", "account", "fewest bytes"},
        {TYPE(award), "8a0010 01*16", "", "no such message"}, // the tag
        {TYPE(award), ACCOUNT "10", "quest", "fewest bytes"},
        {TYPE(award), ACCOUNT "1085", "quest", "fewest bytes"},
        {TYPE(award), ACCOUNT "90", "", "middle of a field"},
        {TYPE(award), "0a10 01*15", "account", "cut short"},
        {TYPE(award), "0a ff*9 01 01*16", "account", "cut short"},
        {TYPE(envelope), LEDGER "122b" TRANSACTION_1, "transactions[0]", "cut short"},
        {TYPE(envelope), LEDGER "1229" TRANSACTION_1, "transactions[0].award", "cut short"},
    };
    RUN(cases);
}

static void test_defaults(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(award), ACCOUNT "1000", "quest", "is 0"},
        {TYPE(award), ACCOUNT "1005 1800", "occurred_at", "is 0"},
        {TYPE(register_key), "0a20 01*32 1000 1a0161", "role", "is 0"},
        {TYPE(refuse_conversion), ACCOUNT "1200", "reason", "is empty"},
        {TYPE(award), "0a00 1005", "account", "is empty"},
        {TYPE(envelope), LEDGER "122a 0a10 02*16 1216" ACCOUNT "1000 1807", "transactions[0].award.quest", "is 0"},
        {TYPE(request), "0800 1a00", "id", "is 0"},
    };
    RUN(cases);
}

static void test_oneof(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(envelope), LEDGER "1212 0a10 02*16", "transactions[0]", "no body"},
        {TYPE(transaction), "0a10 02*16 1216" AWARD "1a12" ACCOUNT, "", "more than one body"},
        {TYPE(envelope), LEDGER "122a" TRANSACTION_1 "123e" TRANSACTION_1 "3212" ACCOUNT, "transactions[1]",
            "more than one body"},
        {TYPE(request), "0801", "", "no body"},
        {TYPE(request), "", "", "no body"},
        {TYPE(request), "0801 1a00 5a00", "", "more than one body"},
    };
    RUN(cases);
}

static void test_texts(void **state)
{
    (void)state;
    static const char *const good[] = {"61", "7e", "20", "c2a0", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbf",
        "f0908080", "f48fbfbf", "e69cad e5b98c", "e280a7", "e280af", "e281a5", "e281aa", "e380a8"};
    static const char *const bad[] = {"00", "0a", "1f", "7f", "80", "bf", "c080", "c1bf", "c280", "c29f", "c2",
        "e08080", "e09fbf", "e0a0", "eda080", "edbfbf", "f08fbfbf", "f0908061", "f4908080", "f5808080", "ff", "e26961",
        "6161c3", "e280a8", "e280a9", "e280aa", "e280ae", "61e281a6", "e281a9"};
    char hex[200];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint8_t bytes[16];
        snprintf(hex, sizeof hex, ACCOUNT "12%02zx%s", from_hex(good[i], bytes), good[i]);
        assert_int_equal(check(TYPE(refuse_conversion), hex), CANONICAL_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t bytes[16];
        snprintf(hex, sizeof hex, ACCOUNT "12%02zx%s", from_hex(bad[i], bytes), bad[i]);
        if (check(TYPE(refuse_conversion), hex) != CANONICAL_MALFORMED)
            fail_msg("%s was taken for text", bad[i]);
        assert_string_equal(fault.field, "reason");
        assert_non_null(strstr(fault.problem, "UTF-8"));
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(award), "0a0f 01*15", "account", "has 15 bytes, must have 16"},
        {TYPE(award), "0a11 01*17", "account", "has 17 bytes, must have 16"},
        {TYPE(award), "1005", "account", "is missing"},
        {TYPE(envelope), LEDGER "1211 0a0f 02*15", "transactions[0].id", "has 15 bytes"},
        {TYPE(envelope), LEDGER "122a" TRANSACTION_1 "1218 1216" AWARD, "transactions[1].id", "is missing"},
        {TYPE(envelope), "0a1f aa*31 122a" TRANSACTION_1, "ledger_id", "has 31 bytes, must have 32"},
        {TYPE(envelope), "122a" TRANSACTION_1, "ledger_id", "is missing"},
        {TYPE(envelope), LEDGER, "transactions", "is missing"},
        {TYPE(envelope), "", "ledger_id", "is missing"},
        {TYPE(envelope), LEDGER "122a" TRANSACTION_1 "1a20 dd*32", NULL, NULL},
        {TYPE(envelope), LEDGER "122a" TRANSACTION_1 "1a1f dd*31", "dry_run_sha256", "has 31 bytes, must have 32"},
        {TYPE(envelope), LEDGER "1a20 dd*32", "transactions", "is missing"},
        {TYPE(dry_run), "", "envelope", "is missing"},
        {TYPE(refuse_conversion), ACCOUNT "12c801 61*200", NULL, NULL},
        {TYPE(refuse_conversion), ACCOUNT "12c901 61*201", "reason", "has 201 bytes, must have 0 to 200"},
        {TYPE(define_purpose), "0801 1264 61*100", NULL, NULL},
        {TYPE(define_purpose), "0801 1265 61*101", "name", "has 101 bytes, must have 1 to 100"},
        {TYPE(define_purpose), "0801", "name", "is missing"},
        {TYPE(define_quest), "0801", "name", "is missing"},
        {TYPE(register_key), "0a1f 01*31 1001 1a0161", "key", "must have 32"},
        {TYPE(revoke_key), "", "key", "is missing"},
        {TYPE(signature), "0a20 01*32 123f 01*63", "signature", "must have 64"},
        {TYPE(signed_envelope), "0a0161", "signatures", "is missing"},
        {TYPE(get_account), "0a0101", "account", "must have 16"},
        {TYPE(get_statement), "1001", "account", "is missing"},
        {TYPE(get_transaction), "", "id", "is missing"},
        {TYPE(authenticate), "0a20 01*32", "signature", "is missing"},
        {TYPE(settle_conversion), "0a0f 01*15", "conversion", "must have 16"},
        {TYPE(move_account), "10 fa55", "account", "is missing"},
        {TYPE(open_account), "10 fa55", "account", "is missing"},
    };
    RUN(cases);
}

#define VERSION "0a02 6a61 1201 74" // language "ja", title "t"
static void test_sizes_of_notices(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(notice_text), "0a07" VERSION, NULL, NULL},
        {TYPE(notice_text), "12f403 61*500", "versions", "is missing"},
        {TYPE(notice_text), "0a07" VERSION "12f403 61*500", NULL, NULL},
        {TYPE(notice_text), "0a07" VERSION "12f503 61*501", "link", "has 501 bytes, must have 0 to 500"},
        {TYPE(notice_version), "0a0161 120174", "language", "has 1 bytes, must have 2 to 20"},
        {TYPE(notice_version), "0a15 61*21 120174", "language", "has 21 bytes"},
        {TYPE(notice_version), "0a02 6a61", "title", "is missing"},
        {TYPE(notice_version), "0a02 6a61 12c801 61*200", NULL, NULL},
        {TYPE(notice_version), "0a02 6a61 12c901 61*201", "title", "has 201 bytes, must have 1 to 200"},
        {TYPE(notice_version), VERSION "1ad00f 61*2000", NULL, NULL},
        {TYPE(notice_version), VERSION "1a0161 1ad10f 61*2001", "paragraphs[1]", "has 2001 bytes, must have 1 to 2000"},
        {TYPE(notice_version), VERSION "1a00", "paragraphs[0]", "is empty"},
        {TYPE(notice_version), VERSION "1a020a61", "paragraphs[0]", "control characters"},
        {TYPE(post_notice), "0801", "text_sha256", "is missing"},
        {TYPE(withdraw_notice), "0801", "notice", "is missing"},
        {TYPE(erase_notice), "0801 1211 61*17", "notice", "has 17 bytes, must have 16"},
        {TYPE(get_notices), "", NULL, NULL},
        {TYPE(get_notices), "0a0f 61*15", "account", "has 15 bytes, must have 16"},
        {TYPE(signed_envelope), "0a0161" SIGNATURE "1ac03e 61*8000", NULL, NULL},
        {TYPE(signed_envelope), "0a0161" SIGNATURE "1a0161 1ac13e 61*8001", "texts[1]", "must have 1 to 8000"},
        {TYPE(signed_envelope), "0a0161" SIGNATURE "1a00", "texts[0]", "is empty"},
    };
    RUN(cases);
}

static void test_numbers_of_parts_of_notices(void **state)
{
    (void)state;
    static char text[2048];
    for (int count = 50; count <= 51; count++) {
        strcpy(text, VERSION);
        for (int i = 0; i < count; i++)
            strcat(text, "1a0161");
        assert_int_equal(check(TYPE(notice_version), text), count > 50 ? CANONICAL_MALFORMED : CANONICAL_OK);
    }
    assert_string_equal(fault.field, "paragraphs");
    for (int count = 10; count <= 11; count++) {
        *text = '\0';
        for (int i = 0; i < count; i++)
            strcat(text, "0a07" VERSION);
        assert_int_equal(check(TYPE(notice_text), text), count > 10 ? CANONICAL_MALFORMED : CANONICAL_OK);
    }
    assert_string_equal(fault.field, "versions");
}

// An envelope of `count` transactions.
static enum canonical_result check_envelope_of(size_t count, bool trailing_field)
{
    static uint8_t bytes[BYTES_MAX];
    size_t size = from_hex(LEDGER, bytes);
    for (size_t i = 0; i < count; i++)
        size += from_hex("122a" TRANSACTION_1, bytes + size);
    if (trailing_field)
        size += from_hex("7801", bytes + size);
    return canonical_check(TYPE(envelope), bytes, size, &fault);
}

static void test_too_large(void **state)
{
    (void)state;
    assert_int_equal(check_envelope_of(1000, false), CANONICAL_OK);
    assert_int_equal(check_envelope_of(1001, false), CANONICAL_TOO_LARGE);
    assert_string_equal(fault.field, "transactions");
    assert_non_null(strstr(fault.problem, "1001 entries, must have 1 to 1000"));
    assert_int_equal(check_envelope_of(1001, true), CANONICAL_MALFORMED);

    assert_int_equal(check(TYPE(signed_envelope), "0aa09603 61*52000" SIGNATURE), CANONICAL_OK);
    assert_int_equal(check(TYPE(signed_envelope), "0aa19603 61*52001" SIGNATURE), CANONICAL_TOO_LARGE);
    assert_string_equal(fault.field, "envelope");
    assert_int_equal(check(TYPE(request), "0801 12 8b9703 0aa19603 61*52001" SIGNATURE), CANONICAL_TOO_LARGE);
    assert_string_equal(fault.field, "submit.envelope");
    assert_int_equal(check(TYPE(dry_run), "0aa09603 61*52000"), CANONICAL_OK);
    assert_int_equal(check(TYPE(dry_run), "0aa19603 61*52001"), CANONICAL_TOO_LARGE);
}

static void test_signatures(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {TYPE(signed_envelope), "0a0161" SIGNATURE SIGNATURE SIGNATURE SIGNATURE, NULL, NULL},
        {TYPE(signed_envelope), "0a0161" SIGNATURE SIGNATURE SIGNATURE SIGNATURE SIGNATURE, "signatures",
            "5 entries, must have 1 to 4"},
        {TYPE(signed_envelope), "0a0161" SIGNATURE "1222 0a20 01*32", "signatures[1].signature", "is missing"},
        {TYPE(signed_envelope), SIGNATURE, "envelope", "is missing"},
    };
    RUN(cases);
}

// ---- as a whole

static bool repacks_to(const Points__V1__Envelope *envelope, const uint8_t *bytes, size_t size)
{
    uint8_t *again = malloc(points__v1__envelope__get_packed_size(envelope) + 1);
    size_t again_size = points__v1__envelope__pack(envelope, again);
    bool equal = again_size == size && memcmp(again, bytes, size) == 0;
    free(again);
    return equal;
}

static bool repacks_equal(const uint8_t *bytes, size_t size)
{
    Points__V1__Envelope *envelope = points__v1__envelope__unpack(NULL, size, bytes);
    bool equal = envelope && repacks_to(envelope, bytes, size);
    if (envelope)
        points__v1__envelope__free_unpacked(envelope, NULL);
    return equal;
}

// envelope_read gives the verdict of canonical_check, fault and all, and the message that the bytes are.
static bool reads_the_same(const uint8_t *bytes, size_t size, enum canonical_result result)
{
    struct arena arena;
    struct canonical_fault read_fault = {0};
    Points__V1__Envelope *envelope;
    uint8_t *exact = malloc(size + 1); // so that reading past the end is seen
    memcpy(exact + 1, bytes, size);
    arena_init(&arena, 1 << 20);
    bool same = envelope_read(exact + 1, size, &arena.allocator, &envelope, &read_fault) == result;
    if (same && result == CANONICAL_OK)
        same = envelope && repacks_to(envelope, bytes, size);
    else if (same)
        same = !strcmp(read_fault.field, fault.field) && !strcmp(read_fault.problem, fault.problem);
    arena_free(&arena);
    free(exact);
    return same;
}

static size_t mutate(uint8_t *bytes, size_t size)
{
    size_t at = (size_t)random() % size;
    switch (random() % 4) {
    case 0:
        bytes[at] ^= (uint8_t)(1 << random() % 8);
        return size;
    case 1:
        bytes[at] = (uint8_t)random();
        return size;
    case 2:
        memmove(bytes + at, bytes + at + 1, size - at - 1);
        return size - 1;
    default:
        memmove(bytes + at + 1, bytes + at, size - at);
        bytes[at] = (uint8_t)(random() % 4 ? 0 : random());
        return size + 1;
    }
}

static void test_mutations(void **state)
{
    (void)state;
    static const char envelope[] =
        LEDGER "122a" TRANSACTION_1 "1233 0a10 03*16 321f 0a10 01*16 12 0b 61 e69cad e5b98c e5b882 78"
               "1226 0a10 04*16 8a0111 0801 1207 e69cad 61626364 18904e 20a04e"
               "122f 0a10 05*16 1a1b" ACCOUNT "10d0af01 1801 20c801 122a 0a10 06*16 2216" ACCOUNT "10ac ff 01"
               "1a20 bb*32";
    uint8_t original[512], bytes[512];
    size_t original_size = from_hex(envelope, original), good = 0;
    srandom(2);
    for (int i = 0; i < 100000; i++) {
        memcpy(bytes, original, original_size);
        size_t size = original_size;
        for (long changes = random() % 3; changes >= 0; changes--)
            size = mutate(bytes, size);
        enum canonical_result result = canonical_check(TYPE(envelope), bytes, size, &fault);
        if (!reads_the_same(bytes, size, result))
            fail_msg("mutation %d is read otherwise than it is checked: %s %s", i, fault.field, fault.problem);
        if (result != CANONICAL_OK)
            continue;
        good++;
        if (!repacks_equal(bytes, size))
            fail_msg("mutation %d passes, but protobuf-c writes it otherwise", i);
    }
    assert_true(good > 1000); // changes inside ids and numbers
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_varints),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_oneof),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_sizes_of_notices),
        cmocka_unit_test(test_numbers_of_parts_of_notices),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests_name("canonical", tests, NULL, NULL);
}
