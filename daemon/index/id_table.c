#include "index/id_table.h"
#include "proto/fetch_ahead.h"
#include "proto/huge_pages.h"

#include <stdlib.h>
#include <string.h>

struct id_table *id_table_new(size_t ids)
{
    struct id_table *table = calloc(1, sizeof *table);
    if (table)
        table->slots = huge_pages(calloc(ids * 2, sizeof *table->slots), ids * 2 * sizeof *table->slots);
    if (!table || !table->slots) {
        fputs("out of memory for the index of ids\n", stderr);
        abort();
    }
    table->size = ids * 2;
    return table;
}

void id_table_free(struct id_table *table)
{
    if (!table)
        return;
    free(table->slots);
    free(table);
}

void id_table_clear(struct id_table *table)
{
    memset(table->slots, 0, table->size * sizeof *table->slots);
    table->count = 0;
    table->span = (struct run_span){0};
}

// The table uses the hash's low bits, runs the high ones.
static struct id_slot *find(const struct id_table *table, const uint8_t id[ID_BYTES], uint64_t hash)
{
    size_t at = hash & (table->size - 1);
    while (table->slots[at].sequence && memcmp(table->slots[at].id, id, ID_BYTES) != 0)
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

bool id_table_may_hold(const struct id_table *table, const uint8_t id[ID_BYTES])
{
    return table->count && memcmp(id, table->largest, ID_BYTES) <= 0 && memcmp(id, table->smallest, ID_BYTES) >= 0;
}

uint64_t id_table_get(const struct id_table *table, const uint8_t id[ID_BYTES], uint64_t hash)
{
    return find(table, id, hash)->sequence;
}

void id_table_add(struct id_table *table, const uint8_t id[ID_BYTES], uint64_t hash, uint64_t sequence)
{
    struct id_slot *slot = find(table, id, hash);
    memcpy(slot->id, id, ID_BYTES);
    slot->sequence = sequence;
    if (!table->count || memcmp(id, table->smallest, ID_BYTES) < 0)
        memcpy(table->smallest, id, ID_BYTES);
    if (!table->count || memcmp(id, table->largest, ID_BYTES) > 0)
        memcpy(table->largest, id, ID_BYTES);
    table->count++;
    table->span.last = sequence;
}

void id_table_prefetch(const struct id_table *table, uint64_t hash)
{
    fetch_ahead(&table->slots[hash & (table->size - 1)], sizeof *table->slots);
}

// ---- as a run

// By their high halves, byte by byte from the lowest: a stable counting sort each.
static void sort_entries(uint64_t *entries, uint64_t *spare, size_t count)
{
    for (unsigned shift = 32; shift < 64; shift += 8) {
        size_t places[256] = {0}, next = 0;
        for (size_t i = 0; i < count; i++)
            places[entries[i] >> shift & 0xff]++;
        for (size_t digit = 0; digit < 256; digit++) {
            size_t here = places[digit];
            places[digit] = next;
            next += here;
        }
        for (size_t i = 0; i < count; i++)
            spare[places[entries[i] >> shift & 0xff]++] = entries[i];
        uint64_t *sorted = spare;
        spare = entries;
        entries = sorted; // four passes: they end where they began
    }
}

static size_t gather(const struct id_table *table, const struct run_seeds *seeds, uint64_t *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < table->size; i++) {
        const struct id_slot *slot = &table->slots[i];
        if (!slot->sequence)
            continue;
        uint64_t hash = run_hash(seeds, slot->id);
        entries[count++] = hash >> 32 << 32 | (slot->sequence - table->span.first);
    }
    return count;
}

bool id_table_write(const struct id_table *table, const char *dir, const struct run_seeds *seeds,
    const struct run_checkpoint *checkpoint)
{
    uint64_t *entries = calloc(table->count * 2, sizeof *entries);
    if (!entries)
        return false;
    size_t count = gather(table, seeds, entries);
    sort_entries(entries, entries + count, count);
    struct run_writer *writer = run_writer_new(dir, seeds, table->span, checkpoint, count);
    for (size_t i = 0; writer && i < count; i++)
        run_writer_add(writer, (uint32_t)(entries[i] >> 32), table->span.first + (uint32_t)entries[i]);
    free(entries);
    return writer && run_writer_end(writer, table->smallest, table->largest);
}
