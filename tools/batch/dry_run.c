// Rows of a dry run, and its report.
#include "tools/batch/dry_run.h"
#include "proto/entry.h"
#include "tools/outcome_names.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "points.v1 dry run\n";
enum { ROW_HEAD_CHARACTERS = 2 * ID_BYTES + 1 + 2 * HASH_BYTES + 1, LINE_BYTES_MAX = 200 };

void dry_run_free(struct dry_run *dry_run)
{
    free(dry_run->rows);
    *dry_run = (struct dry_run){0};
}

// ---- rows

static struct dry_run_row *new_row(struct dry_run *dry_run)
{
    if (dry_run->count == dry_run->room) {
        dry_run->room = dry_run->room ? 2 * dry_run->room : 1024;
        dry_run->rows = xrealloc(dry_run->rows, dry_run->room * sizeof *dry_run->rows);
    }
    struct dry_run_row *row = &dry_run->rows[dry_run->count++];
    *row = (struct dry_run_row){.code = OUTCOME(APPLIED)};
    return row;
}

static bool take_body(struct dry_run_row *row, const Points__V1__Transaction *transaction)
{
    const Points__V1__Award *award = transaction->award;
    row->type = transaction->body_case;
    if (row->type == TRANSACTION(REVERSE)) {
        memcpy(row->subject, transaction->reverse->target.data, ID_BYTES);
        return true;
    }
    if (row->type != TRANSACTION(AWARD))
        return false;
    memcpy(row->subject, award->account.data, ID_BYTES);
    row->quest = award->quest;
    row->occurred_at = award->occurred_at;
    if (award->receipt)
        memcpy(row->receipt, award->receipt->digest.data, HASH_BYTES);
    return true;
}

bool dry_run_add(
    struct dry_run *dry_run, const ProtobufCBinaryData *envelope, const uint32_t *lines, struct tool_error *error)
{
    bool ok = true;
    Points__V1__Envelope *message = points__v1__envelope__unpack(NULL, envelope->len, envelope->data);
    if (!message)
        return tool_fail(error, "an envelope cannot be read");
    for (size_t i = 0; i < message->n_transactions && ok; i++) {
        struct span bytes = {0};
        struct dry_run_row *row = new_row(dry_run);
        row->line = lines[i];
        memcpy(row->id, message->transactions[i]->id.data, ID_BYTES);
        entry_transaction((struct span){envelope->data, envelope->len}, i, &bytes);
        crypto_hash_sha256(row->sha256, bytes.bytes, bytes.size);
        ok = take_body(row, message->transactions[i]) ||
             tool_fail(error,
                 "line %" PRIu32 " is of type %s: only awards and reversals are approved by a dry run; send other rows "
                 "with `points batch`, from another file",
                 row->line, transaction_name(row->type));
    }
    points__v1__envelope__free_unpacked(message, NULL);
    return ok;
}

bool dry_run_take(struct dry_run *dry_run, size_t first, const Points__V1__DryRunReply *reply, struct tool_error *error)
{
    size_t count = dry_run->count - first;
    const Points__V1__Outcomes *outcomes = reply->outcomes;
    if (!outcomes || outcomes->n_code != count || outcomes->n_points != count)
        return tool_fail(error, "the daemon's answer does not fit the envelope");
    for (size_t i = 0; i < count; i++) {
        if (!protobuf_c_enum_descriptor_get_value(&points__v1__outcome_code__descriptor, (int)outcomes->code[i]))
            return tool_fail(error, "the daemon gives an outcome that this program does not know; use its version");
        dry_run->rows[first + i].code = outcomes->code[i];
        dry_run->rows[first + i].points = outcomes->points[i];
    }
    return true;
}

// ---- the report

static void print_row(const struct dry_run_row *row, char line[LINE_BYTES_MAX])
{
    char id[2 * ID_BYTES + 1], sha256[2 * HASH_BYTES + 1];
    snprintf(line, LINE_BYTES_MAX, "%s %s %s %" PRIu64 "\n", sodium_bin2hex(id, sizeof id, row->id, ID_BYTES),
        sodium_bin2hex(sha256, sizeof sha256, row->sha256, HASH_BYTES), outcome_name(row->code), row->points);
}

static void print_ledger(const uint8_t ledger_id[HASH_BYTES], char line[LINE_BYTES_MAX])
{
    char hex[2 * HASH_BYTES + 1];
    snprintf(line, LINE_BYTES_MAX, "ledger %s\n", sodium_bin2hex(hex, sizeof hex, ledger_id, HASH_BYTES));
}

char *dry_run_report(const struct dry_run *dry_run, const uint8_t ledger_id[HASH_BYTES], size_t *size)
{
    char *text, line[LINE_BYTES_MAX];
    FILE *file = open_memstream(&text, size);
    if (!file)
        fail(EXIT_FAILED, "out of memory");
    print_ledger(ledger_id, line);
    fprintf(file, "%s%s", head, line);
    for (size_t i = 0; i < dry_run->count; i++) {
        print_row(&dry_run->rows[i], line);
        fputs(line, file);
    }
    if (fclose(file) != 0)
        fail(EXIT_FAILED, "out of memory");
    return text;
}

// ---- and back

struct lines {
    const char *at, *end;
    uint64_t number;
    char line[LINE_BYTES_MAX]; // with its newline
};

// False: there is none, or it is too long for one of ours.
static bool next_line(struct lines *lines)
{
    const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    size_t size = newline ? (size_t)(newline + 1 - lines->at) : 0;
    lines->number++;
    if (!size || size >= LINE_BYTES_MAX)
        return false;
    memcpy(lines->line, lines->at, size);
    lines->line[size] = '\0';
    lines->at += size;
    return true;
}

static bool parse_outcome(const char *text, struct dry_run_row *row)
{
    char name[LINE_BYTES_MAX];
    if (sscanf(text, "%[A-Z_] %" SCNu64, name, &row->points) != 2)
        return false;
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(&points__v1__outcome_code__descriptor, name);
    if (value)
        row->code = (outcome_code)value->value;
    return value != NULL;
}

// What was read is printed again: a line that differs in anything is none of ours.
static bool read_row(const struct lines *lines, struct dry_run_row *row, struct tool_error *error)
{
    char line[LINE_BYTES_MAX];
    print_row(row, line);
    if (strncmp(lines->line, line, ROW_HEAD_CHARACTERS) != 0)
        return tool_fail(error,
            "line %" PRIu64 " of the report is not of the transaction that the envelopes hold there", lines->number);
    bool read = parse_outcome(lines->line + ROW_HEAD_CHARACTERS, row);
    print_row(row, line);
    return (read && !strcmp(lines->line, line)) ||
           tool_fail(error, "line %" PRIu64 " of the report ends with no outcome and points", lines->number);
}

bool dry_run_read_report(struct dry_run *dry_run, const uint8_t ledger_id[HASH_BYTES], const char *text, size_t size,
    struct tool_error *error)
{
    char ledger[LINE_BYTES_MAX];
    struct lines lines = {.at = text, .end = text + size};
    print_ledger(ledger_id, ledger);
    if (!next_line(&lines) || strcmp(lines.line, head))
        return tool_fail(error, "it is no report of a dry run");
    if (!next_line(&lines) || strcmp(lines.line, ledger))
        return tool_fail(error, "the report is of another ledger; check --dir and --socket");
    for (size_t i = 0; i < dry_run->count; i++) {
        if (!next_line(&lines))
            return tool_fail(error, "the report ends at line %" PRIu64 ", but the envelopes hold %zu transactions",
                lines.number - 1, dry_run->count);
        if (!read_row(&lines, &dry_run->rows[i], error))
            return false;
    }
    return lines.at == lines.end ||
           tool_fail(error, "the report speaks of more than the %zu transactions of the envelopes", dry_run->count);
}
