// A ledger replayed, its transactions told to a format one by one.
#include "points/calendar.h"
#include "proto/entry.h"
#include "replay/fold.h"
#include "tools/audit/audit.h"
#include "tools/audit/export/export.h"

#include <stdlib.h>
#include <string.h>

enum { ROW_ARENA_BYTES = 1 << 20 };

// ---- names

const char *export_name_of(const struct export_name *names, uint32_t number)
{
    struct export_name *found;
    HASH_FIND(hh, names, &number, sizeof number, found);
    return found ? found->name : "";
}

static const struct export_name *set_name(struct export_name **names, uint32_t number, const char *text)
{
    struct export_name *name;
    HASH_FIND(hh, *names, &number, sizeof number, name);
    if (!name) {
        name = xcalloc(1, sizeof *name);
        name->number = number;
        HASH_ADD(hh, *names, number, sizeof name->number, name);
    }
    free(name->name);
    name->name = xstrdup(text);
    return name;
}

static void free_names(struct export_name *names)
{
    struct export_name *name, *next;
    HASH_ITER(hh, names, name, next)
    {
        HASH_DELETE(hh, names, name);
        free(name->name);
        free(name);
    }
}

const Points__V1__Municipality *export_municipality(const struct export *export, uint32_t code, size_t *position)
{
    const Points__V1__Genesis *genesis = points_genesis(export->replay.fold.state);
    for (*position = 0; *position < genesis->n_municipalities; ++*position)
        if (genesis->municipalities[*position]->code == code)
            return genesis->municipalities[*position];
    return NULL;
}

// ---- a transaction's fields, whichever type it is

// What it says; of a changed quest, the definition.
static const ProtobufCMessage *body_of(const Points__V1__Transaction *transaction)
{
    if (transaction->body_case == TRANSACTION(CHANGE_QUEST))
        return &transaction->change_quest->definition->base;
    return (const ProtobufCMessage *)transaction->award; // all bodies lie in the same place
}

// NULL: this type has no such field.
static const void *field_of(const Points__V1__Transaction *transaction, const char *name, ProtobufCType type)
{
    const ProtobufCMessage *body = body_of(transaction);
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(body->descriptor, name);
    bool fits = field && field->type == type && field->label != PROTOBUF_C_LABEL_REPEATED;
    return fits ? (const uint8_t *)body + field->offset : NULL;
}

static uint32_t number_of(const Points__V1__Transaction *transaction, const char *name)
{
    const uint32_t *number = field_of(transaction, name, PROTOBUF_C_TYPE_UINT32);
    return number ? *number : 0;
}

static const uint8_t *id_of(const Points__V1__Transaction *transaction, const char *name)
{
    const ProtobufCBinaryData *id = field_of(transaction, name, PROTOBUF_C_TYPE_BYTES);
    return id ? id->data : NULL;
}

static const char *text_of(const Points__V1__Transaction *transaction, const char *name)
{
    char *const *text = field_of(transaction, name, PROTOBUF_C_TYPE_STRING);
    return text ? *text : NULL;
}

// ---- the account that was touched, where the transaction does not name it

static bool is_merged_by(const Points__V1__Transaction *transaction, const uint8_t *account)
{
    return transaction->body_case == TRANSACTION(MERGE_ACCOUNTS) &&
           memcmp(transaction->merge_accounts->merged.data, account, ID_BYTES) == 0;
}

static bool is_merged_later(const struct replay_block *block, size_t position, const uint8_t *account)
{
    for (size_t i = position + 1; i < block->envelope->n_transactions; i++)
        if (block->outcomes[i].code == OUTCOME(APPLIED) && is_merged_by(block->envelope->transactions[i], account))
            return true;
    return false;
}

// The account that this one was when the transaction at `position` was decided: the state is that after the block.
static const uint8_t *account_then(
    struct export *export, const struct replay_block *block, size_t position, const uint8_t *account)
{
    while (!is_merged_later(block, position, account)) {
        const Points__V1__AccountReply *now =
            points_account(export->replay.fold.state, account, &export->arena.allocator);
        if (!now || now->merged_into.len != ID_BYTES)
            break;
        account = now->merged_into.data;
    }
    return account;
}

// An applied answer to a conversion, or reversal: whose it is, and what was undone.
static void add_target(struct export *export, const struct replay_visit *visit, size_t position, struct export_row *row)
{
    struct points_decided *decided;
    struct replay_fault fault;
    uint64_t sequence = replay_decided_before(
        &export->replay.fold, visit->reading, visit->block, points_target(row->transaction), row->sequence);
    if (!replay_find_decided(visit->reading, &export->arena, visit->block, sequence, &decided, &fault))
        fail(EXIT_FAILED, "%s", fault.message);
    const ProtobufCBinaryData *account = entry_account(decided->transaction);
    if (account)
        row->account = account_then(export, visit->block, position, account->data);
    if (row->transaction->body_case == TRANSACTION(REVERSE)) {
        row->quest = number_of(decided->transaction, "quest");
        row->purpose = number_of(decided->transaction, "purpose");
    }
}

// ---- rows

static const uint8_t *spoken_of(const Points__V1__Transaction *transaction)
{
    const uint8_t *target = points_target(transaction);
    return target ? target : id_of(transaction, "notice");
}

static struct export_row row_of(const struct replay_visit *visit, size_t position)
{
    const Points__V1__Transaction *transaction = visit->block->envelope->transactions[position];
    const ProtobufCBinaryData *account = entry_account(transaction);
    const char *reason = text_of(transaction, "reason"), *reference = text_of(transaction, "reference");
    return (struct export_row){.sequence = visit->block->header->first_sequence + position,
        .block = visit->block->header->index,
        .time = visit->block->header->time,
        .transaction = transaction,
        .outcome = visit->block->outcomes[position],
        .account = account ? account->data : NULL,
        .other = id_of(transaction, "merged"),
        .target = spoken_of(transaction),
        .municipality = number_of(transaction, "municipality"),
        .quest = number_of(transaction, "quest"),
        .purpose = number_of(transaction, "purpose"),
        .remark = reason      ? reason
                  : reference ? reference
                              : ""};
}

// Takes the row's postings, which are the first of those from `at` on; returns what follows them.
static size_t take_postings(const struct export *export, size_t at, struct export_row *row)
{
    row->postings = export->postings + at;
    while (at < export->posting_count && export->postings[at].sequence == row->sequence)
        row->municipality = export->postings[at++].municipality_to;
    row->posting_count = (size_t)(export->postings + at - row->postings);
    return at;
}

static void note_name(struct export *export, const struct export_row *row)
{
    const char *name = text_of(row->transaction, "name");
    if (row->outcome.code != OUTCOME(APPLIED) || !name)
        return;
    if (row->quest) {
        const struct export_name *quest = set_name(&export->quests, row->quest, name);
        if (export->writer->quest)
            export->writer->quest(export, quest);
    } else if (row->purpose) {
        const struct export_name *purpose = set_name(&export->purposes, row->purpose, name);
        if (export->writer->purpose)
            export->writer->purpose(export, purpose);
    }
}

// Points that expired as the block began come first, day by day.
static size_t write_expired(struct export *export, int64_t time)
{
    size_t at = 0;
    while (at < export->posting_count && export->postings[at].sequence == 0) {
        size_t first = at;
        while (at < export->posting_count && export->postings[at].last_day == export->postings[first].last_day)
            at++;
        if (export->writer->expire)
            export->writer->expire(export, time, export->postings + first, at - first);
    }
    return at;
}

static void write_block(struct export *export, const struct replay_visit *visit)
{
    size_t at = write_expired(export, visit->block->header->time);
    for (size_t i = 0; i < visit->block->envelope->n_transactions; i++) {
        struct export_row row = row_of(visit, i);
        arena_reset(&export->arena);
        at = take_postings(export, at, &row);
        note_name(export, &row);
        if (row.outcome.code == OUTCOME(APPLIED) && points_target(row.transaction))
            add_target(export, visit, i, &row);
        export->writer->row(export, &row);
    }
}

// Nothing is told of it but names and what changes the books.
static void skip_block(struct export *export, const struct replay_visit *visit)
{
    for (size_t i = 0; export->writer->skip && i < export->posting_count; i++)
        export->writer->skip(export, &export->postings[i]);
    for (size_t i = 0; i < visit->block->envelope->n_transactions; i++) {
        struct export_row row = row_of(visit, i);
        note_name(export, &row);
    }
}

// ---- the replay

static void take_posting(void *context, const struct points_posting *posting)
{
    struct export *export = context;
    if (export->posting_count == export->posting_capacity) {
        export->posting_capacity = export->posting_capacity ? 2 * export->posting_capacity : 1024;
        export->postings = xrealloc(export->postings, export->posting_capacity * sizeof *export->postings);
    }
    export->postings[export->posting_count++] = *posting;
}

static bool visit_block(void *context, const struct replay_visit *visit)
{
    struct export *export = context;
    if (visit->block->genesis) {
        points_watch(export->replay.fold.state, take_posting, export);
        if (export->writer->begin)
            export->writer->begin(export);
    } else if (calendar_day(visit->block->header->time) < export->from) {
        skip_block(export, visit);
    } else {
        write_block(export, visit);
    }
    export->posting_count = 0;
    return !ferror(export->file);
}

enum replay_result export_replayed(struct export *export, struct ledger *ledger)
{
    bool to_the_end = export->to == CALENDAR_DAY_MAX; // past which the block of a forged time may lie
    const struct audit_pass pass = {.before = to_the_end ? 0 : calendar_day_begin((int64_t) export->to + 1),
        .visit = visit_block,
        .context = export};
    arena_init(&export->arena, ROW_ARENA_BYTES);
    enum replay_result result = audit_replay(ledger, &pass, &export->replay);
    if (result == REPLAY_HOLDS && export->replay.fold.state && !ferror(export->file) && export->writer->end)
        export->writer->end(export);
    return result;
}

void export_end(struct export *export)
{
    audit_replay_end(&export->replay);
    arena_free(&export->arena);
    free_names(export->quests);
    free_names(export->purposes);
    free(export->postings);
}
