#include "tools/bench/answers.h"
#include "tools/error.h"
#include "tools/outcome_names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_SIZED = 2 };
#define TAG(number, kind) ((uint8_t)((number) << 3 | (kind)))

enum {
    LENGTH_BYTES_MAX = 3, // of what is below 2 MiB
    SEQUENCE_BYTES_MAX = 10,
    OUTCOME_BYTES_MAX = 1 + 2 + 1 + SEQUENCE_BYTES_MAX, // over its four columns
    ORIGINAL_BYTES_MAX = 2 + 3 * (1 + SEQUENCE_BYTES_MAX) + 2 * (1 + LENGTH_BYTES_MAX),
    PREFETCHED = 16,
};

void answers_begin(struct answers *answers, const struct plan *plan, uint64_t sequence_before)
{
    *answers = (struct answers){.plan = plan, .sequence_before = sequence_before};
    answers->newest = xcalloc(plan->accounts, sizeof *answers->newest);
    answers->before_newest = xcalloc(plan->accounts, sizeof *answers->before_newest);
    answers->tallies = xcalloc((size_t)plan->home_count * KINDS, sizeof *answers->tallies);
    answers->outcomes_room = 64 + ENVELOPE_TRANSACTIONS_MAX * (size_t)OUTCOME_BYTES_MAX;
    answers->expected = xmalloc(answers->outcomes_room + ENVELOPE_TRANSACTIONS_MAX * (size_t)ORIGINAL_BYTES_MAX);
}

void answers_end(struct answers *answers)
{
    free(answers->newest);
    free(answers->before_newest);
    free(answers->tallies);
    free(answers->expected);
}

struct answers_at answers_start(const struct script *script)
{
    return (struct answers_at){.walk = script_walk(script)};
}

uint64_t answers_count(const struct answers *answers, uint32_t home, enum kind kind)
{
    return answers->tallies[home * KINDS + kind];
}

// ---- what must come, as bytes

static inline uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

// Puts a message of which tag and length were left room for in front of it; returns its new end.
static uint8_t *close_sized(uint8_t *begin, uint8_t *body, uint8_t *end, uint8_t tag)
{
    size_t size = (size_t)(end - body);
    *begin++ = tag;
    begin = put_varint(begin, size);
    memmove(begin, body, size);
    return begin + size;
}

static uint8_t *open_sized(uint8_t *begin)
{
    return begin + 1 + LENGTH_BYTES_MAX;
}

static uint64_t sequence_of(const struct answers *answers, uint32_t relative)
{
    return relative ? answers->sequence_before + relative : 0;
}

// ---- one answer

struct checking {
    struct answers *answers;
    const struct script *script;
    uint64_t number; // of the envelope
    uint32_t count;
    uint64_t first_sequence;
    uint8_t *originals, *originals_end;
};

static enum kind kind_at(const struct checking *checking, uint32_t position)
{
    return script_kind(checking->script, checking->number, position);
}

static uint8_t *put_codes(const struct checking *checking, uint8_t *at)
{
    uint8_t *body = open_sized(at), *end = body;
    for (uint32_t i = 0; i < checking->count; i++)
        *end++ = kind_at(checking, i) == AGAIN ? OUTCOME(DUPLICATE) : OUTCOME(APPLIED);
    return close_sized(at, body, end, TAG(1, WIRE_SIZED));
}

static uint8_t *put_points(const struct checking *checking, uint8_t *at)
{
    uint8_t *body = open_sized(at), *end = body;
    for (uint32_t i = 0; i < checking->count; i++)
        end = put_varint(end, kind_points[kind_at(checking, i)]);
    return close_sized(at, body, end, TAG(2, WIRE_SIZED));
}

static uint8_t *put_expired(const struct checking *checking, uint8_t *at)
{
    uint8_t *body = open_sized(at);
    memset(body, 0, checking->count);
    return close_sized(at, body, body + checking->count, TAG(3, WIRE_SIZED));
}

static void put_original(struct checking *checking, uint32_t position, uint32_t account)
{
    const struct answers *answers = checking->answers;
    uint8_t outcome[2 * (1 + SEQUENCE_BYTES_MAX)], *end = outcome;
    *end++ = TAG(2, WIRE_VARINT);
    end = put_varint(end, kind_points[AWARD]); // as all that are sent again
    *end++ = TAG(4, WIRE_VARINT);
    end = put_varint(end, sequence_of(answers, answers->before_newest[account]));
    size_t outcome_size = (size_t)(end - outcome);

    uint8_t *body = open_sized(checking->originals_end);
    end = body;
    *end++ = TAG(1, WIRE_VARINT);
    end = put_varint(end, position);
    *end++ = TAG(2, WIRE_VARINT);
    end = put_varint(end, sequence_of(answers, answers->newest[account]));
    *end++ = TAG(3, WIRE_SIZED);
    end = put_varint(end, outcome_size);
    memcpy(end, outcome, outcome_size);
    checking->originals_end = close_sized(checking->originals_end, body, end + outcome_size, TAG(5, WIRE_SIZED));
}

// A duplicate touches no account.
static void decide(struct checking *checking, uint32_t position, uint32_t account)
{
    struct answers *answers = checking->answers;
    enum kind kind = kind_at(checking, position);
    answers->tallies[plan_home(answers->plan, account) * KINDS + kind]++;
    if (kind == AGAIN) {
        put_original(checking, position, account);
        return;
    }
    if (checking->script->kinds)
        answers->before_newest[account] = answers->newest[account];
    answers->newest[account] = (uint32_t)(checking->first_sequence + position - answers->sequence_before);
}

// The column `previous`: of a duplicate the entry of which it is one, else the entry that touched the account before.
// Both are the account's newest. Takes the decisions in as it goes, since an account may come twice.
static uint8_t *put_previous(struct checking *checking, struct walk *walk, uint8_t *at)
{
    const struct answers *answers = checking->answers;
    uint8_t *body = open_sized(at), *end = body;
    struct walk ahead = *walk;
    for (uint32_t i = 0; i < PREFETCHED; i++)
        __builtin_prefetch(&answers->newest[walk_next(&ahead)], 1);
    for (uint32_t i = 0; i < checking->count; i++) {
        __builtin_prefetch(&answers->newest[walk_next(&ahead)], 1);
        uint32_t account = walk_next(walk);
        end = put_varint(end, sequence_of(answers, answers->newest[account]));
        decide(checking, i, account);
    }
    return close_sized(at, body, end, TAG(4, WIRE_SIZED));
}

// Outcomes and originals: all of a SubmitReply that is known beforehand.
static struct span write_expected(struct checking *checking, struct walk *walk)
{
    uint8_t *begin = checking->answers->expected, *body = open_sized(begin), *end = body;
    checking->originals = checking->originals_end = begin + checking->answers->outcomes_room;
    end = put_codes(checking, end);
    end = put_points(checking, end);
    end = put_expired(checking, end);
    end = put_previous(checking, walk, end);
    end = close_sized(begin, body, end, TAG(4, WIRE_SIZED));
    size_t originals_size = (size_t)(checking->originals_end - checking->originals);
    memmove(end, checking->originals, originals_size);
    return (struct span){begin, (size_t)(end - begin) + originals_size};
}

// ---- what differs

static noreturn void fail_at(const struct checking *checking, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static noreturn void fail_at(const struct checking *checking, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail(EXIT_FAILED, "connection %u, envelope %" PRIu64 ": %s", checking->script->connection, checking->number, text);
}

static void compare_outcomes(
    const struct checking *checking, const Points__V1__Outcomes *came, const Points__V1__Outcomes *expected)
{
    uint32_t count = checking->count;
    if (!came || came->n_code != count || came->n_points != count || came->n_expired != count ||
        came->n_previous != count)
        fail_at(checking, "the answer has not one outcome for each of its %" PRIu32 " transactions", count);
    for (uint32_t i = 0; i < count; i++)
        if (came->code[i] != expected->code[i] || came->points[i] != expected->points[i] ||
            came->expired[i] != expected->expired[i] || came->previous[i] != expected->previous[i])
            fail_at(checking,
                "transaction %" PRIu32 " came to %s, %" PRIu64 " points, expired %" PRIu64 ", previous %" PRIu64
                "; expected %s, %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                i, outcome_name(came->code[i]), came->points[i], came->expired[i], came->previous[i],
                outcome_name(expected->code[i]), expected->points[i], expected->expired[i], expected->previous[i]);
}

static noreturn void explain(const struct checking *checking, struct span came_bytes, struct span expected_bytes)
{
    Points__V1__SubmitReply *came = points__v1__submit_reply__unpack(NULL, came_bytes.size, came_bytes.bytes);
    Points__V1__SubmitReply *expected =
        points__v1__submit_reply__unpack(NULL, expected_bytes.size, expected_bytes.bytes);
    if (!came || !expected)
        fail_at(checking, "the answer cannot be read");
    compare_outcomes(checking, came->outcomes, expected->outcomes);
    fail_at(checking, "%zu originals of %zu duplicates came, or they are not those of before", came->n_originals,
        expected->n_originals);
}

// ---- the door

// Block, first sequence and time stand in front; the rest is known.
static struct span take_head(struct checking *checking, struct span reply, uint64_t newest_sequence)
{
    uint64_t head[4] = {0};
    struct wire wire = wire_of(reply);
    while (!wire_ended(&wire) && *wire.at < TAG(4, WIRE_VARINT)) {
        uint64_t number = wire_varint(&wire) >> 3;
        head[number & 3] = wire_varint(&wire);
    }
    if (wire.failed || head[1] == 0 || head[3] == 0)
        fail_at(checking, "the answer names no block");
    if (head[2] <= newest_sequence || head[2] <= checking->answers->sequence_before ||
        head[2] + checking->count - checking->answers->sequence_before > UINT32_MAX)
        fail_at(checking, "the sequence number %" PRIu64 " is not after those before it", head[2]);
    checking->first_sequence = head[2];
    return (struct span){wire.at, (size_t)(wire.end - wire.at)};
}

void answers_check(struct answers *answers, struct answers_at *at, const struct script *script, struct span reply)
{
    struct checking checking = {.answers = answers, .script = script, .number = at->next};
    checking.count = script_envelope(script, at->next)->count;
    struct span came = take_head(&checking, reply, at->sequence);
    struct span expected = write_expected(&checking, &at->walk);
    if (came.size != expected.size || memcmp(came.bytes, expected.bytes, came.size) != 0)
        explain(&checking, came, expected);
    at->next++;
    at->sequence = checking.first_sequence + checking.count - 1;
    answers->transactions += checking.count;
}
