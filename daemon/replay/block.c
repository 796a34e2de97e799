// The form of a block: header and body against the tree, against each other, and against doc/protocol.md.
#include "replay/block.h"
#include "proto/canonical.h"
#include "proto/envelope.h"
#include "proto/signing.h"
#include "proto/wire.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool replay_fail(struct replay_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    return false;
}

// ---- reading

bool replay_fail_ledger(struct replay_fault *fault, uint64_t index, const struct ledger_error *error)
{
    char prefix[40];
    int size = snprintf(prefix, sizeof prefix, "block %" PRIu64 ": ", index);
    bool named = strncmp(error->message, prefix, (size_t)size) == 0;
    return replay_fail(fault, "%s", error->message + (named ? size : 0));
}

static bool fail_form(struct replay_fault *fault, const char *what, const struct canonical_fault *form)
{
    return replay_fail(
        fault, "the %s is not canonical: %s %s", what, form->field[0] ? form->field : "it", form->problem);
}

// One to four signatures, distinct keys in ascending order; canonical form has seen to their sizes.
static bool check_signature_order(const Points__V1__BlockHeader *header, struct replay_fault *fault)
{
    if (header->n_signatures < 1 || header->n_signatures > SIGNATURES_MAX)
        return replay_fail(fault, "it has %zu signatures, there must be 1 to %d", header->n_signatures, SIGNATURES_MAX);
    for (size_t i = 1; i < header->n_signatures; i++)
        if (memcmp(header->signatures[i - 1]->key.data, header->signatures[i]->key.data, KEY_BYTES) >= 0)
            return replay_fail(fault, "its signatures are not in ascending order of distinct keys");
    return true;
}

static bool read_header(struct arena *arena, struct replay_block *block, struct replay_fault *fault)
{
    block->header =
        points__v1__block_header__unpack(&arena->allocator, block->record.header_size, block->record.header);
    if (!block->header)
        return replay_fail(fault, "the header is no BlockHeader");
    if (block->header->rules_version != POINTS_RULES_VERSION)
        return replay_fail(fault, "it was decided by rules version %" PRIu32 ", this program knows version %d",
            block->header->rules_version, POINTS_RULES_VERSION);
    return check_signature_order(block->header, fault);
}

static bool read_genesis(struct arena *arena, struct replay_block *block, struct replay_fault *fault)
{
    struct canonical_fault form;
    const struct ledger_record *record = &block->record;
    if (canonical_check(&points__v1__genesis__descriptor, record->envelope, record->envelope_size, &form))
        return fail_form(fault, "genesis", &form);
    block->genesis = points__v1__genesis__unpack(&arena->allocator, record->envelope_size, record->envelope);
    if (!block->genesis)
        return replay_fail(fault, "the genesis cannot be read");
    if (block->genesis->rules_version != block->header->rules_version || block->genesis->time != block->header->time)
        return replay_fail(fault, "the header has another rules version or time than the genesis");
    return true;
}

static bool read_envelope(
    struct arena *arena, const uint8_t *ledger_id, struct replay_block *block, struct replay_fault *fault)
{
    struct canonical_fault form;
    const struct ledger_record *record = &block->record;
    Points__V1__Envelope *envelope;
    if (envelope_read(record->envelope, record->envelope_size, &arena->allocator, &envelope, &form))
        return fail_form(fault, "envelope", &form);
    if (!envelope)
        return replay_fail(fault, "the envelope cannot be read");
    block->envelope = envelope;
    if (ledger_id && memcmp(block->envelope->ledger_id.data, ledger_id, HASH_BYTES) != 0)
        return replay_fail(fault, "the envelope was made for another ledger");
    if (block->envelope->n_transactions != block->header->count)
        return replay_fail(fault, "the header counts %" PRIu32 " transactions, the envelope has %zu",
            block->header->count, block->envelope->n_transactions);
    return true;
}

// ---- outcomes

enum { COLUMN_CODE, COLUMN_POINTS, COLUMN_EXPIRED, COLUMN_PREVIOUS, COLUMNS };

// Packed, in the order of their fields, and nothing else.
static bool find_columns(struct span outcomes, struct wire columns[COLUMNS])
{
    enum { WIRE_SIZED = 2 };
    struct wire wire = wire_of(outcomes);
    for (unsigned column = 0; column < COLUMNS; column++) {
        wire.failed |= wire_varint(&wire) != ((column + 1) << 3 | WIRE_SIZED);
        columns[column] = wire_of(wire_sized(&wire));
    }
    return !wire.failed && wire_ended(&wire);
}

// A wider number is none, though its lower half may be.
static outcome_code wire_code(struct wire *wire)
{
    uint64_t code = wire_varint(wire);
    wire->failed |= code > INT32_MAX;
    return (outcome_code)code;
}

static bool read_outcomes(struct arena *arena, struct replay_block *block, struct replay_fault *fault)
{
    if (block->genesis)
        return block->record.outcomes_size == 0 || replay_fail(fault, "the block of the genesis has outcomes");
    struct wire columns[COLUMNS];
    size_t count = block->envelope->n_transactions;
    struct points_outcome *outcomes = arena_alloc(arena, count * sizeof *outcomes);
    bool fit = outcomes && find_columns((struct span){block->record.outcomes, block->record.outcomes_size}, columns);
    for (size_t i = 0; fit && i < count; i++)
        outcomes[i] = (struct points_outcome){wire_code(&columns[COLUMN_CODE]), wire_varint(&columns[COLUMN_POINTS]),
            wire_varint(&columns[COLUMN_EXPIRED]), wire_varint(&columns[COLUMN_PREVIOUS])};
    for (unsigned column = 0; fit && column < COLUMNS; column++)
        fit = !columns[column].failed && columns[column].at == columns[column].end;
    block->outcomes = outcomes;
    return fit || replay_fail(fault,
                      "the outcomes are not the canonical form of four columns with an entry for each of the %zu "
                      "transactions",
                      count);
}

// ---- signatures

bool replay_check_signatures(const struct replay_block *block, struct replay_fault *fault)
{
    enum signing_purpose purpose = block->header->index == 0 ? SIGNING_GENESIS : SIGNING_ENVELOPE;
    for (size_t i = 0; i < block->header->n_signatures; i++) {
        const Points__V1__Signature *signature = block->header->signatures[i];
        if (!signing_verify(purpose, block->record.envelope, block->record.envelope_size, signature->key.data,
                signature->signature.data))
            return replay_fail(fault, "signature %zu does not verify", i);
    }
    return true;
}

// ---- all of it

bool replay_check_header(uint64_t index, struct arena *arena, struct replay_block *block, struct replay_fault *fault)
{
    struct ledger_error error;
    if (!ledger_check_header(&block->record, index, &block->heading, &error))
        return replay_fail_ledger(fault, index, &error);
    if (read_header(arena, block, fault))
        return true;
    block->header = NULL;
    return false;
}

bool replay_take_envelope(
    const uint8_t *ledger_id, struct arena *arena, struct replay_block *block, struct replay_fault *fault)
{
    if (block->record.envelope_size > ENVELOPE_BYTES_MAX)
        return replay_fail(fault, "the envelope has %zu bytes, at most %d are allowed", block->record.envelope_size,
            ENVELOPE_BYTES_MAX);
    if (block->header->index == 0 ? read_genesis(arena, block, fault) : read_envelope(arena, ledger_id, block, fault))
        return true;
    block->genesis = NULL;
    block->envelope = NULL;
    return false;
}

bool replay_check_body(
    const uint8_t *ledger_id, struct arena *arena, struct replay_block *block, struct replay_fault *fault)
{
    struct ledger_error error;
    uint64_t index = block->header->index;
    if (!ledger_check_body(&block->record, index, &error))
        return replay_fail_ledger(fault, index, &error);
    if (!replay_take_envelope(ledger_id, arena, block, fault))
        return false;
    if (read_outcomes(arena, block, fault))
        return true;
    block->genesis = NULL;
    block->envelope = NULL;
    return false;
}

static void keep_fault(
    struct replay_block *block, enum block_check check, const struct replay_fault *fault, struct arena *arena)
{
    static const struct replay_fault no_memory = {REPLAY_NO_BLOCK, "it takes more memory than a block should"};
    struct replay_fault *kept = arena_alloc(arena, sizeof *kept);
    if (kept)
        *kept = *fault;
    block->faults[check] = kept ? kept : &no_memory;
}

void replay_read_block(struct ledger_reading *reading, const uint8_t *ledger_id, uint64_t index, bool signatures,
    struct arena *arena, struct replay_block *block)
{
    struct ledger_error error;
    struct replay_fault fault = {.block = index};
    *block = (struct replay_block){.heading.index = index};
    bool whole = ledger_read_block(reading, index, &block->record, &error) == 1;
    if (!block->record.header) {
        replay_fail_ledger(&fault, index, &error);
        keep_fault(block, BLOCK_HEADER, &fault, arena);
        return;
    }
    if (!replay_check_header(index, arena, block, &fault))
        keep_fault(block, BLOCK_HEADER, &fault, arena);
    if (!whole) {
        replay_fail_ledger(&fault, index, &error);
        keep_fault(block, BLOCK_BODY, &fault, arena);
    }
    if (!whole || !block->header)
        return;
    if (!replay_check_body(ledger_id, arena, block, &fault))
        keep_fault(block, BLOCK_BODY, &fault, arena);
    if (signatures && !replay_check_signatures(block, &fault))
        keep_fault(block, BLOCK_SIGNATURES, &fault, arena);
}

// ---- earlier transactions

bool replay_find_entry(struct ledger_reading *reading, uint64_t blocks, uint64_t sequence, struct replay_entry *entry,
    struct replay_fault *fault)
{
    struct ledger_error error;
    struct ledger_place place;
    int there = ledger_read_sequence(reading, blocks, sequence, &place, &error);
    if (there < 0)
        return replay_fail(fault, "%s", error.message);
    *entry = (struct replay_entry){.position = place.position, .time = place.time};
    if (!there || !entry_transaction((struct span){place.record.envelope, place.record.envelope_size}, place.position,
                      &entry->transaction))
        return replay_fail(fault, "the earlier transaction with sequence number %" PRIu64 " cannot be found", sequence);
    entry->outcomes = (struct span){place.record.outcomes, place.record.outcomes_size};
    return true;
}
