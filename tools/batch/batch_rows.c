// The rows of a batch: one table says what each type of row takes.
#include "tools/batch/batch_rows.h"
#include "points/quest.h"
#include "tools/batch/batch_fields.h"
#include "tools/jst.h"
#include "tools/number.h"
#include "tools/shown.h"
#include "tools/uuid7.h"

#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define TAKES(column) (1u << (column))
#define RECEIPT_COLUMNS (TAKES(RECEIPT_DIGEST) | TAKES(SHOP) | TAKES(YEN))

static const struct row_type {
    const char *name;
    transaction_type type;
    role_code role;
    unsigned needed, allowed; // columns, besides type and id
} row_types[] = {
    {"award", TRANSACTION(AWARD), ROLE(APP), TAKES(ACCOUNT) | TAKES(QUEST) | TAKES(OCCURRED_AT), RECEIPT_COLUMNS},
    {"donate", TRANSACTION(DONATE), ROLE(APP), TAKES(ACCOUNT) | TAKES(MUNICIPALITY) | TAKES(PURPOSE) | TAKES(POINTS),
        0},
    {"convert", TRANSACTION(REQUEST_CONVERSION), ROLE(APP), TAKES(ACCOUNT) | TAKES(POINTS), 0},
    {"settle", TRANSACTION(SETTLE_CONVERSION), ROLE(WAON), TAKES(CONVERSION), 0},
    {"refuse", TRANSACTION(REFUSE_CONVERSION), ROLE(WAON), TAKES(CONVERSION), TAKES(REASON)},
    {"open-account", TRANSACTION(OPEN_ACCOUNT), ROLE(APP), TAKES(ACCOUNT) | TAKES(MUNICIPALITY), 0},
    {"move-account", TRANSACTION(MOVE_ACCOUNT), ROLE(APP), TAKES(ACCOUNT) | TAKES(MUNICIPALITY), 0},
    {"close-account", TRANSACTION(CLOSE_ACCOUNT), ROLE(APP), TAKES(ACCOUNT), 0},
    {"reverse", TRANSACTION(REVERSE), ROLE(OPERATOR), TAKES(TARGET) | TAKES(REASON), 0},
};

#define ROW_TYPE_COUNT (sizeof row_types / sizeof *row_types)

struct reader {
    struct batch_rows *rows;
    size_t room;
    const struct batch_lookup *lookup;
};

// ---- one row

static const char *field(const struct batch_fields *fields, enum column column)
{
    return fields->texts[column] ? fields->texts[column] : "";
}

static const struct row_type *find_type(struct batch_fields *fields)
{
    const char *name = field(fields, TYPE);
    for (size_t i = 0; i < ROW_TYPE_COUNT; i++) {
        const char *a = name, *b = row_types[i].name;
        while (*a && (*a == '_' ? '-' : tolower((unsigned char)*a)) == *b)
            a++, b++;
        if (!*a && !*b)
            return &row_types[i];
    }
    batch_fields_wrong(fields,
        "type \"%s\" is none of: award, donate, convert, settle, refuse, open-account, move-account, close-account, "
        "reverse",
        shown(name));
    return NULL;
}

static void check_columns(struct batch_fields *fields, const struct row_type *type)
{
    for (enum column column = ACCOUNT; column < COLUMN_COUNT; column++) {
        bool filled = *field(fields, column), needed = type->needed & TAKES(column);
        if (needed && !filled)
            batch_fields_wrong(fields, "%s needs %s", type->name, batch_column_names[column]);
        if (filled && !needed && !(type->allowed & TAKES(column)))
            batch_fields_wrong(fields, "%s takes no %s; leave it empty", type->name, batch_column_names[column]);
    }
}

static uint64_t read_number(struct batch_fields *fields, enum column column, uint64_t min, uint64_t max)
{
    uint64_t number;
    const char *text = field(fields, column);
    if (!*text)
        return 0;
    if (!number_parse(text, min, max, &number))
        batch_fields_wrong(fields, "%s \"%s\" is no whole number from %" PRIu64 " to %" PRIu64,
            batch_column_names[column], shown(text), min, max);
    return number;
}

static void read_id(struct batch_fields *fields, enum column column, uint8_t id[ID_BYTES])
{
    const char *text = field(fields, column);
    if (*text && !id_parse(text, id))
        batch_fields_wrong(fields, "%s \"%s\" is not 32 hex digits (dashes as in a UUID are allowed)",
            batch_column_names[column], shown(text));
}

static void read_municipality(const struct reader *reader, struct batch_fields *fields, struct batch_row *row)
{
    struct tool_error error;
    const char *text = field(fields, MUNICIPALITY);
    if (*text && !reader->lookup->municipality(reader->lookup->context, text, &row->municipality, &error))
        batch_fields_wrong(fields, "%s", error.message);
}

// All of a receipt or nothing; its municipality is the shop's.
static void read_receipt(const struct reader *reader, struct batch_fields *fields, struct batch_row *row)
{
    struct tool_error error;
    size_t size = 0;
    const char *digest = field(fields, RECEIPT_DIGEST);
    if (!*digest && !*field(fields, SHOP) && !*field(fields, YEN))
        return;
    for (enum column column = RECEIPT_DIGEST; column <= YEN; column++)
        if (!*field(fields, column))
            batch_fields_wrong(fields, "an award with a receipt needs %s", batch_column_names[column]);
    if (*digest && (sodium_hex2bin(row->receipt_digest, HASH_BYTES, digest, strlen(digest), NULL, &size, NULL) != 0 ||
                       size != HASH_BYTES))
        batch_fields_wrong(fields, "receipt_digest \"%s\" is not 64 hex digits (a SHA-256)", shown(digest));
    row->shop = (uint32_t)read_number(fields, SHOP, 1, UINT32_MAX);
    row->points = read_number(fields, YEN, 0, UINT64_MAX);
    if (row->shop && !reader->lookup->shop(reader->lookup->context, row->shop, &row->municipality, &error))
        batch_fields_wrong(fields, "%s", error.message);
}

// A cell that spreadsheets let people write.
static bool check_reason(const char *reason, struct tool_error *error)
{
    enum { DELETE = 0x7f };
    if (!reason)
        return true;
    if (strpbrk(reason, "\r\n"))
        return tool_fail(error, "the reason has more than one line; write it in one");
    if (strchr(reason, '\t'))
        return tool_fail(error, "the reason holds a tab; write a blank");
    for (const char *at = reason; *at; at++)
        if ((unsigned char)*at < ' ' || *at == DELETE)
            return tool_fail(error, "the reason holds an invisible control character; write it anew without it");
    return true;
}

// Texts have rules of their own, which the canonical form knows.
bool batch_row_check(const struct batch_row *row, struct tool_error *error)
{
    if (!check_reason(row->reason, error))
        return false;
    static const uint8_t any_ledger[HASH_BYTES];
    struct envelope_builder *builder = xmalloc(sizeof *builder);
    struct batch_transaction made;
    batch_row_transaction(row, &made);
    envelope_begin(builder, any_ledger);
    bool ok = envelope_add(builder, &made.transaction) ? envelope_check(builder, error)
                                                       : tool_fail(error, "reason is too long");
    free(builder);
    return ok;
}

static void keep(struct reader *reader, const struct batch_row *row)
{
    struct batch_rows *rows = reader->rows;
    if (rows->count == reader->room) {
        reader->room = reader->room ? 2 * reader->room : 1024;
        rows->rows = xrealloc(rows->rows, reader->room * sizeof *rows->rows);
    }
    rows->rows[rows->count++] = *row;
}

static enum column subject_column(const struct row_type *type)
{
    if (type->needed & TAKES(TARGET))
        return TARGET;
    return (type->needed & TAKES(CONVERSION)) ? CONVERSION : ACCOUNT;
}

static void read_row(struct batch_fields *fields, void *context)
{
    struct tool_error error;
    struct reader *reader = context;
    size_t wrong_before = fields->wrong;
    const struct row_type *type = find_type(fields);
    if (!type)
        return;
    struct batch_row row = {.line = fields->line, .type = type->type};
    check_columns(fields, type);
    if (*field(fields, ID))
        read_id(fields, ID, row.id);
    else
        uuid7_now(row.id);
    read_id(fields, subject_column(type), row.subject);
    read_municipality(reader, fields, &row);
    row.number = (type->needed & TAKES(QUEST)) ? (uint32_t)read_number(fields, QUEST, 1, QUEST_NUMBER_MAX)
                                               : (uint32_t)read_number(fields, PURPOSE, 1, UINT32_MAX);
    row.points = read_number(fields, POINTS, 0, UINT64_MAX);
    if (type->allowed & TAKES(SHOP))
        read_receipt(reader, fields, &row);
    if (*field(fields, OCCURRED_AT) && !jst_parse_time(field(fields, OCCURRED_AT), &row.occurred_at))
        batch_fields_wrong(fields, "occurred_at \"%s\" is no time; write it as 2021-11-12 09:30 (JST)",
            shown(field(fields, OCCURRED_AT)));
    if (fields->wrong != wrong_before)
        return;
    if (*field(fields, REASON)) {
        row.reason = xstrdup(field(fields, REASON));
        if (!batch_row_check(&row, &error))
            batch_fields_wrong(fields, "%s", error.message);
    }
    keep(reader, &row);
}

// ---- the rows together

static int by_id_and_line(const void *left, const void *right)
{
    const struct batch_row *a = *(struct batch_row *const *)left, *b = *(struct batch_row *const *)right;
    int order = memcmp(a->id, b->id, ID_BYTES);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

// One id twice would make one transaction out of two rows, or ID_REUSED for the second.
static void check_ids(const struct batch_rows *rows, struct batch_fields *fields)
{
    struct batch_row **sorted = xmalloc(rows->count * sizeof *sorted);
    for (size_t i = 0; i < rows->count; i++)
        sorted[i] = &rows->rows[i];
    qsort(sorted, rows->count, sizeof *sorted, by_id_and_line);
    for (size_t i = 1; i < rows->count; i++) {
        fields->line = sorted[i]->line;
        if (!memcmp(sorted[i - 1]->id, sorted[i]->id, ID_BYTES))
            batch_fields_wrong(fields, "its id stands on line %" PRIu32 " already", sorted[i - 1]->line);
    }
    free(sorted);
}

size_t batch_rows_read(const char *text, size_t size, const struct batch_lookup *lookup, struct batch_rows *rows)
{
    struct reader reader = {.rows = rows, .lookup = lookup};
    struct batch_fields fields = {0};
    *rows = (struct batch_rows){0};
    batch_fields_read(text, size, read_row, &reader, &fields);
    check_ids(rows, &fields);
    return fields.wrong;
}

void batch_rows_free(struct batch_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->rows[i].reason);
    free(rows->rows);
    *rows = (struct batch_rows){0};
}

role_code batch_row_role(const struct batch_row *row)
{
    for (size_t i = 0; i < ROW_TYPE_COUNT; i++)
        if (row_types[i].type == row->type)
            return row_types[i].role;
    return ROLE(ROLE_NONE);
}

static void make_award(const struct batch_row *row, struct batch_transaction *made)
{
    points__v1__award__init(&made->award);
    made->award.account = (ProtobufCBinaryData){ID_BYTES, (uint8_t *)row->subject};
    made->award.quest = row->number;
    made->award.occurred_at = row->occurred_at;
    if (!row->shop)
        return;
    points__v1__receipt__init(&made->receipt);
    made->receipt.digest = (ProtobufCBinaryData){HASH_BYTES, (uint8_t *)row->receipt_digest};
    made->receipt.shop = row->shop;
    made->receipt.municipality = row->municipality;
    made->receipt.amount_yen = row->points;
    made->award.receipt = &made->receipt;
}

// Opens, moves or closes an account.
static void make_account(const struct batch_row *row, struct batch_transaction *made)
{
    ProtobufCBinaryData account = {ID_BYTES, (uint8_t *)row->subject};
    switch (row->type) {
    case TRANSACTION(OPEN_ACCOUNT):
        points__v1__open_account__init(&made->open_account);
        made->open_account.account = account;
        made->open_account.municipality = row->municipality;
        break;
    case TRANSACTION(CLOSE_ACCOUNT):
        points__v1__close_account__init(&made->close_account);
        made->close_account.account = account;
        break;
    default:
        points__v1__move_account__init(&made->move_account);
        made->move_account.account = account;
        made->move_account.municipality = row->municipality;
        break;
    }
}

void batch_row_transaction(const struct batch_row *row, struct batch_transaction *made)
{
    ProtobufCBinaryData subject = {ID_BYTES, (uint8_t *)row->subject};
    points__v1__transaction__init(&made->transaction);
    made->transaction.id = (ProtobufCBinaryData){ID_BYTES, (uint8_t *)row->id};
    made->transaction.body_case = row->type;
    made->transaction.award = &made->award; // all bodies lie in the same place
    switch (row->type) {
    case TRANSACTION(AWARD):
        make_award(row, made);
        break;
    case TRANSACTION(DONATE):
        points__v1__donate__init(&made->donate);
        made->donate.account = subject;
        made->donate.municipality = row->municipality;
        made->donate.purpose = row->number;
        made->donate.points = row->points;
        break;
    case TRANSACTION(REQUEST_CONVERSION):
        points__v1__request_conversion__init(&made->request_conversion);
        made->request_conversion.account = subject;
        made->request_conversion.points = row->points;
        break;
    case TRANSACTION(SETTLE_CONVERSION):
        points__v1__settle_conversion__init(&made->settle_conversion);
        made->settle_conversion.conversion = subject;
        break;
    case TRANSACTION(REFUSE_CONVERSION):
        points__v1__refuse_conversion__init(&made->refuse_conversion);
        made->refuse_conversion.conversion = subject;
        if (row->reason)
            made->refuse_conversion.reason = row->reason;
        break;
    case TRANSACTION(REVERSE):
        points__v1__reverse__init(&made->reverse);
        made->reverse.target = subject;
        made->reverse.reason = row->reason;
        break;
    default:
        make_account(row, made);
        break;
    }
}

void batch_rows_pack(
    const struct batch_rows *rows, const uint8_t ledger_id[HASH_BYTES], batch_envelope_fn *each, void *data)
{
    struct envelope_builder *builder = xmalloc(sizeof *builder);
    uint32_t lines[ENVELOPE_TRANSACTIONS_MAX];
    envelope_begin(builder, ledger_id);
    for (size_t i = 0; i < rows->count; i++) {
        struct batch_transaction made;
        batch_row_transaction(&rows->rows[i], &made);
        if (!envelope_add(builder, &made.transaction)) {
            each(data, builder, lines);
            envelope_begin(builder, ledger_id);
            envelope_add(builder, &made.transaction);
        }
        lines[builder->count - 1] = rows->rows[i].line;
    }
    if (builder->count)
        each(data, builder, lines);
    free(builder);
}
