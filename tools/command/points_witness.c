// The command of a witness: cosigns the ledger's checkpoint, after it has seen that it goes on from the one before.
#include "ledger/note.h"
#include "tools/command/points.h"
#include "tools/consistency.h"
#include "tools/file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LAST_MODE = 0644, CHECKPOINT_KEYS_MAX = NOTE_SIGNERS_MAX };

// In locked memory; the caller frees with sodium_free.
static struct note_signer *signer_of(struct context *context)
{
    struct note_signer *signer = sodium_malloc(sizeof *signer);
    size_t count;
    const struct keyfile *key = context_keys(context, &count);
    const char *name = argument_xget(&context->line, 0);
    if (count != 1)
        fail_usage(&context->line, "a witness cosigns with one key");
    if (!*name || strlen(name) > NOTE_NAME_MAX || strpbrk(name, " +"))
        fail_usage(
            &context->line, "NAME: 1 to %d bytes without spaces and '+', as the key was registered", NOTE_NAME_MAX);
    if (!signer)
        fail(EXIT_FAILED, "out of locked memory for a key");
    signer->verifier = note_verifier_of(name, key->public_key);
    memcpy(signer->secret, key->secret, NOTE_SECRET_BYTES);
    return signer;
}

// The daemon's checkpoint must be signed with a key that the witness was given.
static void open_signed(struct context *context, const char *note, struct note_checkpoint *checkpoint)
{
    struct note_verifier verifiers[CHECKPOINT_KEYS_MAX] = {0};
    struct note_fault fault;
    size_t count = 0;
    if (!note_read_checkpoint(note, checkpoint, &fault))
        fail(EXIT_FAILED, "the daemon's answer is wrong: %s", fault.message);
    for (const char *key; (key = option_nth(&context->line, "checkpoint-key", count)); count++) {
        if (count == CHECKPOINT_KEYS_MAX)
            fail_usage(&context->line, "--checkpoint-key: at most %d", CHECKPOINT_KEYS_MAX);
        strcpy(verifiers[count].name, checkpoint->origin); // which the key signs
        context_public_key(context, key, verifiers[count].key);
    }
    if (count == 0)
        fail_usage(&context->line, "--checkpoint-key: give the key with which the daemon signs, as you were told it");
    if (!note_open_checkpoint(note, verifiers, count, checkpoint, &fault))
        fail(EXIT_FAILED, "nothing is cosigned: %s", fault.message);
}

// What the witness cosigned last. False: it begins now.
static bool read_last(const char *path, const struct note_verifier *witness, struct note_checkpoint *last)
{
    struct tool_error error;
    struct note_cosignature cosignature;
    struct note_fault fault;
    size_t size;
    if (access(path, F_OK) != 0)
        return false;
    char *note = (char *)file_read(path, NOTE_BYTES_MAX - 1, &size, &error);
    if (!note)
        fail_with(&error);
    if (!note_read_checkpoint(note, last, &fault) || !note_open_cosignature(note, witness, &cosignature, &fault))
        fail(EXIT_FAILED, "nothing is cosigned: %s is not what this witness cosigned last: %s", path, fault.message);
    free(note);
    return true;
}

static bool goes_on(struct context *context, const struct note_checkpoint *last, const struct note_checkpoint *now)
{
    Points__V1__GetConsistencyProof ask = POINTS__V1__GET_CONSISTENCY_PROOF__INIT;
    if (strcmp(last->origin, now->origin) != 0 || last->size > now->size)
        return false;
    ask.from_size = last->size;
    ask.to_size = now->size;
    Points__V1__Response *response = context_call(context, REQUEST(GET_CONSISTENCY_PROOF), &ask);
    bool good = consistency_holds(response->proof, last, now);
    client_free_response(response);
    return good;
}

static noreturn void fail_fork(const char *path, const char *note, const struct note_checkpoint *last)
{
    fputs(note, stdout);
    fflush(stdout);
    fail(EXIT_FAILED,
        "nothing is cosigned: this checkpoint does not go on from that of %llu blocks in %s. Two histories were "
        "signed: "
        "keep both and tell the auditors",
        (unsigned long long)last->size, path);
}

static void post(struct context *context, const char *note, const struct note_signer *signer)
{
    Points__V1__AddCosignature body = POINTS__V1__ADD_COSIGNATURE__INIT;
    body.note = (ProtobufCBinaryData){strlen(note), (uint8_t *)note};
    body.key = (ProtobufCBinaryData){KEY_BYTES, (uint8_t *)signer->verifier.key};
    Points__V1__Response *response = context_call(context, REQUEST(ADD_COSIGNATURE), &body);
    fputs(response->add_cosignature->note, stdout);
    client_free_response(response);
}

// What is cosigned is kept before anybody sees it: so the witness never cosigns two histories.
static int run_cosign(struct context *context)
{
    struct tool_error error;
    struct note_checkpoint now, last;
    struct note_cosignature cosignature;
    char note[NOTE_BYTES_MAX];
    const char *path = option_xget(&context->line, "last");
    struct note_signer *signer = signer_of(context);
    Points__V1__GetCheckpoint ask = POINTS__V1__GET_CHECKPOINT__INIT;
    Points__V1__Response *response = context_call(context, REQUEST(GET_CHECKPOINT), &ask);
    snprintf(note, sizeof note, "%s", response->checkpoint->note);
    client_free_response(response);
    open_signed(context, note, &now);
    if (!read_last(path, &signer->verifier, &last))
        say("%s is not there: this witness begins here, with %llu blocks", path, (unsigned long long)now.size);
    else if (!goes_on(context, &last, &now))
        fail_fork(path, note, &last);
    note_cosign(note, signer, time(NULL), &cosignature);
    if (!note_add_line(note, &cosignature))
        fail(EXIT_FAILED, "nothing is cosigned: the checkpoint has no room for one more line");
    if (!file_write_whole(path, LAST_MODE, (const uint8_t *)note, strlen(note), &error))
        fail_with(&error);
    post(context, note, signer);
    sodium_free(signer);
    return EXIT_SUCCESS;
}

const struct command commands_witness[] = {
    {"cosign", "NAME --last FILE [--checkpoint-key KEY]...",
        "cosign the newest checkpoint, if it goes on from the one in FILE", NULL, 0, run_cosign},
    {0},
};
