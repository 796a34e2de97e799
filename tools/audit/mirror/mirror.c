#include "tools/audit/mirror/mirror.h"
#include "ledger/base64.h"
#include "ledger/hash.h"
#include "replay/block.h"
#include "tools/audit/registered_keys.h"
#include "tools/consistency.h"
#include "tools/file.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES = 16 << 20, ID_TEXT_BYTES = 2 * HASH_BYTES + 1 };

enum mirror_result mirror_raise(struct mirror *mirror, const char *name, const char *format, ...)
{
    va_list arguments;
    mirror->alarm.name = name;
    va_start(arguments, format);
    vsnprintf(mirror->alarm.message, sizeof mirror->alarm.message, format, arguments);
    va_end(arguments);
    return MIRROR_ALARM;
}

// ---- asking

Points__V1__Response *mirror_ask(struct mirror *mirror, struct client *client, Points__V1__Request *request)
{
    return client_call(client, request, &mirror->error);
}

// A daemon that has too many connections may have room later; a key that it does not accept stays one.
enum mirror_result mirror_failed(const struct mirror *mirror)
{
    refusal_code refusal = mirror->error.refusal;
    return refusal == REFUSAL(REFUSAL_NONE) || refusal == REFUSAL(BUSY) ? MIRROR_LOST : MIRROR_REFUSED;
}

// ---- what was seen

static char *hex_of(const uint8_t hash[HASH_BYTES], char text[ID_TEXT_BYTES])
{
    return sodium_bin2hex(text, ID_TEXT_BYTES, hash, HASH_BYTES);
}

static void keep_file(const struct mirror *mirror, const char *name, const char *behind, const char *note)
{
    struct tool_error error;
    char *path = xprintf("%s/evidence-%s%s.note", mirror->dir, name, behind);
    if (!file_write_whole(path, 0640, (const uint8_t *)note, strlen(note), &error))
        say("%s", error.message);
    free(path);
}

// Their note and ours, in two files that any verifier of signed notes reads.
static void keep_evidence(struct mirror *mirror, const char *note)
{
    enum { NAME_HASH_BYTES = 4 };
    uint8_t hash[HASH_BYTES];
    char name[2 * NAME_HASH_BYTES + 1];
    hash_bytes((const uint8_t *)note, strlen(note), hash);
    sodium_bin2hex(name, sizeof name, hash, NAME_HASH_BYTES);
    keep_file(mirror, name, "", note);
    if (*mirror->proven.note)
        keep_file(mirror, name, "-ours", mirror->proven.note);
    size_t size = strlen(mirror->alarm.message);
    snprintf(mirror->alarm.message + size, sizeof mirror->alarm.message - size, "; evidence: %s/evidence-%s.note%s",
        mirror->dir, name, *mirror->proven.note ? " and -ours.note" : "");
}

static enum mirror_result raise_fork(struct mirror *mirror, const struct note_checkpoint *theirs)
{
    char their_root[BASE64_BYTES(HASH_BYTES)], our_root[BASE64_BYTES(HASH_BYTES)];
    base64_write(theirs->root, HASH_BYTES, their_root);
    base64_write(mirror->newest.checkpoint.root, HASH_BYTES, our_root);
    return mirror_raise(mirror, "FORK",
        "the daemon signed %" PRIu64 " blocks with root %s, which are not a continuation of the %" PRIu64
        " blocks with root %s that it signed before",
        theirs->size, their_root, mirror->newest.checkpoint.size, our_root);
}

static enum mirror_result compare_shorter(struct mirror *mirror, const struct note_checkpoint *theirs)
{
    bool known = theirs->size <= ledger_size(mirror->ledger);
    if (known && !ledger_has_root(mirror->ledger, theirs->size, theirs->root))
        return raise_fork(mirror, theirs);
    return mirror_raise(mirror, "SHRUNK",
        "the daemon's ledger has %" PRIu64 " blocks, but it signed %" PRIu64
        " before: an older copy was put in its place, and what is recorded now will be a fork",
        theirs->size, mirror->newest.checkpoint.size);
}

// Whether the tree of theirs begins with the one of the newest that we saw, as the daemon can prove if it is so.
static enum mirror_result compare_longer(
    struct mirror *mirror, struct client *client, const struct note_checkpoint *theirs)
{
    Points__V1__GetConsistencyProof query = POINTS__V1__GET_CONSISTENCY_PROOF__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    const struct note_checkpoint *ours = &mirror->newest.checkpoint;
    query.from_size = ours->size;
    query.to_size = theirs->size;
    request.body_case = REQUEST(GET_CONSISTENCY_PROOF);
    request.get_consistency_proof = &query;
    Points__V1__Response *response = mirror_ask(mirror, client, &request);
    if (!response)
        return mirror_failed(mirror);
    bool continues = consistency_holds(response->proof, ours, theirs);
    client_free_response(response);
    return continues ? MIRROR_GREW : raise_fork(mirror, theirs);
}

static enum mirror_result compare(struct mirror *mirror, struct client *client, const struct note_checkpoint *theirs)
{
    const struct note_checkpoint *ours = &mirror->newest.checkpoint;
    if (theirs->size < ours->size)
        return compare_shorter(mirror, theirs);
    if (theirs->size > ours->size)
        return compare_longer(mirror, client, theirs);
    return memcmp(theirs->root, ours->root, HASH_BYTES) == 0 ? MIRROR_SAME : raise_fork(mirror, theirs);
}

enum mirror_result mirror_raise_signature(struct mirror *mirror, const char *note, const struct note_fault *fault)
{
    mirror_raise(mirror, "WRONG_SIGNATURE", "the daemon's checkpoint is not what it should be: %s", fault->message);
    keep_evidence(mirror, note);
    return MIRROR_ALARM;
}

// By a key that was the ledger's once, though it may be revoked by now: an older copy's daemon still signs with it.
static bool signed_once(const struct mirror *mirror, const char *note)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    size_t count = 0;
    struct ledger_reading *reading = audit_read(mirror->ledger);
    struct registered_keys keys = registered_keys_read(reading, ledger_read_size(reading));
    struct note_verifier *verifiers = xcalloc(keys.count, sizeof *verifiers);
    ledger_read_end(reading);
    for (size_t i = 0; i < keys.count; i++)
        if (keys.rows[i].role == ROLE(CHECKPOINT))
            verifiers[count++] = note_verifier_of(keys.origin, keys.rows[i].key);
    bool opened = note_open_checkpoint(note, verifiers, count, &checkpoint, &fault);
    free(verifiers);
    registered_keys_free(&keys);
    return opened;
}

static void take_seen(struct mirror *mirror, const struct mirror_seen *seen)
{
    mirror->newest = *seen;
    if (seen->proven)
        mirror->proven = *seen;
}

// A note that may take the newest's place. A longer one may be signed by a key that its blocks register.
static enum mirror_result judge(struct mirror *mirror, struct client *client, const char *note)
{
    struct note_fault fault = {"it is too long"};
    struct mirror_seen seen;
    bool fits = strlen(note) < sizeof seen.note && note_read_checkpoint(note, &seen.checkpoint, &fault);
    seen.proven =
        fits && note_open_checkpoint(note, mirror->verifiers, mirror->verifier_count, &seen.checkpoint, &fault);
    if (!fits)
        return mirror_raise_signature(mirror, note, &fault);
    enum mirror_result result = compare(mirror, client, &seen.checkpoint);
    if (!seen.proven && (result == MIRROR_SAME || (result == MIRROR_ALARM && !signed_once(mirror, note))))
        return mirror_raise_signature(mirror, note, &fault);
    if (result == MIRROR_ALARM)
        keep_evidence(mirror, note);
    if (result == MIRROR_GREW || (result == MIRROR_SAME && !*mirror->newest.note)) {
        strcpy(seen.note, note);
        take_seen(mirror, &seen);
    }
    return result;
}

enum mirror_result mirror_look(struct mirror *mirror, struct client *client)
{
    Points__V1__GetCheckpoint query = POINTS__V1__GET_CHECKPOINT__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(GET_CHECKPOINT);
    request.get_checkpoint = &query;
    Points__V1__Response *response = mirror_ask(mirror, client, &request);
    if (!response)
        return mirror_failed(mirror);
    enum mirror_result result = judge(mirror, client, response->checkpoint->note);
    client_free_response(response);
    return result;
}

// ---- the mirror's own ledger

void mirror_add_verifier(struct mirror *mirror, const uint8_t *key)
{
    if (mirror->verifier_count == mirror->verifier_capacity) {
        mirror->verifier_capacity = 2 * mirror->verifier_capacity + NOTE_SIGNERS_MAX;
        mirror->verifiers = xrealloc(mirror->verifiers, mirror->verifier_capacity * sizeof *mirror->verifiers);
    }
    mirror->verifiers[mirror->verifier_count++] =
        note_verifier_of(points_genesis(mirror->replay.fold.state)->origin, key);
}

static void list_verifiers(struct mirror *mirror)
{
    const struct points_state *state = mirror->replay.fold.state;
    uint64_t sequence = points_last_sequence(state);
    mirror->verifier_count = 0;
    for (size_t i = 0; i < points_checkpoint_key_count(state, sequence); i++)
        mirror_add_verifier(mirror, points_checkpoint_key_at(state, sequence, i));
}

// Back to what the mirror holds: of more nothing was seen.
static void begin_seen(struct mirror *mirror)
{
    struct ledger_error error;
    struct mirror_seen seen = {.checkpoint.size = mirror->replay.edge.size, .proven = true};
    ledger_mirror_abort(mirror->mirroring);
    mirror->mirroring = NULL;
    list_verifiers(mirror);
    tree_root(&mirror->replay.edge, seen.checkpoint.root);
    struct ledger_reading *reading = audit_read(mirror->ledger);
    if (!ledger_read_checkpoint(reading, seen.note, &error))
        *seen.note = '\0'; // of genesis alone; the replay would have found fault otherwise
    ledger_read_end(reading);
    take_seen(mirror, &seen);
}

static enum replay_result open_and_check(struct mirror *mirror)
{
    struct ledger_error error;
    mirror->ledger = ledger_open(mirror->dir, LEDGER_WRITE, &error);
    if (!mirror->ledger)
        fail(EXIT_FAILED, "%s", error.message);
    enum replay_result result = audit_replay(mirror->ledger, &(struct audit_pass){.signatures = true}, &mirror->replay);
    if (result == REPLAY_HOLDS)
        begin_seen(mirror);
    return result;
}

void mirror_open(struct mirror *mirror, struct audit *audit)
{
    arena_init(&mirror->arena, ARENA_BYTES);
    if (!ledger_is_in(mirror->dir))
        return;
    enum replay_result result = open_and_check(mirror);
    if (result != REPLAY_HOLDS)
        exit(audit_fault(audit, result, &mirror->replay.fault));
}

void mirror_close(struct mirror *mirror)
{
    ledger_mirror_abort(mirror->mirroring);
    free(mirror->notices);
    free(mirror->verifiers);
    arena_free(&mirror->arena);
    if (!mirror->ledger)
        return;
    audit_replay_end(&mirror->replay);
    ledger_close(mirror->ledger);
}

// ---- the first contact

static bool hashes_to(const Points__V1__Block *block, const uint8_t id[HASH_BYTES])
{
    uint8_t leaf[HASH_BYTES];
    hash_leaf(block->header.data, block->header.len, leaf);
    return block->body && memcmp(leaf, id, HASH_BYTES) == 0;
}

// What is not a genesis at all is the daemon's fault, before anything is made of it.
static bool read_genesis(
    struct mirror *mirror, const Points__V1__Block *given, struct replay_block *block, struct replay_fault *fault)
{
    const ProtobufCBinaryData *genesis = &given->body->envelope, *outcomes = &given->body->outcomes;
    *block = (struct replay_block){.record = {.header = given->header.data,
                                       .header_size = given->header.len,
                                       .envelope = genesis->data,
                                       .envelope_size = genesis->len,
                                       .outcomes = outcomes->data,
                                       .outcomes_size = outcomes->len}};
    arena_reset(&mirror->arena);
    return replay_check_header(0, &mirror->arena, block, fault) &&
           replay_check_body(NULL, &mirror->arena, block, fault);
}

// A header made here of the same genesis and signatures has the same bytes, unless it is in another form.
static void create(const struct mirror *mirror, const struct replay_block *genesis)
{
    struct ledger_error error;
    if (!ledger_create(mirror->dir, genesis->record.envelope, genesis->record.envelope_size,
            (const Points__V1__Signature *const *)genesis->header->signatures, genesis->header->n_signatures, &error))
        fail(EXIT_FAILED, "the mirror cannot be made: %s", error.message);
}

static void remove_created(const struct mirror *mirror)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "ledger.lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = xprintf("%s/%s", mirror->dir, names[i]);
        unlink(path);
        free(path);
    }
    rmdir(mirror->dir);
}

static enum mirror_result take_genesis(
    struct mirror *mirror, const Points__V1__Block *given, const uint8_t id[HASH_BYTES])
{
    struct replay_block genesis;
    struct replay_fault fault;
    if (!hashes_to(given, id))
        return mirror_raise(mirror, "WRONG_BLOCK", "the daemon's block 0 does not have the ledger id that it claims");
    if (!read_genesis(mirror, given, &genesis, &fault))
        return mirror_raise(mirror, "WRONG_BLOCK", "the daemon's genesis does not hold: %s", fault.message);
    create(mirror, &genesis);
    enum replay_result result = open_and_check(mirror);
    bool same = memcmp(ledger_id(mirror->ledger), id, HASH_BYTES) == 0;
    if (result == REPLAY_HOLDS && same)
        return MIRROR_SAME;
    mirror_raise(mirror, "WRONG_BLOCK", "the daemon's genesis does not hold: %s",
        same ? mirror->replay.fault.message : "its header is not in its one form");
    audit_replay_end(&mirror->replay);
    ledger_close(mirror->ledger);
    mirror->ledger = NULL;
    remove_created(mirror);
    return MIRROR_ALARM;
}

static enum mirror_result fetch_genesis(struct mirror *mirror, struct client *client, const uint8_t id[HASH_BYTES])
{
    Points__V1__GetBlocks query = POINTS__V1__GET_BLOCKS__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    query.limit = 1;
    request.body_case = REQUEST(GET_BLOCKS);
    request.get_blocks = &query;
    Points__V1__Response *response = mirror_ask(mirror, client, &request);
    if (!response)
        return mirror_failed(mirror);
    enum mirror_result result =
        response->blocks->n_blocks == 1
            ? take_genesis(mirror, response->blocks->blocks[0], id)
            : mirror_raise(mirror, "WRONG_BLOCK", "the daemon does not give block 0 when asked for it");
    client_free_response(response);
    return result;
}

static void tell_trust(const uint8_t id[HASH_BYTES])
{
    char text[ID_TEXT_BYTES];
    say("first contact: nothing vouches for it that this is the ledger which you mean. From now on this mirror takes "
        "no "
        "other than the one with the id\n  %s\nCompare it with the id that you know (--ledger-id checks it)",
        hex_of(id, text));
}

enum mirror_result mirror_meet(struct mirror *mirror, struct client *client, const uint8_t *expected)
{
    char theirs[ID_TEXT_BYTES], ours[ID_TEXT_BYTES];
    const uint8_t *id = client_hello(client)->ledger_id.data;
    if (mirror->ledger && expected && memcmp(ledger_id(mirror->ledger), expected, HASH_BYTES) != 0)
        fail(EXIT_WRONG_USE, "the mirror in %s is of the ledger %s, not of the one that --ledger-id names", mirror->dir,
            hex_of(ledger_id(mirror->ledger), ours));
    if (mirror->ledger)
        expected = ledger_id(mirror->ledger);
    if (expected && memcmp(id, expected, HASH_BYTES) != 0)
        return mirror_raise(mirror, "OTHER_LEDGER", "the daemon serves the ledger %s, not %s", hex_of(id, theirs),
            hex_of(expected, ours));
    if (mirror->ledger && !mirror->newest.proven)
        begin_seen(mirror); // nobody vouches for it that this connection leads to the same daemon
    if (mirror->ledger)
        return MIRROR_SAME;
    if (!expected)
        tell_trust(id);
    if (!client_authenticate(client, mirror->key, NULL, &mirror->error))
        return mirror_failed(mirror);
    return fetch_genesis(mirror, client, id);
}

// ---- catching up

static enum mirror_result check_more(struct mirror *mirror)
{
    enum replay_result result = replay_more(&mirror->replay);
    if (result == REPLAY_UNREADABLE)
        fail(EXIT_FAILED, "%s", mirror->replay.fault.message);
    if (result == REPLAY_HOLDS)
        return MIRROR_GREW;
    mirror_raise(mirror, "WRONG_BLOCK", "what the daemon signed does not hold: %s", mirror->replay.fault.message);
    keep_evidence(mirror, mirror->newest.note);
    return MIRROR_ALARM;
}

enum mirror_result mirror_catch_up(struct mirror *mirror, struct client *client)
{
    enum mirror_result result = mirror_look(mirror, client);
    if (result != MIRROR_SAME && result != MIRROR_GREW)
        return result;
    if (!mirror->mirroring && mirror->newest.checkpoint.size == ledger_size(mirror->ledger))
        return MIRROR_SAME;
    result = mirror_fetch(mirror, client);
    return result == MIRROR_GREW ? check_more(mirror) : result;
}
