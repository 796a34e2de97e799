// What the commands of `points` share: one row a command, and the context that a command runs in.
#pragma once

#include "proto/formats.h"
#include "tools/client.h"
#include "tools/command_line.h"
#include "proto/keyfile.h"
#include "tools/names.h"
#include "tools/table.h"

#include <stddef.h>
#include <stdint.h>

struct context;
typedef Points__V1__Request__BodyCase request_type;

// The synopsis drives parsing, usage and documentation (tools/synopsis.h): words are required, [words] are not,
// "--name VALUE" and "[--flag]" are the command's own options, "[--name VALUE]..." may be given again and again.
struct command {
    const char *name; // one word or two
    const char *synopsis, *summary;
    const char *key;                     // name of the key it uses unless --key says otherwise; NULL: none
    unsigned signers_min;                // 0: it signs nothing; 2: two operators must sign
    int (*run)(struct context *context); // returns the exit code
};

struct context {
    struct command_line line;
    const struct command *command;
    const char *dir, *socket, *out;
    const char *key_names[SIGNATURES_MAX];
    size_t key_count;
    enum table_format format;
    size_t characters_lost; // in what was printed: they change the exit code (main)

    // Made when first needed.
    struct keyfile keys[SIGNATURES_MAX];
    size_t keys_loaded;
    char own_key[32]; // the name of a municipality's
    struct client *client;
    role_code role; // of the first key, once proved
    struct names names;
};

// ---- context_*: each makes what it gives when first called, and ends the process when that fails.
char *context_path(struct context *context, const char *name);                      // DIR/name; the caller frees
const struct keyfile *context_keys(struct context *context, size_t *count);         // of --key, or the command's own
const struct keyfile *context_key_named(struct context *context, const char *name); // as one more signer
// The public key of a NAME.pub, of 64 hex digits, or by its name in DIR/keys.
void context_public_key(struct context *context, const char *text, uint8_t key[KEY_BYTES]);
// How people call a public key: its file in DIR/keys, if there is one, without .pub; or its digits. The caller frees.
char *context_key_name(struct context *context, const uint8_t key[KEY_BYTES]);
struct client *context_client(struct context *context);  // connected; no key proved
struct client *context_session(struct context *context); // its first key proved
const struct municipality_names *context_municipalities(struct context *context);
uint32_t context_municipality(struct context *context, const char *text); // a code, by any name
// Likewise; the key becomes that municipality's own, municipality-CODE, unless --key is given.
uint32_t context_own_municipality(struct context *context, const char *text);
uint32_t context_municipality_asked(struct context *context); // --municipality; 0: not given
uint32_t context_purpose_asked(struct context *context);      // --purpose, one that is defined; 0: not given
// All pages of a part of the programme, as the daemon has it now.
void context_programme(struct context *context, programme_part part, programme_page_fn *take, void *data);
// What has this number among the quests, purposes, campaigns or shops; NULL: nothing. They are asked for once.
const struct programme_name *context_named(struct context *context, programme_part part, uint32_t number);
struct names *context_names(struct context *context);
// Whether the asker is told of whole quests; a municipality sees its own rows, and no budget.
bool context_quests_told(const struct context *context);
// The connection's answer to a request whose body is of the type's message; ends the process when it is an error. The
// caller frees.
Points__V1__Response *context_call(struct context *context, request_type type, void *body);
void context_close(struct context *context);

// Prints and frees. Returns EXIT_SUCCESS.
int context_print(struct context *context, struct table *table);
const char *context_municipality_name(struct context *context, uint32_t code); // in Japanese; "?" for none
// Adds the cells of the three columns of MUNICIPALITY_COLUMNS; empty ones for 0.
void context_municipality_cells(struct context *context, struct table *table, uint32_t code);
// The cells of {"purpose", TABLE_ORDINAL}, {"purpose_name", TABLE_TEXT}; both empty for 0.
void context_purpose_cells(struct context *context, struct table *table, uint32_t purpose);

// The tables of commands, each ended by a row without a name.
extern const struct command commands_init[], commands_submit[], commands_accounts[], commands_residents[],
    commands_quests[], commands_programme[], commands_corrections[], commands_notices[], commands_queries[],
    commands_reports[], commands_batch[], commands_waon[], commands_witness[], commands_simulate[];
