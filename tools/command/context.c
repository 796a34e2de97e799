// The context that a command runs in: run folder, keys, connection, names; each made when first needed.
#include "tools/command/points.h"
#include "tools/jst.h"
#include "tools/shown.h"

#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *context_path(struct context *context, const char *name)
{
    if (!context->dir)
        fail(EXIT_WRONG_USE, "which ledger? Give --dir DIR (the folder that `points init` made) or set POINTS_DIR");
    return xprintf("%s/%s", context->dir, name);
}

// ---- keys

static char *key_path(struct context *context, const char *name)
{
    if (strchr(name, '/') || !context->dir)
        return xstrdup(name);
    char *in_dir = xprintf("%s/keys/%s.key", context->dir, name);
    if (access(in_dir, F_OK) == 0 || access(name, F_OK) != 0)
        return in_dir;
    free(in_dir);
    return xstrdup(name);
}

static void load_key(struct context *context, const char *name)
{
    struct keyfile_error error;
    char *path = key_path(context, name);
    if (context->keys_loaded == SIGNATURES_MAX)
        fail(EXIT_WRONG_USE, "at most %d keys can sign", SIGNATURES_MAX);
    if (!keyfile_load(path, &context->keys[context->keys_loaded], &error))
        fail(EXIT_WRONG_USE, "%s%s", error.message,
            context->dir ? "" : "; give --dir DIR to find keys by their names, or --key with a path");
    for (size_t i = 0; i < context->keys_loaded; i++)
        if (!memcmp(context->keys[i].public_key, context->keys[context->keys_loaded].public_key, KEY_BYTES))
            fail(EXIT_WRONG_USE, "the key \"%s\" is given twice", shown(name));
    context->keys_loaded++;
    free(path);
}

const struct keyfile *context_keys(struct context *context, size_t *count)
{
    if (!context->keys_loaded) {
        for (size_t i = 0; i < context->key_count; i++)
            load_key(context, context->key_names[i]);
        if (!context->key_count && context->command->key)
            load_key(context, context->command->key);
        if (!context->keys_loaded)
            fail_usage(&context->line, "with which key? Give --key NAME");
    }
    *count = context->keys_loaded;
    return context->keys;
}

static void forget_keys(struct context *context)
{
    for (size_t i = 0; i < context->keys_loaded; i++)
        keyfile_free(&context->keys[i]);
    context->keys_loaded = 0;
}

const struct keyfile *context_key_named(struct context *context, const char *name)
{
    load_key(context, name);
    return &context->keys[context->keys_loaded - 1];
}

void context_public_key(struct context *context, const char *text, uint8_t key[KEY_BYTES])
{
    struct keyfile_error error, ignored;
    char *in_dir = context->dir ? xprintf("%s/keys/%s.pub", context->dir, text) : NULL;
    bool found = in_dir && !strchr(text, '/') && keyfile_read_public(in_dir, key, &ignored);
    if (!found && !keyfile_read_public(text, key, &error))
        fail(EXIT_WRONG_USE, "%s; give a NAME.pub, or 64 hex digits", error.message);
    free(in_dir);
}

char *context_key_name(struct context *context, const uint8_t key[KEY_BYTES])
{
    glob_t found;
    char hex[2 * KEY_BYTES + 1], *name = NULL;
    char *pattern = context->dir ? context_path(context, "keys/*.pub") : NULL;
    bool any = pattern && glob(pattern, 0, NULL, &found) == 0;
    for (size_t i = 0; any && !name && i < found.gl_pathc; i++) {
        struct keyfile_error error;
        uint8_t public_key[KEY_BYTES];
        const char *file = strrchr(found.gl_pathv[i], '/') + 1;
        if (keyfile_read_public(found.gl_pathv[i], public_key, &error) && !memcmp(public_key, key, KEY_BYTES))
            name = xprintf("%.*s", (int)(strlen(file) - strlen(".pub")), file);
    }
    if (any)
        globfree(&found);
    free(pattern);
    return name ? name : xstrdup(sodium_bin2hex(hex, sizeof hex, key, KEY_BYTES));
}

// ---- connection

static void warn_of_time(const Points__V1__HelloReply *hello)
{
    char now[JST_TIME_BYTES];
    jst_print_time(hello->time, now);
    if (hello->time_source == TIME_SOURCE(SCRIPTED))
        fprintf(stderr, "SCRIPTED time: %s JST (a test or demonstration ledger)\n", now);
    if (hello->clock_unsure)
        say("the daemon is unsure of the time and takes no envelopes; an operator should look at its clock, then run: "
            "points accept-time");
    if (hello->disk_full)
        say("the ledger's disk is nearly full: the daemon takes no envelopes; queries go on");
}

struct client *context_client(struct context *context)
{
    struct tool_error error;
    if (context->client)
        return context->client;
    char *in_dir = context->socket ? NULL : context_path(context, "pointsd.sock");
    context->client = client_open(context->socket ? context->socket : in_dir, &error);
    if (!context->client)
        fail_with(&error);
    free(in_dir);
    warn_of_time(client_hello(context->client));
    return context->client;
}

struct client *context_session(struct context *context)
{
    struct tool_error error;
    size_t count;
    struct client *client = context_client(context);
    Points__V1__AuthenticateReply reply;
    if (context->role != ROLE(ROLE_NONE))
        return client;
    if (!client_authenticate(client, context_keys(context, &count), &reply, &error))
        fail_with(&error);
    context->role = reply.role;
    return client;
}

Points__V1__Response *context_call(struct context *context, request_type type, void *body)
{
    struct tool_error error;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = type;
    request.hello = body; // all bodies lie in the same place
    Points__V1__Response *response = client_call(context_client(context), &request, &error);
    if (!response)
        fail_with(&error);
    return response;
}

void context_close(struct context *context)
{
    client_close(context->client);
    names_free(&context->names);
    forget_keys(context);
}

// ---- names and tables

void context_programme(struct context *context, programme_part part, programme_page_fn *take, void *data)
{
    struct tool_error error;
    if (!programme_pages(context_session(context), part, take, data, &error))
        fail_with(&error);
}

static void pages(void *source, programme_part part, programme_page_fn *take, void *data)
{
    context_programme(source, part, take, data);
}

struct names *context_names(struct context *context)
{
    context->names.pages = pages;
    context->names.source = context;
    return &context->names;
}

const struct municipality_names *context_municipalities(struct context *context)
{
    return names_municipalities(context_names(context));
}

uint32_t context_municipality(struct context *context, const char *text)
{
    struct tool_error error;
    uint32_t code;
    if (!municipality_names_find(context_municipalities(context), text, &code, &error))
        fail(EXIT_WRONG_USE, "%s", error.message);
    return code;
}

static noreturn void fail_no_municipal_key(const char *path)
{
    fail(EXIT_WRONG_USE,
        "there is no key %s; give a key of the municipality with --key NAME. `points init` made one for each, and two "
        "operators can register another: points keygen, then points register-key",
        path);
}

// Any municipality's key may ask how they are called. With the code, its own is found.
uint32_t context_own_municipality(struct context *context, const char *text)
{
    glob_t found;
    if (context->key_count)
        return context_municipality(context, text);
    if (!context->dir)
        fail_usage(&context->line, "with which key? Give --key NAME");
    char *pattern = context_path(context, "keys/municipality-*.key");
    if (glob(pattern, 0, NULL, &found) != 0)
        fail_no_municipal_key(pattern);
    context->key_names[context->key_count++] = found.gl_pathv[0];
    uint32_t code = context_municipality(context, text);
    forget_keys(context);
    snprintf(context->own_key, sizeof context->own_key, "municipality-%06" PRIu32, code);
    context->key_names[0] = context->own_key;
    char *path = key_path(context, context->own_key);
    if (access(path, F_OK) != 0)
        fail_no_municipal_key(path);
    free(path);
    globfree(&found);
    free(pattern);
    return code;
}

const char *context_municipality_name(struct context *context, uint32_t code)
{
    return names_municipality(context_names(context), code);
}

const struct programme_name *context_named(struct context *context, programme_part part, uint32_t number)
{
    return names_programme(context_names(context), part, number);
}

bool context_quests_told(const struct context *context)
{
    return context->role != ROLE(MUNICIPALITY);
}

uint32_t context_municipality_asked(struct context *context)
{
    const char *municipality = option_get(&context->line, "municipality");
    context_municipalities(context);
    return municipality ? context_municipality(context, municipality) : 0;
}

uint32_t context_purpose_asked(struct context *context)
{
    uint32_t purpose = (uint32_t)option_number(&context->line, "purpose", 1, UINT32_MAX, 0);
    if (purpose && !context_named(context, PART(PURPOSES), purpose))
        fail(EXIT_REFUSED_WHOLE,
            "NOT_FOUND: no purpose %" PRIu32 " is defined; \"points programme purposes\" lists those that are",
            purpose);
    return purpose;
}

void context_municipality_cells(struct context *context, struct table *table, uint32_t code)
{
    names_municipality_cells(context_names(context), table, code);
}

void context_purpose_cells(struct context *context, struct table *table, uint32_t purpose)
{
    names_purpose_cells(context_names(context), table, purpose);
}

int context_print(struct context *context, struct table *table)
{
    context->characters_lost += table_print(table, context->format, stdout);
    table_free(table);
    return EXIT_SUCCESS;
}
