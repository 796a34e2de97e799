#include "history.h"

#include "ledger/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>

enum { STATEMENT_STANDARD = 50, BLOCK_FRAME_BYTES = 64, TEXT_FRAME_BYTES = 24 };

#define MESSAGE(job, type, init)                                                                                       \
    ({                                                                                                                 \
        type *message_ = job_alloc(job, sizeof(type));                                                                 \
        *message_ = (type)init;                                                                                        \
        message_;                                                                                                      \
    })

// The ledger was whole when the daemon started: if it cannot be read now, nothing it says can be trusted.
static noreturn void cannot_read(const struct ledger_error *error)
{
    fprintf(stderr, "pointsd: leaving: the ledger cannot be read: %s\n", error->message);
    _Exit(EXIT_FAILURE);
}

static struct ledger_reading *begin(struct history *history)
{
    struct ledger_error error;
    struct ledger_reading *reading = ledger_read_begin(history->ledger, &error);
    if (!reading)
        cannot_read(&error);
    return reading;
}

static uint8_t *copy_bytes(struct arena *arena, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = arena_alloc(arena, size ? size : 1);
    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

// ---- recorded transactions

static noreturn void damaged(uint64_t sequence)
{
    struct ledger_error error;
    snprintf(error.message, sizeof error.message, "transaction %llu is damaged", (unsigned long long)sequence);
    cannot_read(&error);
}

// The block may be that of what was found last.
static bool find(struct history_search *search, uint64_t sequence)
{
    struct ledger_error error;
    struct ledger_place *place = &search->place;
    uint64_t position = sequence - (search->sequence - place->position);
    search->sequence = sequence;
    if (position < place->count) {
        place->position = position;
        return true;
    }
    if (!search->reading)
        search->reading = begin(search->history);
    place->count = 0;
    int found = ledger_read_sequence(search->reading, ledger_read_size(search->reading), sequence, place, &error);
    if (found < 0)
        cannot_read(&error);
    if (!found)
        return false;
    search->transactions = entry_walk_of((struct span){place->record.envelope, place->record.envelope_size});
    search->outcomes = outcome_walk_of((struct span){place->record.outcomes, place->record.outcomes_size});
    return true;
}

// The index of ids and the back-pointers name only what was recorded. Only a client's own number may name nothing.
static void find_recorded(struct history_search *search, uint64_t sequence)
{
    if (!find(search, sequence))
        damaged(sequence);
}

static struct span found_transaction(struct history_search *search)
{
    struct span transaction;
    if (!entry_walk_to(&search->transactions, search->place.position, &transaction))
        damaged(search->sequence);
    return transaction;
}

static void found_outcome(struct history_search *search, Points__V1__Outcome *outcome)
{
    if (!outcome_walk_to(&search->outcomes, search->place.position, outcome))
        damaged(search->sequence);
}

void history_search_end(struct history_search *search)
{
    ledger_read_end(search->reading);
    search->reading = NULL;
}

bool history_holds(struct history_search *search, uint64_t sequence, struct span transaction)
{
    find_recorded(search, sequence);
    struct span recorded = found_transaction(search);
    return recorded.size == transaction.size && memcmp(recorded.bytes, transaction.bytes, recorded.size) == 0;
}

bool history_holds_id(struct history_search *search, uint64_t sequence, const uint8_t id[ID_BYTES])
{
    find_recorded(search, sequence);
    return entry_has_id(found_transaction(search), id);
}

void history_decided(
    struct history_search *search, uint64_t sequence, struct arena *arena, struct points_decided *decided)
{
    Points__V1__Outcome outcome;
    find_recorded(search, sequence);
    struct span bytes = found_transaction(search);
    found_outcome(search, &outcome);
    decided->transaction = points__v1__transaction__unpack(&arena->allocator, bytes.size, bytes.bytes);
    decided->outcome = (struct points_outcome){outcome.code, outcome.points, outcome.expired, outcome.previous};
    decided->time = search->place.time;
    if (!decided->transaction)
        damaged(sequence);
}

// ---- errands

// NULL: the ledger has no such sequence number.
static Points__V1__LedgerEntry *read_entry(struct ledger_reading *reading, uint64_t sequence, struct job *job)
{
    struct history_search search = {.reading = reading};
    if (!find(&search, sequence))
        return NULL;
    struct span bytes = found_transaction(&search);
    Points__V1__LedgerEntry *entry = MESSAGE(job, Points__V1__LedgerEntry, POINTS__V1__LEDGER_ENTRY__INIT);
    entry->sequence = sequence;
    entry->block = search.place.block;
    entry->time = search.place.time;
    entry->transaction = points__v1__transaction__unpack(&job->arena.allocator, bytes.size, bytes.bytes);
    entry->outcome = job_alloc(job, sizeof *entry->outcome);
    found_outcome(&search, entry->outcome);
    if (!entry->transaction)
        damaged(sequence);
    return entry;
}

void history_run(struct history *history, struct job *job)
{
    Points__V1__Response response = POINTS__V1__RESPONSE__INIT;
    struct ledger_reading *reading = begin(history);
    job->errand(job, reading, &response);
    ledger_read_end(reading);
    job_respond(job, &response);
}

void history_transaction(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    Points__V1__TransactionReply *reply =
        MESSAGE(job, Points__V1__TransactionReply, POINTS__V1__TRANSACTION_REPLY__INIT);
    reply->entry = read_entry(reading, job->sequence, job);
    if (!reply->entry)
        job_refuse(job, REFUSAL(NOT_FOUND), "", "the ledger holds no transaction with this id");
    response->body_case = RESPONSE(TRANSACTION);
    response->transaction = reply;
}

// ---- the originals of duplicates

static Points__V1__Original *original_of(
    struct job *job, struct history_search *search, uint32_t position, uint64_t sequence)
{
    find_recorded(search, sequence);
    Points__V1__Original *original = MESSAGE(job, Points__V1__Original, POINTS__V1__ORIGINAL__INIT);
    original->position = position;
    original->sequence = sequence;
    original->outcome = job_alloc(job, sizeof *original->outcome);
    found_outcome(search, original->outcome);
    return original;
}

void history_submit(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    const Points__V1__Outcomes *outcomes = job->outcomes;
    struct history_search search = {.reading = reading};
    Points__V1__SubmitReply *reply = MESSAGE(job, Points__V1__SubmitReply, POINTS__V1__SUBMIT_REPLY__INIT);
    reply->block = job->block;
    reply->first_sequence = job->first_sequence;
    reply->time = job->time;
    reply->outcomes = job->outcomes;
    reply->originals = job_alloc(job, outcomes->n_code * sizeof *reply->originals);
    for (uint32_t i = 0; i < outcomes->n_code; i++)
        if (outcomes->code[i] == OUTCOME(DUPLICATE))
            reply->originals[reply->n_originals++] = original_of(job, &search, i, outcomes->previous[i]);
    response->body_case = RESPONSE(SUBMIT);
    response->submit = reply;
}

// ---- a statement: a walk along the back-pointers

static bool touches_by_target(const Points__V1__LedgerEntry *entry)
{
    return entry->outcome->code == OUTCOME(APPLIED) && points_target(entry->transaction);
}

// A page may begin only where the account's own walk passes. An answer to a conversion, or a reversal, names no
// account: the next entry of the walk that does tells whose it is.
static bool belongs(struct job *job, struct ledger_reading *reading, const Points__V1__LedgerEntry *entry,
    const ProtobufCBinaryData *account)
{
    while (entry && touches_by_target(entry))
        entry = read_entry(reading, entry->outcome->previous, job);
    if (!entry || entry->outcome->code == OUTCOME(DUPLICATE) || entry->outcome->code == OUTCOME(ID_REUSED))
        return false;
    const ProtobufCBinaryData *named = entry_account(entry->transaction);
    return named && memcmp(named->data, account->data, ID_BYTES) == 0;
}

void history_statement(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    const Points__V1__GetStatement *query = job->request->get_statement;
    uint32_t limit = query->limit ? query->limit : STATEMENT_STANDARD;
    Points__V1__StatementReply *reply = MESSAGE(job, Points__V1__StatementReply, POINTS__V1__STATEMENT_REPLY__INIT);
    reply->entries = job_alloc(job, limit * sizeof *reply->entries);
    reply->balance_points = job->balance_points;
    uint64_t sequence = job->sequence;
    while (sequence && reply->n_entries < limit) {
        Points__V1__LedgerEntry *entry = read_entry(reading, sequence, job);
        if (!entry || (reply->n_entries == 0 && !belongs(job, reading, entry, &query->account))) {
            job_refuse(job, REFUSAL(OUT_OF_RANGE), "get_statement.before",
                "no entry of this account; use `next` of the page before");
            break;
        }
        reply->entries[reply->n_entries++] = entry;
        sequence = entry->outcome->previous;
    }
    reply->next = sequence;
    response->body_case = RESPONSE(STATEMENT);
    response->statement = reply;
}

// ---- texts of notices

// False: there is none any more. What the ledger holds may be newer than what the decide thread saw.
static bool add_text(struct job *job, struct ledger_reading *reading, Points__V1__Notice *notice)
{
    struct ledger_text text;
    struct ledger_error error;
    int found = ledger_read_text(reading, notice->sequence, &text, &error);
    if (found < 0)
        cannot_read(&error);
    if (found)
        notice->text = (ProtobufCBinaryData){text.size, copy_bytes(&job->arena, text.bytes, text.size)};
    return found;
}

// A notice whose text was erased meanwhile was withdrawn before: it is in force no longer.
void history_notices(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    Points__V1__NoticesReply *reply = job->notices;
    size_t kept = 0;
    for (size_t i = 0; i < reply->n_notices; i++) {
        Points__V1__Notice *notice = reply->notices[i];
        if (!notice->erased && !add_text(job, reading, notice))
            notice->withdrawn = notice->erased = true;
        if (!notice->erased || job->request->get_notices->all)
            reply->notices[kept++] = notice;
    }
    reply->n_notices = kept;
    response->body_case = RESPONSE(NOTICES);
    response->notices = reply;
}

// ---- blocks

static Points__V1__Block *block_from(struct job *job, const struct ledger_record *record)
{
    Points__V1__Block *block = MESSAGE(job, Points__V1__Block, POINTS__V1__BLOCK__INIT);
    block->body = MESSAGE(job, Points__V1__BlockBody, POINTS__V1__BLOCK_BODY__INIT);
    block->header =
        (ProtobufCBinaryData){record->header_size, copy_bytes(&job->arena, record->header, record->header_size)};
    block->body->envelope =
        (ProtobufCBinaryData){record->envelope_size, copy_bytes(&job->arena, record->envelope, record->envelope_size)};
    block->body->outcomes =
        (ProtobufCBinaryData){record->outcomes_size, copy_bytes(&job->arena, record->outcomes, record->outcomes_size)};
    return block;
}

static size_t framed_size(const struct ledger_record *record)
{
    return record->header_size + record->envelope_size + record->outcomes_size + BLOCK_FRAME_BYTES;
}

static void add_block_texts(
    struct job *job, Points__V1__BlocksReply *reply, const struct ledger_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Points__V1__StoredText *text = MESSAGE(job, Points__V1__StoredText, POINTS__V1__STORED_TEXT__INIT);
        text->sequence = texts[i].sequence;
        text->text = (ProtobufCBinaryData){texts[i].size, copy_bytes(&job->arena, texts[i].bytes, texts[i].size)};
        reply->texts[reply->n_texts++] = text;
    }
}

// The next block with its texts, unless it would make the reply too large. `size` is the reply's.
static bool add_block(
    struct job *job, struct ledger_reading *reading, Points__V1__BlocksReply *reply, uint64_t index, size_t *size)
{
    struct ledger_error error;
    struct ledger_record record;
    struct ledger_text texts[ENVELOPE_TRANSACTIONS_MAX];
    int found = ledger_read_block(reading, index, &record, &error);
    int count = found > 0 ? ledger_read_texts_of(reading, index, texts, &error) : 0;
    if (found < 0 || count < 0)
        cannot_read(&error);
    if (!found)
        return false;
    *size += framed_size(&record);
    for (int i = 0; i < count; i++)
        *size += texts[i].size + TEXT_FRAME_BYTES;
    if (*size > RESPONSE_BYTES_MAX)
        return false;
    reply->blocks[reply->n_blocks++] = block_from(job, &record);
    add_block_texts(job, reply, texts, (size_t)count);
    return true;
}

void history_blocks(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    const Points__V1__GetBlocks *query = job->request->get_blocks;
    uint32_t limit = query->limit ? query->limit : HISTORY_BLOCKS_MAX;
    Points__V1__BlocksReply *reply = MESSAGE(job, Points__V1__BlocksReply, POINTS__V1__BLOCKS_REPLY__INIT);
    reply->blocks = job_alloc(job, limit * sizeof *reply->blocks);
    reply->texts = job_alloc(job, RESPONSE_BYTES_MAX / TEXT_FRAME_BYTES * sizeof *reply->texts);
    size_t size = BLOCK_FRAME_BYTES;
    while (reply->n_blocks < limit && add_block(job, reading, reply, query->from + reply->n_blocks, &size))
        ;
    reply->size = ledger_read_size(reading);
    response->body_case = RESPONSE(BLOCKS);
    response->blocks = reply;
}

// ---- the tree

static char *checkpoint_note(struct job *job, struct ledger_reading *reading)
{
    struct ledger_error error;
    char *note = job_alloc(job, NOTE_BYTES_MAX);
    if (!ledger_read_checkpoint(reading, note, &error))
        cannot_read(&error);
    return note;
}

// "": there is none.
static char *kept_note(struct job *job, struct ledger_reading *reading, enum ledger_kept kept, uint64_t blocks)
{
    struct ledger_error error;
    char *note = job_alloc(job, NOTE_BYTES_MAX);
    int found = ledger_read_kept(reading, kept, blocks, note, &error);
    if (found < 0)
        cannot_read(&error);
    if (!found)
        *note = '\0';
    return note;
}

void history_checkpoint(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    Points__V1__CheckpointReply *reply = MESSAGE(job, Points__V1__CheckpointReply, POINTS__V1__CHECKPOINT_REPLY__INIT);
    uint64_t size = job->request->get_checkpoint->size;
    uint64_t blocks = size ? size : ledger_read_size(reading);
    reply->note = kept_note(job, reading, LEDGER_CHECKPOINTS, blocks);
    reply->cosigned = kept_note(job, reading, LEDGER_COSIGNED, blocks);
    if (!*reply->note && !*reply->cosigned)
        job_refuse(job, REFUSAL(NOT_FOUND), "get_checkpoint.size", "no checkpoint of at most %llu blocks is kept",
            (unsigned long long)size);
    response->body_case = RESPONSE(CHECKPOINT);
    response->checkpoint = reply;
}

static bool read_node(void *reading, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    struct ledger_error error;
    if (!ledger_read_node(reading, level, position, hash, &error))
        cannot_read(&error);
    return true;
}

static Points__V1__ProofReply *proof_reply(
    struct job *job, struct ledger_reading *reading, uint64_t size, uint8_t hashes[][HASH_BYTES], size_t count)
{
    Points__V1__ProofReply *reply = MESSAGE(job, Points__V1__ProofReply, POINTS__V1__PROOF_REPLY__INIT);
    reply->size = size;
    reply->hashes = job_alloc(job, (count + 1) * sizeof *reply->hashes);
    for (size_t i = 0; i < count; i++)
        reply->hashes[reply->n_hashes++] =
            (ProtobufCBinaryData){HASH_BYTES, copy_bytes(&job->arena, hashes[i], HASH_BYTES)};
    if (size == ledger_read_size(reading))
        reply->checkpoint = checkpoint_note(job, reading);
    return reply;
}

void history_inclusion(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    const Points__V1__GetInclusionProof *query = job->request->get_inclusion_proof;
    uint64_t newest = ledger_read_size(reading), size = query->size ? query->size : newest;
    uint8_t hashes[TREE_PROOF_MAX][HASH_BYTES];
    size_t count = 0;
    Points__V1__ProofReply *reply = NULL;
    struct ledger_error error;
    struct ledger_record record;
    if (size > newest || query->index >= size)
        job_refuse(job, REFUSAL(OUT_OF_RANGE), "get_inclusion_proof", "the ledger has %llu blocks",
            (unsigned long long)newest);
    else if (!tree_prove_inclusion(query->index, size, read_node, reading, hashes, &count) ||
             ledger_read_block(reading, query->index, &record, &error) != 1)
        cannot_read(&error);
    else {
        reply = proof_reply(job, reading, size, hashes, count);
        reply->header =
            (ProtobufCBinaryData){record.header_size, copy_bytes(&job->arena, record.header, record.header_size)};
    }
    response->body_case = RESPONSE(PROOF);
    response->proof = reply;
}

void history_consistency(struct job *job, struct ledger_reading *reading, Points__V1__Response *response)
{
    const Points__V1__GetConsistencyProof *query = job->request->get_consistency_proof;
    uint64_t newest = ledger_read_size(reading), to = query->to_size ? query->to_size : newest;
    uint8_t hashes[TREE_PROOF_MAX][HASH_BYTES];
    size_t count = 0;
    Points__V1__ProofReply *reply = NULL;
    if (to > newest || query->from_size == 0 || query->from_size > to)
        job_refuse(job, REFUSAL(OUT_OF_RANGE), "get_consistency_proof",
            "sizes must be 1 <= from <= to; the ledger has %llu blocks", (unsigned long long)newest);
    else if (tree_prove_consistency(query->from_size, to, read_node, reading, hashes, &count))
        reply = proof_reply(job, reading, to, hashes, count);
    response->body_case = RESPONSE(PROOF);
    response->proof = reply;
}
