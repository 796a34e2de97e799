// points-audit compare: the first difference of two ledgers, byte by byte. No stored hash is believed.
#include "tools/audit/proof/audit_block.h"
#include "tools/audit/proof/block_sheet.h"
#include "tools/audit/progress.h"
#include "tools/jst.h"
#include "tools/outcome_names.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SIDES = 2 };

struct side {
    const char *name;
    struct ledger *ledger;
    struct ledger_reading *reading;
    uint64_t blocks;
    struct audit_block block; // where they differ
};

struct comparison {
    struct side sides[SIDES];
    uint64_t same; // blocks, from the first on
};

// ---- comparing

static struct ledger_record read_block(const struct side *side, uint64_t index)
{
    struct ledger_error error;
    struct ledger_record record;
    if (ledger_read_block(side->reading, index, &record, &error) != 1)
        fail(EXIT_FAILED, "%s: %s", side->name, error.message);
    return record;
}

static bool same_bytes(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

static bool same_block(const struct ledger_record *a, const struct ledger_record *b)
{
    return same_bytes(a->header, a->header_size, b->header, b->header_size) &&
           same_bytes(a->envelope, a->envelope_size, b->envelope, b->envelope_size) &&
           same_bytes(a->outcomes, a->outcomes_size, b->outcomes, b->outcomes_size);
}

// Up to the first difference, or to the end of the shorter one.
static void compare(struct comparison *comparison)
{
    struct side *a = &comparison->sides[0], *b = &comparison->sides[1];
    uint64_t blocks = a->blocks < b->blocks ? a->blocks : b->blocks;
    struct progress progress = progress_begin();
    for (; comparison->same < blocks; comparison->same++) {
        struct ledger_record one = read_block(a, comparison->same), other = read_block(b, comparison->same);
        progress_show(&progress, comparison->same, blocks, 0);
        if (!same_block(&one, &other))
            break;
    }
    progress_end(&progress);
}

// ---- telling the difference

static const struct table_column columns[] = {{"what", TABLE_TEXT}, {"ledger", TABLE_TEXT}, {"value", TABLE_TEXT}};

// Takes the texts over; NULL: the block has none. False: they are the same, and nothing is told.
static bool add_rows(struct table *table, const char *what, char *a, char *b)
{
    char *values[SIDES] = {a, b};
    bool differ = !a != !b || (a && strcmp(a, b) != 0);
    for (int i = 0; i < SIDES; i++) {
        if (differ) {
            table_text(table, what);
            table_text(table, i ? "B" : "A");
            table_text(table, values[i] ? values[i] : "(none)");
        }
        free(values[i]);
    }
    return differ;
}

static char *hex_text(const uint8_t *bytes, size_t size)
{
    char *hex = xmalloc(2 * size + 1);
    return sodium_bin2hex(hex, 2 * size + 1, bytes, size);
}

static char *time_text(const Points__V1__BlockHeader *header)
{
    char text[JST_TIME_BYTES];
    jst_print_time(header->time, text);
    return xprintf("%s JST", text);
}

static char *number_text(uint64_t number)
{
    return xprintf("%" PRIu64, number);
}

static char *key_text(const Points__V1__BlockHeader *header, size_t n)
{
    return n < header->n_signatures ? hex_text(header->signatures[n]->key.data, KEY_BYTES) : NULL;
}

static char *signature_text(const Points__V1__BlockHeader *header, size_t n)
{
    return n < header->n_signatures ? hex_text(header->signatures[n]->signature.data, SIGNATURE_BYTES) : NULL;
}

static void add_header_rows(struct table *table, const Points__V1__BlockHeader *a, const Points__V1__BlockHeader *b)
{
    add_rows(table, "time", time_text(a), time_text(b));
    add_rows(table, "rules_version", number_text(a->rules_version), number_text(b->rules_version));
    add_rows(table, "count", number_text(a->count), number_text(b->count));
    add_rows(table, "first_sequence", number_text(a->first_sequence), number_text(b->first_sequence));
    for (size_t n = 0; n < SIGNATURES_MAX; n++) {
        add_rows(table, "signer", key_text(a, n), key_text(b, n));
        add_rows(table, "signature", signature_text(a, n), signature_text(b, n));
    }
    add_rows(table, "envelope_sha256", hex_text(a->envelope_sha256.data, HASH_BYTES),
        hex_text(b->envelope_sha256.data, HASH_BYTES));
    add_rows(table, "outcomes_sha256", hex_text(a->outcomes_sha256.data, HASH_BYTES),
        hex_text(b->outcomes_sha256.data, HASH_BYTES));
}

// NULL: the block has no such transaction.
static char *transaction_line(const struct replay_block *block, size_t n)
{
    return n < block->envelope->n_transactions ? block_sheet_transaction(block->envelope->transactions[n]) : NULL;
}

static char *outcome_line(const struct replay_block *block, size_t n)
{
    if (n >= block->envelope->n_transactions)
        return NULL;
    const struct points_outcome *outcome = &block->outcomes[n];
    return xprintf("%s points=%" PRIu64 " expired=%" PRIu64 " previous=%" PRIu64, outcome_name(outcome->code),
        outcome->points, outcome->expired, outcome->previous);
}

typedef char *line_fn(const struct replay_block *block, size_t n);

// The first that differs of what a block has one of for each transaction.
static void add_first_difference(
    struct table *table, const char *kind, line_fn *line, const struct replay_block *a, const struct replay_block *b)
{
    bool found = false, ended = false;
    for (size_t n = 0; !found && !ended; n++) {
        char *one = line(a, n), *other = line(b, n), *what = xprintf("%s %zu", kind, n);
        ended = !one && !other;
        found = add_rows(table, what, one, other);
        free(what);
    }
}

static struct table *differences(const struct side *sides)
{
    const struct audit_block *a = &sides[0].block, *b = &sides[1].block;
    struct table *table = table_new("differences", columns, sizeof columns / sizeof *columns);
    add_rows(table, "fault", a->fault.message[0] ? xstrdup(a->fault.message) : NULL,
        b->fault.message[0] ? xstrdup(b->fault.message) : NULL);
    if (!a->block.header || !b->block.header)
        return table;
    add_header_rows(table, a->block.header, b->block.header);
    if (a->block.envelope && b->block.envelope)
        add_first_difference(table, "transaction", transaction_line, &a->block, &b->block);
    if (a->block.outcomes && b->block.outcomes)
        add_first_difference(table, "outcome", outcome_line, &a->block, &b->block);
    return table;
}

static void tell_difference(struct document *document, struct comparison *comparison)
{
    for (int i = 0; i < SIDES; i++)
        audit_block_read(
            &comparison->sides[i].block, comparison->sides[i].ledger, comparison->sides[i].reading, comparison->same);
    document_number(document, "block", comparison->same);
    document_table(document, NULL, NULL, differences(comparison->sides));
    for (int i = 0; i < SIDES; i++)
        audit_block_free(&comparison->sides[i].block);
    if (comparison->same)
        document_sentence(
            document, "They differ from block %" PRIu64 " on; the blocks before it are the same.", comparison->same);
    else
        document_sentence(document, "They are two ledgers: each begins with its own genesis.");
}

// The longer one is not the same: something that was recorded is missing in the other.
static int tell(struct audit *audit, struct comparison *comparison)
{
    const struct side *a = &comparison->sides[0], *b = &comparison->sides[1];
    const struct side *shorter = a->blocks < b->blocks ? a : b, *longer = shorter == a ? b : a;
    bool ended = comparison->same == shorter->blocks, same = ended && a->blocks == b->blocks;
    struct document document = document_begin(audit);
    document_text(&document, "result", same ? "same" : ended ? "beginning" : "different");
    document_number(&document, "blocks_a", a->blocks);
    document_number(&document, "blocks_b", b->blocks);
    if (!ended)
        tell_difference(&document, comparison);
    else if (same)
        document_sentence(&document, "They are the same: %" PRIu64 " blocks, byte by byte.", a->blocks);
    else
        document_sentence(&document, "%s is the beginning of %s, which goes on to %" PRIu64 " blocks.", shorter->name,
            longer->name, longer->blocks);
    document_end(&document);
    return same ? EXIT_HOLDS : EXIT_FAULT;
}

int audit_compare(struct audit *audit)
{
    struct comparison comparison = {0};
    for (int i = 0; i < SIDES; i++) {
        struct side *side = &comparison.sides[i];
        side->name = argument_xget(&audit->line, (size_t)i);
        side->ledger = audit_ledger(side->name);
        side->reading = audit_read(side->ledger);
        side->blocks = ledger_read_size(side->reading);
    }
    compare(&comparison);
    int code = tell(audit, &comparison);
    for (int i = 0; i < SIDES; i++) {
        ledger_read_end(comparison.sides[i].reading);
        ledger_close(comparison.sides[i].ledger);
    }
    return code;
}
