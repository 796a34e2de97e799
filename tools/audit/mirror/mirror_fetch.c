// A mirror's blocks on their way from the daemon, and the texts of notices that lie beside them.
#include "tools/audit/mirror/mirror.h"
#include "ledger/hash.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS_A_PAGE = 1000 };

// A notice that was posted in the blocks being fetched.
struct mirror_notice {
    uint64_t sequence;
    uint8_t id[ID_BYTES];
    bool has_text, erased;
};

// ---- which texts there are, as the blocks have it. Whether they are right the replay says.

static void add_notice(
    struct mirror *mirror, const Points__V1__Transaction *transaction, uint64_t sequence, bool has_text)
{
    if (transaction->id.len != ID_BYTES)
        return;
    if (mirror->notice_count == mirror->notice_capacity) {
        mirror->notice_capacity = 2 * mirror->notice_capacity + 64;
        mirror->notices = xrealloc(mirror->notices, mirror->notice_capacity * sizeof *mirror->notices);
    }
    struct mirror_notice *notice = &mirror->notices[mirror->notice_count++];
    *notice = (struct mirror_notice){.sequence = sequence, .has_text = has_text};
    memcpy(notice->id, transaction->id.data, ID_BYTES);
}

// The sequence number of an erased notice; 0: there is no such notice.
static uint64_t erase_notice(struct mirror *mirror, const ProtobufCBinaryData *id)
{
    const struct points_state *state = mirror->replay.fold.state;
    if (id->len != ID_BYTES)
        return 0;
    for (size_t i = 0; i < mirror->notice_count; i++)
        if (!memcmp(mirror->notices[i].id, id->data, ID_BYTES)) {
            mirror->notices[i].erased = true;
            return mirror->notices[i].sequence;
        }
    for (size_t i = 0; i < points_notice_count(state); i++) {
        struct points_notice notice = points_notice_at(state, i);
        if (!memcmp(notice.id, id->data, ID_BYTES))
            return notice.sequence;
    }
    return 0;
}

// ---- which keys may sign, as the blocks have it

static void register_key(struct mirror *mirror, const Points__V1__RegisterKey *registered)
{
    if (registered->role == ROLE(CHECKPOINT) && registered->key.len == KEY_BYTES)
        mirror_add_verifier(mirror, registered->key.data);
}

static void revoke_key(struct mirror *mirror, const ProtobufCBinaryData *key)
{
    for (size_t i = 0; i < mirror->verifier_count; i++)
        if (key->len == KEY_BYTES && !memcmp(mirror->verifiers[i].key, key->data, KEY_BYTES)) {
            mirror->verifiers[i] = mirror->verifiers[--mirror->verifier_count];
            return;
        }
}

// ---- a block

// A text that was erased before it was asked for never comes; then the block that erases it is there already.
static bool lacks_texts(const struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->notice_count; i++)
        if (!mirror->notices[i].has_text && !mirror->notices[i].erased)
            return true;
    return false;
}

// What of the reply's texts, which are in the order of their blocks, belongs to a block.
struct texts {
    Points__V1__StoredText **next, **end;
    struct ledger_text stored[ENVELOPE_TRANSACTIONS_MAX];
    uint64_t erased[ENVELOPE_TRANSACTIONS_MAX];
    size_t stored_count, erased_count;
    bool wrong; // one is not what was signed
};

// False: it is not there.
static bool take_text(struct texts *texts, uint64_t sequence, const Points__V1__PostNotice *notice)
{
    uint8_t digest[HASH_BYTES];
    if (texts->next == texts->end || (*texts->next)->sequence != sequence)
        return false;
    const ProtobufCBinaryData *bytes = &(*texts->next++)->text;
    hash_bytes(bytes->data, bytes->len, digest);
    texts->wrong |= notice->text_sha256.len != HASH_BYTES || memcmp(digest, notice->text_sha256.data, HASH_BYTES) != 0;
    texts->stored[texts->stored_count++] = (struct ledger_text){sequence, bytes->data, bytes->len};
    return true;
}

static void take_transaction(
    struct mirror *mirror, const Points__V1__Transaction *transaction, uint64_t sequence, struct texts *texts)
{
    uint64_t erased;
    switch (transaction->body_case) {
    case TRANSACTION(POST_NOTICE):
        add_notice(mirror, transaction, sequence, take_text(texts, sequence, transaction->post_notice));
        break;
    case TRANSACTION(ERASE_NOTICE):
        erased = erase_notice(mirror, &transaction->erase_notice->notice);
        if (erased)
            texts->erased[texts->erased_count++] = erased;
        break;
    case TRANSACTION(REGISTER_KEY):
        register_key(mirror, transaction->register_key);
        break;
    case TRANSACTION(REVOKE_KEY):
        revoke_key(mirror, &transaction->revoke_key->key);
        break;
    default:
        break;
    }
}

// What must be known of a block before it is folded. What cannot be read the replay will tell.
static void take_transactions(struct mirror *mirror, const Points__V1__Block *block, struct texts *texts)
{
    ProtobufCAllocator *allocator = &mirror->arena.allocator;
    const ProtobufCBinaryData *bytes = &block->body->envelope, *packed = &block->body->outcomes;
    arena_reset(&mirror->arena);
    texts->stored_count = texts->erased_count = 0;
    const Points__V1__BlockHeader *header =
        points__v1__block_header__unpack(allocator, block->header.len, block->header.data);
    const Points__V1__Envelope *envelope = points__v1__envelope__unpack(allocator, bytes->len, bytes->data);
    const Points__V1__Outcomes *outcomes = points__v1__outcomes__unpack(allocator, packed->len, packed->data);
    if (!header || !envelope || !outcomes || outcomes->n_code != envelope->n_transactions ||
        envelope->n_transactions > ENVELOPE_TRANSACTIONS_MAX)
        return;
    for (size_t i = 0; i < envelope->n_transactions; i++)
        if (outcomes->code[i] == OUTCOME(APPLIED))
            take_transaction(mirror, envelope->transactions[i], header->first_sequence + i, texts);
}

static enum mirror_result give_up(struct mirror *mirror, const char *what)
{
    ledger_mirror_abort(mirror->mirroring);
    mirror->mirroring = NULL;
    return mirror_raise(mirror, "WRONG_BLOCK", "%s", what);
}

static enum mirror_result take_block(struct mirror *mirror, const Points__V1__Block *block, struct texts *texts)
{
    if (!block->body)
        return give_up(mirror, "the daemon gave a block without its body");
    take_transactions(mirror, block, texts);
    if (texts->wrong)
        return give_up(mirror, "the daemon gave a text that does not have the SHA-256 that was signed");
    const struct ledger_record record = {.header = block->header.data,
        .header_size = block->header.len,
        .envelope = block->body->envelope.data,
        .envelope_size = block->body->envelope.len,
        .outcomes = block->body->outcomes.data,
        .outcomes_size = block->body->outcomes.len};
    int taken = ledger_mirror_block(
        mirror->mirroring, &record, texts->stored, texts->stored_count, texts->erased, texts->erased_count);
    if (taken < 0)
        fail(EXIT_FAILED, "the mirror cannot be written: %s", mirror->ledger_error.message);
    return taken ? MIRROR_GREW : give_up(mirror, mirror->ledger_error.message);
}

// ---- pages

static enum mirror_result take_page(struct mirror *mirror, const Points__V1__BlocksReply *reply, size_t wanted)
{
    struct texts texts = {.next = reply->texts, .end = reply->texts + reply->n_texts};
    enum mirror_result result = MIRROR_GREW;
    if (reply->n_blocks > wanted)
        return give_up(mirror, "the daemon gave more blocks than it was asked for");
    for (size_t i = 0; i < reply->n_blocks && result == MIRROR_GREW; i++)
        result = take_block(mirror, reply->blocks[i], &texts);
    if (result != MIRROR_GREW)
        return result;
    if (texts.next != texts.end)
        return give_up(mirror, "the daemon gave a text that belongs to none of the blocks");
    uint64_t size = ledger_mirror_size(mirror->mirroring);
    mirror->lag_blocks = reply->size > size ? reply->size - size : 0;
    return MIRROR_GREW;
}

static enum mirror_result fetch_page(struct mirror *mirror, struct client *client)
{
    uint64_t from = ledger_mirror_size(mirror->mirroring), left = mirror->newest.checkpoint.size - from;
    Points__V1__GetBlocks query = POINTS__V1__GET_BLOCKS__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    query.from = from;
    query.limit = left < BLOCKS_A_PAGE ? (uint32_t)left : BLOCKS_A_PAGE;
    request.body_case = REQUEST(GET_BLOCKS);
    request.get_blocks = &query;
    Points__V1__Response *response = mirror_ask(mirror, client, &request);
    if (!response)
        return mirror_failed(mirror);
    enum mirror_result result = take_page(mirror, response->blocks, query.limit);
    if (result == MIRROR_GREW && response->blocks->n_blocks == 0) {
        tool_fail(&mirror->error, "the daemon gave no blocks, though its checkpoint speaks of more");
        result = MIRROR_LOST;
    }
    client_free_response(response);
    return result;
}

static enum mirror_result fetch_pages(struct mirror *mirror, struct client *client)
{
    enum mirror_result result = MIRROR_GREW;
    while (result == MIRROR_GREW && ledger_mirror_size(mirror->mirroring) < mirror->newest.checkpoint.size)
        result = *mirror->stop ? MIRROR_STOPPED : fetch_page(mirror, client);
    return result;
}

static enum mirror_result commit(struct mirror *mirror)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    const struct note_verifier *verifiers = mirror->verifiers;
    if (!note_open_checkpoint(mirror->newest.note, verifiers, mirror->verifier_count, &checkpoint, &fault))
        return mirror_raise_signature(mirror, mirror->newest.note, &fault);
    int committed = ledger_mirror_commit(mirror->mirroring, mirror->newest.note, verifiers, mirror->verifier_count);
    mirror->mirroring = NULL;
    if (committed < 0)
        fail(EXIT_FAILED, "the mirror cannot be written: %s", mirror->ledger_error.message);
    if (!committed)
        return mirror_raise(mirror, "WRONG_BLOCK", "%s", mirror->ledger_error.message);
    mirror->newest.proven = true;
    mirror->proven = mirror->newest;
    return MIRROR_GREW;
}

enum mirror_result mirror_fetch(struct mirror *mirror, struct client *client)
{
    enum mirror_result result = MIRROR_GREW;
    if (!mirror->mirroring) {
        mirror->notice_count = 0;
        mirror->mirroring = ledger_mirror_begin(mirror->ledger, &mirror->ledger_error);
        if (!mirror->mirroring)
            fail(EXIT_FAILED, "the mirror cannot be written: %s", mirror->ledger_error.message);
    }
    if (!client_authenticate(client, mirror->key, NULL, &mirror->error))
        return mirror_failed(mirror);
    do
        result = fetch_pages(mirror, client);
    while (result == MIRROR_GREW && lacks_texts(mirror) && (result = mirror_look(mirror, client)) == MIRROR_GREW);
    if (result == MIRROR_SAME)
        return give_up(mirror, "the daemon keeps back the text of a notice that was not erased");
    return result == MIRROR_GREW ? commit(mirror) : result;
}
