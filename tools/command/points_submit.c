// Commands on files: signed envelopes that travel from one signer to the next.
#include "proto/signing.h"
#include "tools/command/submit.h"
#include "tools/envelope_builder.h"
#include "tools/outcome_names.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static int run_submit(struct context *context)
{
    uint8_t *bytes;
    size_t size;
    Points__V1__SignedEnvelope *envelope = submit_read_file(argument_xget(&context->line, 0), &bytes, &size);
    points__v1__signed_envelope__free_unpacked(envelope, NULL);
    int code = submit_signed(context, bytes, size);
    free(bytes);
    return code;
}

// A signature beneath somebody else's broken one would be refused with it.
static void check_signatures(struct context *context, const Points__V1__SignedEnvelope *envelope, const char *path)
{
    for (size_t i = 0; i < envelope->n_signatures; i++) {
        const Points__V1__Signature *row = envelope->signatures[i];
        if (!signing_verify(
                SIGNING_ENVELOPE, envelope->envelope.data, envelope->envelope.len, row->key.data, row->signature.data))
            fail(EXIT_WRONG_USE, "a signature in %s does not verify: the file was changed after it was signed", path);
        char *name = context_key_name(context, row->key.data);
        say("signed with %s", name);
        free(name);
    }
}

static int run_countersign(struct context *context)
{
    const char *path = argument_xget(&context->line, 0), *to = context->out ? context->out : path;
    uint8_t *bytes, out[SIGNED_ENVELOPE_BYTES_MAX];
    size_t size, key_count;
    Points__V1__SignedEnvelope *envelope = submit_read_file(path, &bytes, &size);
    check_signatures(context, envelope, path);
    const struct keyfile *keys = context_keys(context, &key_count);
    if (key_count != 1)
        fail_usage(&context->line, "countersign with one key at a time");
    submit_print_envelope(context, envelope);
    size = envelope_countersign(envelope, keys, out);
    if (!size)
        fail(EXIT_WRONG_USE,
            envelope->n_signatures == SIGNATURES_MAX ? "%s has four signatures; no more are allowed"
                                                     : "%s is signed with this key already, or too large for one more",
            path);
    submit_write_file(to, out, size);
    say("%s now has %zu signatures; send it with: points submit %s", to, envelope->n_signatures + 1, to);
    points__v1__signed_envelope__free_unpacked(envelope, NULL);
    free(bytes);
    return EXIT_SUCCESS;
}

static int run_show(struct context *context)
{
    uint8_t *bytes;
    size_t size;
    Points__V1__SignedEnvelope *envelope = submit_read_file(argument_xget(&context->line, 0), &bytes, &size);
    check_signatures(context, envelope, argument_xget(&context->line, 0));
    submit_print_envelope(context, envelope);
    points__v1__signed_envelope__free_unpacked(envelope, NULL);
    free(bytes);
    return EXIT_SUCCESS;
}

const struct command commands_submit[] = {
    {"show", "FILE", "show what a signed envelope holds, and check its signatures", NULL, 0, run_show},
    {"countersign", "FILE", "show a signed envelope and add a signature to it (--key NAME)", NULL, 1, run_countersign},
    {"submit", "FILE", "send a signed envelope; as often as you like", NULL, 0, run_submit},
    {0},
};
