// A block for people.
#include "tools/audit/proof/block_sheet.h"
#include "ledger/hash.h"
#include "tools/cells.h"
#include "tools/error.h"
#include "tools/outcome_names.h"
#include "tools/transaction_text.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- the header

void block_sheet_header(struct document *document, const struct replay_block *block)
{
    const Points__V1__BlockHeader *header = block->header;
    uint8_t leaf[HASH_BYTES];
    hash_leaf(block->record.header, block->record.header_size, leaf);
    document_number(document, "block", header->index);
    document_time(document, "time", header->time, "");
    document_number(document, "rules_version", header->rules_version);
    document_number(document, "count", header->count);
    document_number(document, "first_sequence", header->first_sequence);
    document_hex(document, "envelope_sha256", header->envelope_sha256.data, HASH_BYTES);
    document_hex(document, "outcomes_sha256", header->outcomes_sha256.data, HASH_BYTES);
    document_hex(document, "leaf", leaf, HASH_BYTES);
}

// ---- signers

static void key_cell(struct table *table, const ProtobufCBinaryData *key)
{
    char hex[2 * KEY_BYTES + 1];
    table_text(table, key->len == KEY_BYTES ? sodium_bin2hex(hex, sizeof hex, key->data, KEY_BYTES) : "");
}

static void owner_cells(struct table *table, role_code role, const char *holder)
{
    enum_cell(table, &points__v1__role__descriptor, role);
    table_text(table, holder);
}

void block_sheet_signers(
    struct document *document, const struct replay_block *block, const struct registered_keys *keys)
{
    static const struct table_column columns[] = {{"key", TABLE_TEXT}, {"role", TABLE_TEXT}, {"holder", TABLE_TEXT}};
    struct table *table = table_new("signatures", columns, keys ? COUNT(columns) : 1);
    for (size_t i = 0; i < block->header->n_signatures; i++) {
        const ProtobufCBinaryData *key = &block->header->signatures[i]->key;
        const struct registered_key *row = keys ? registered_keys_get(keys, key) : NULL;
        key_cell(table, key);
        if (keys)
            owner_cells(table, row ? row->role : ROLE(ROLE_NONE), row ? row->holder : "");
    }
    document_table_beside(document, NULL, NULL, table);
}

// ---- what genesis begins with

static void add_municipalities(struct document *document, const Points__V1__Genesis *genesis)
{
    static const struct table_column columns[] = {{"code", TABLE_TEXT}, {"municipality", TABLE_TEXT}};
    struct table *table = table_new("municipalities", columns, COUNT(columns));
    for (size_t i = 0; i < genesis->n_municipalities; i++) {
        char code[16];
        snprintf(code, sizeof code, "%06" PRIu32, genesis->municipalities[i]->code);
        table_text(table, code);
        table_text(table, genesis->municipalities[i]->name_ja);
    }
    document_table_beside(document, NULL, NULL, table);
}

static void add_policies(struct document *document, const Points__V1__Genesis *genesis)
{
    static const struct table_column columns[] = {{"policy", TABLE_TEXT}, {"value", TABLE_ORDINAL}};
    struct table *table = table_new("policies", columns, COUNT(columns));
    for (size_t i = 0; i < genesis->n_policies; i++) {
        enum_cell(table, &points__v1__policy__descriptor, genesis->policies[i]->policy);
        table_number(table, genesis->policies[i]->value);
    }
    document_table_beside(document, NULL, NULL, table);
}

static void add_keys(struct document *document, const Points__V1__Genesis *genesis)
{
    static const struct table_column columns[] = {{"key", TABLE_TEXT}, {"role", TABLE_TEXT}, {"holder", TABLE_TEXT}};
    struct table *table = table_new("keys", columns, COUNT(columns));
    for (size_t i = 0; i < genesis->n_keys; i++) {
        key_cell(table, &genesis->keys[i]->key);
        owner_cells(table, genesis->keys[i]->role, genesis->keys[i]->holder);
    }
    document_table(document, NULL, NULL, table);
}

static void add_genesis(struct document *document, const Points__V1__Genesis *genesis)
{
    const ProtobufCEnumValue *source =
        protobuf_c_enum_descriptor_get_value(&points__v1__time_source__descriptor, genesis->time_source);
    document_text(document, "origin", genesis->origin);
    document_text(document, "time_source", source ? source->name : "?");
    document_hex(document, "nonce", genesis->nonce.data, genesis->nonce.len);
    document_hex(document, "checkpoint_key", genesis->checkpoint_key.data, genesis->checkpoint_key.len);
    add_municipalities(document, genesis);
    add_policies(document, genesis);
    add_keys(document, genesis);
}

// ---- transactions

static const struct table_column with_outcomes[] = {{"sequence", TABLE_ORDINAL}, {"id", TABLE_TEXT},
    {"type", TABLE_TEXT}, {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"expired", TABLE_NUMBER},
    {"previous", TABLE_ORDINAL}, {"fields", TABLE_TEXT}};
static const struct table_column without_outcomes[] = {
    {"sequence", TABLE_ORDINAL}, {"id", TABLE_TEXT}, {"type", TABLE_TEXT}, {"fields", TABLE_TEXT}};

static void outcome_cells(struct table *table, const struct points_outcome *outcome)
{
    table_text(table, outcome_name(outcome->code));
    table_number(table, outcome->points);
    table_number(table, outcome->expired);
    if (outcome->previous)
        table_number(table, outcome->previous);
    else
        table_empty(table);
}

static void add_transactions(struct document *document, const struct replay_block *block)
{
    struct table *table = block->outcomes ? table_new("transactions", with_outcomes, COUNT(with_outcomes))
                                          : table_new("transactions", without_outcomes, COUNT(without_outcomes));
    for (size_t i = 0; i < block->envelope->n_transactions; i++) {
        const Points__V1__Transaction *transaction = block->envelope->transactions[i];
        char *fields = transaction_text(transaction, NULL);
        table_number(table, block->header->first_sequence + i);
        id_cell(table, &transaction->id);
        table_text(table, transaction_name(transaction->body_case));
        if (block->outcomes)
            outcome_cells(table, &block->outcomes[i]);
        table_text(table, fields);
        free(fields);
    }
    document_table(document, NULL, NULL, table);
}

void block_sheet_body(struct document *document, const struct replay_block *block)
{
    if (block->genesis) {
        add_genesis(document, block->genesis);
        return;
    }
    if (block->envelope->dry_run_sha256.len)
        document_hex(document, "dry_run_sha256", block->envelope->dry_run_sha256.data, HASH_BYTES);
    add_transactions(document, block);
}

char *block_sheet_transaction(const Points__V1__Transaction *transaction)
{
    char id[ID_TEXT_BYTES], *fields = transaction_text(transaction, NULL);
    id_print(transaction->id.data, id);
    char *text = xprintf("%s %s %s", transaction_name(transaction->body_case), id, fields);
    free(fields);
    return text;
}
