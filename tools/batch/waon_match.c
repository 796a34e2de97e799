// The WAON side's results, matched.
#include "tools/batch/waon_match.h"
#include "tools/batch/csv_file.h"
#include "tools/shown.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct matching {
    struct csv_file results;
    size_t conversion, result, reason; // columns
    struct waon_row **by_id;           // the exported ones, sorted
    size_t by_id_count;
    struct batch_rows *answers;
    size_t wrong;
};

static void wrong(struct matching *matching, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void wrong(struct matching *matching, uint32_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "line %" PRIu32 ": ", line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    matching->wrong++;
}

static int by_conversion(const void *left, const void *right)
{
    const struct waon_row *const *a = left, *const *b = right;
    return memcmp((*a)->conversion, (*b)->conversion, ID_BYTES);
}

static void sort_exported(struct matching *matching, struct waon_rows *exported)
{
    matching->by_id = xmalloc((exported->count + 1) * sizeof(struct waon_row *));
    for (size_t i = 0; i < exported->count; i++)
        matching->by_id[i] = &exported->rows[i];
    matching->by_id_count = exported->count;
    qsort(matching->by_id, matching->by_id_count, sizeof(struct waon_row *), by_conversion);
}

static struct waon_row *find(const struct matching *matching, const uint8_t conversion[ID_BYTES])
{
    struct waon_row key, *pointer = &key, **found;
    memcpy(key.conversion, conversion, ID_BYTES);
    found = bsearch(&pointer, matching->by_id, matching->by_id_count, sizeof(struct waon_row *), by_conversion);
    return found ? *found : NULL;
}

// Sent again, from this outbox or another, it is the same transaction.
static void answer_id(const uint8_t conversion[ID_BYTES], const char *result, uint8_t id[ID_BYTES])
{
    static const char purpose[] = "points waon answer\n";
    uint8_t hash[HASH_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)purpose, sizeof purpose - 1);
    crypto_hash_sha256_update(&state, conversion, ID_BYTES);
    crypto_hash_sha256_update(&state, (const uint8_t *)result, strlen(result));
    crypto_hash_sha256_final(&state, hash);
    memcpy(id, hash, ID_BYTES);
    id[6] = (id[6] & 0x0f) | 0x80; // a UUIDv8
    id[8] = (id[8] & 0x3f) | 0x80;
}

static void keep(struct batch_rows *answers, const struct batch_row *row)
{
    if ((answers->count & (answers->count - 1)) == 0) // room doubles
        answers->rows = xrealloc(answers->rows, (answers->count ? 2 * answers->count : 1) * sizeof *answers->rows);
    answers->rows[answers->count++] = *row;
}

static void take_answer(struct matching *matching, const struct csv_row *from, struct waon_row *exported)
{
    struct tool_error error;
    const char *result = csv_row_cell(from, matching->result), *reason = csv_row_cell(from, matching->reason);
    struct batch_row row = {.line = from->line};
    bool settled = !strcmp(result, "settled");
    row.type = settled ? TRANSACTION(SETTLE_CONVERSION) : TRANSACTION(REFUSE_CONVERSION);
    memcpy(row.subject, exported->conversion, ID_BYTES);
    answer_id(row.subject, result, row.id);
    if (!settled && strcmp(result, "refused")) {
        wrong(matching, from->line, "result \"%s\" is none of: settled, refused", shown(result));
        return;
    }
    if (settled && *reason) {
        wrong(matching, from->line, "what is settled has no reason; leave it empty");
        return;
    }
    row.reason = *reason ? xstrdup(reason) : NULL;
    if (!batch_row_check(&row, &error))
        wrong(matching, from->line, "%s", error.message);
    exported->line = from->line;
    keep(matching->answers, &row);
}

static void match_row(struct matching *matching, const struct csv_row *from)
{
    uint8_t conversion[ID_BYTES];
    const char *text = csv_row_cell(from, matching->conversion);
    struct waon_row *exported;
    if (!id_parse(text, conversion))
        wrong(matching, from->line, "conversion \"%s\" is not 32 hex digits (dashes as in a UUID are allowed)",
            shown(text));
    else if (!(exported = find(matching, conversion)))
        wrong(matching, from->line, "conversion %s is unknown: it is not in the exported file", text);
    else if (exported->line)
        wrong(matching, from->line, "conversion %s stands on line %" PRIu32 " already", text, exported->line);
    else
        take_answer(matching, from, exported);
}

size_t waon_match(const char *path, struct waon_rows *exported, struct batch_rows *answers)
{
    struct matching matching = {.answers = answers};
    *answers = (struct batch_rows){0};
    csv_file_read(path, &matching.results);
    matching.conversion = csv_file_column(&matching.results, "conversion", true);
    matching.result = csv_file_column(&matching.results, "result", true);
    matching.reason = csv_file_column(&matching.results, "reason", false);
    sort_exported(&matching, exported);
    for (size_t i = 1; i < matching.results.count; i++)
        match_row(&matching, &matching.results.rows[i]);
    free(matching.by_id);
    csv_file_free(&matching.results);
    return matching.wrong;
}
