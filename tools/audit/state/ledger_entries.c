// Entries of a ledger that was replayed.
#include "tools/audit/state/ledger_entries.h"
#include "proto/entry.h"
#include "tools/audit/audit.h"

#include <inttypes.h>

static void *take(struct ledger_entries *read, size_t size)
{
    void *memory = arena_alloc(&read->arena, size);
    if (!memory)
        fail(EXIT_FAILED, "out of memory");
    return memory;
}

static noreturn void fail_sequence(uint64_t sequence, const char *message)
{
    fail(EXIT_FAILED, "transaction %" PRIu64 " cannot be read again%s%s", sequence, *message ? ": " : "", message);
}

const Points__V1__LedgerEntry *ledger_entries_at(struct ledger_entries *read, uint64_t sequence)
{
    struct ledger_error error = {""};
    struct ledger_place place;
    struct span bytes;
    Points__V1__LedgerEntry *entry = take(read, sizeof *entry);
    *entry = (Points__V1__LedgerEntry)POINTS__V1__LEDGER_ENTRY__INIT;
    entry->outcome = take(read, sizeof *entry->outcome);
    if (ledger_read_sequence(read->reading, read->replay->edge.size, sequence, &place, &error) != 1 ||
        !entry_transaction((struct span){place.record.envelope, place.record.envelope_size}, place.position, &bytes) ||
        !entry_outcome(
            (struct span){place.record.outcomes, place.record.outcomes_size}, place.position, entry->outcome))
        fail_sequence(sequence, error.message);
    entry->sequence = sequence;
    entry->block = place.block;
    entry->time = place.time;
    entry->transaction = points__v1__transaction__unpack(&read->arena.allocator, bytes.size, bytes.bytes);
    if (!entry->transaction)
        fail(EXIT_FAILED, "out of memory");
    return entry;
}

// ---- by id

static bool holds(void *context, uint64_t sequence, const uint8_t id[ID_BYTES])
{
    const struct ledger_entries *read = context;
    struct replay_entry entry;
    struct replay_fault fault;
    return replay_find_entry(read->reading, read->replay->edge.size, sequence, &entry, &fault) &&
           entry_has_id(entry.transaction, id);
}

static const Points__V1__LedgerEntry *by_id(void *source, const ProtobufCBinaryData *id)
{
    struct ledger_entries *read = source;
    uint64_t sequence = id_index_get(read->replay->fold.ids, id->data, holds, read);
    if (!sequence)
        fail(EXIT_FAILED, "an id that the ledger must have is not in it");
    return ledger_entries_at(read, sequence);
}

// ---- of an account

// Along the back-pointers: the replay has compared each of them with the one that the rules give.
static void of_account(void *source, const ProtobufCBinaryData *account, entry_fn *take_entry, void *data)
{
    struct ledger_entries *read = source;
    const Points__V1__AccountReply *reply =
        points_account(read->replay->fold.state, account->data, &read->arena.allocator);
    for (uint64_t sequence = reply ? reply->last_sequence : 0; sequence;) {
        const Points__V1__LedgerEntry *entry = ledger_entries_at(read, sequence);
        take_entry(data, entry);
        sequence = entry->outcome->previous;
    }
}

// ---- from beginning to end

void ledger_entries_begin(struct ledger_entries *read, struct replay *replay)
{
    *read = (struct ledger_entries){{read, by_id, of_account}, replay, .reading = audit_read(replay->settings.ledger)};
    arena_init(&read->arena, SIZE_MAX / 2);
}

void ledger_entries_end(struct ledger_entries *read)
{
    ledger_read_end(read->reading);
    arena_free(&read->arena);
}
