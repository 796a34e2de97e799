// Signed notes: writing and reading the few lines that a checkpoint is.
#include "ledger/note.h"
#include "ledger/base64.h"
#include "ledger/hash.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_ID_BYTES = 4,
    TIME_BYTES = 8,
    BLOB_BYTES = KEY_ID_BYTES + SIGNATURE_BYTES,
    COSIGNATURE_BLOB_BYTES = KEY_ID_BYTES + TIME_BYTES + SIGNATURE_BYTES,
    BLOB_TEXT_BYTES = BASE64_BYTES(COSIGNATURE_BLOB_BYTES),
    HASH_TEXT_BYTES = BASE64_BYTES(HASH_BYTES),
    TEXT_BYTES_MAX = NOTE_NAME_MAX + HASH_TEXT_BYTES + 24,
};
enum algorithm { ED25519 = 0x01, COSIGNATURE = 0x04 };
static const char dash[] = "\xe2\x80\x94 "; // U+2014 and a space

_Static_assert(NOTE_LINE_BYTES_MAX >= sizeof dash + NOTE_NAME_MAX + 1 + BLOB_TEXT_BYTES + 1, "a line and its newline");
_Static_assert(NOTE_BYTES_MAX > TEXT_BYTES_MAX + (NOTE_SIGNERS_MAX + NOTE_COSIGNATURES_MAX) * NOTE_LINE_BYTES_MAX,
    "all lines that a note may have");

__attribute__((format(printf, 2, 3))) static bool fail(struct note_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    return false;
}

// ---- writing

static void key_id(const struct note_verifier *verifier, enum algorithm algorithm, uint8_t id[KEY_ID_BYTES])
{
    uint8_t bytes[NOTE_NAME_MAX + 2 + KEY_BYTES], hash[HASH_BYTES];
    size_t size = strlen(verifier->name);
    memcpy(bytes, verifier->name, size);
    bytes[size++] = '\n';
    bytes[size++] = (uint8_t)algorithm;
    memcpy(bytes + size, verifier->key, KEY_BYTES);
    hash_bytes(bytes, size + KEY_BYTES, hash);
    memcpy(id, hash, KEY_ID_BYTES);
}

// Of just so many bytes.
static bool from_base64(const char *text, size_t text_size, uint8_t *bytes, size_t size)
{
    size_t found;
    return base64_read(text, text_size, bytes, size, &found) && found == size;
}

struct note_verifier note_verifier_of(const char *name, const uint8_t key[KEY_BYTES])
{
    struct note_verifier verifier = {0};
    snprintf(verifier.name, sizeof verifier.name, "%s", name);
    memcpy(verifier.key, key, KEY_BYTES);
    return verifier;
}

void note_verifier_text(const struct note_verifier *verifier, char *text)
{
    uint8_t id[KEY_ID_BYTES], typed_key[1 + KEY_BYTES] = {ED25519};
    char base64[BASE64_BYTES(sizeof typed_key)];
    key_id(verifier, ED25519, id);
    memcpy(typed_key + 1, verifier->key, KEY_BYTES);
    snprintf(text, NOTE_VERIFIER_MAX, "%s+%02x%02x%02x%02x+%s", verifier->name, id[0], id[1], id[2], id[3],
        base64_write(typed_key, sizeof typed_key, base64));
}

// "— NAME BASE64\n" into `line` of NOTE_LINE_BYTES_MAX.
static void write_line(const struct note_verifier *verifier, const uint8_t *blob, size_t size, char *line)
{
    char base64[BLOB_TEXT_BYTES];
    snprintf(line, NOTE_LINE_BYTES_MAX, "%s%s %s\n", dash, verifier->name, base64_write(blob, size, base64));
}

void note_sign_checkpoint(
    const struct note_signer *const *signers, size_t count, uint64_t size, const uint8_t root[HASH_BYTES], char *note)
{
    char root_text[HASH_TEXT_BYTES];
    int text_size = snprintf(note, NOTE_BYTES_MAX, "%s\n%" PRIu64 "\n%s\n", signers[0]->verifier.name, size,
        base64_write(root, HASH_BYTES, root_text));
    char *at = note + text_size;
    *at++ = '\n';
    for (size_t i = 0; i < count; i++) {
        uint8_t blob[BLOB_BYTES];
        key_id(&signers[i]->verifier, ED25519, blob);
        crypto_sign_ed25519_detached(
            blob + KEY_ID_BYTES, NULL, (const uint8_t *)note, (unsigned long long)text_size, signers[i]->secret);
        write_line(&signers[i]->verifier, blob, sizeof blob, at);
        at += strlen(at);
    }
}

// ---- reading

// A line without its newline.
struct line {
    const char *text;
    size_t size;
};

// False when no whole line is left.
static bool next_line(const char **at, struct line *line)
{
    const char *newline = strchr(*at, '\n');
    if (!newline)
        return false;
    *line = (struct line){*at, (size_t)(newline - *at)};
    *at = newline + 1;
    return true;
}

static bool read_size(const struct line *line, uint64_t *size)
{
    uint64_t value = 0;
    if (line->size == 0 || (line->size > 1 && line->text[0] == '0'))
        return false;
    for (size_t i = 0; i < line->size; i++) {
        if (line->text[i] < '0' || line->text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(line->text[i] - '0'), &value))
            return false;
    }
    *size = value;
    return true;
}

// The text and the empty line after it. `text_size` is without that line.
static bool read_text(const char **at, struct note_checkpoint *checkpoint, size_t *text_size, struct note_fault *fault)
{
    const char *begin = *at;
    struct line name, size, root, empty;
    if (!next_line(at, &name) || !next_line(at, &size) || !next_line(at, &root) || !next_line(at, &empty) ||
        empty.size != 0 || name.size == 0 || name.size > NOTE_NAME_MAX)
        return fail(fault, "the checkpoint is no note of three lines, an empty line and signatures");
    memcpy(checkpoint->origin, name.text, name.size);
    checkpoint->origin[name.size] = '\0';
    *text_size = (size_t)(*at - begin) - 1;
    return (read_size(&size, &checkpoint->size) && from_base64(root.text, root.size, checkpoint->root, HASH_BYTES)) ||
           fail(fault,
               "the checkpoint's second line must be a number of blocks, its third a root of 32 bytes in base64");
}

static bool is_name(const char *text, size_t size)
{
    if (size == 0 || size > NOTE_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == '+' || text[i] == 0x7f)
            return false;
    return true;
}

bool note_read_verifier(const char *text, struct note_verifier *verifier)
{
    enum { HEX = 2 * KEY_ID_BYTES };
    size_t name_size = strcspn(text, "+"), key_at = name_size + HEX + 2; // behind "+hex8+"
    char written[NOTE_VERIFIER_MAX];
    uint8_t typed_key[1 + KEY_BYTES];
    if (!is_name(text, name_size) || strlen(text) < key_at ||
        !from_base64(text + key_at, strlen(text + key_at), typed_key, sizeof typed_key) || typed_key[0] != ED25519)
        return false;
    *verifier = (struct note_verifier){0};
    memcpy(verifier->name, text, name_size);
    memcpy(verifier->key, typed_key + 1, KEY_BYTES);
    note_verifier_text(verifier, written);
    return strcmp(text, written) == 0;
}

bool note_read_checkpoint(const char *note, struct note_checkpoint *checkpoint, struct note_fault *fault)
{
    size_t text_size;
    return read_text(&note, checkpoint, &text_size, fault);
}

// "— NAME BASE64", taken apart.
struct signature_line {
    const char *name, *base64;
    size_t name_size, base64_size;
    uint8_t id[KEY_ID_BYTES];
};

static bool read_line(const struct line *line, struct signature_line *signature)
{
    enum { ID_TEXT = 8, ID_TEXT_BYTES = 6 }; // the least base64 that holds a key id
    size_t dash_size = strlen(dash);
    uint8_t begin[ID_TEXT_BYTES];
    if (line->size <= dash_size || memcmp(line->text, dash, dash_size) != 0)
        return false;
    const char *name = line->text + dash_size, *end = line->text + line->size;
    const char *space = memchr(name, ' ', (size_t)(end - name));
    if (!space || space == name || end - (space + 1) < ID_TEXT || !from_base64(space + 1, ID_TEXT, begin, sizeof begin))
        return false;
    *signature = (struct signature_line){name, space + 1, (size_t)(space - name), (size_t)(end - (space + 1)), {0}};
    memcpy(signature->id, begin, KEY_ID_BYTES);
    return true;
}

// Only the key id tells whose line it is: the same name may also sign with another key or algorithm.
static bool is_of(
    const struct signature_line *signature, const struct note_verifier *verifier, enum algorithm algorithm)
{
    uint8_t id[KEY_ID_BYTES];
    key_id(verifier, algorithm, id);
    return signature->name_size == strlen(verifier->name) &&
           memcmp(signature->name, verifier->name, signature->name_size) == 0 &&
           memcmp(signature->id, id, KEY_ID_BYTES) == 0;
}

static bool verifies(
    const struct signature_line *signature, const struct note_verifier *verifier, const char *text, size_t text_size)
{
    uint8_t blob[BLOB_BYTES];
    return from_base64(signature->base64, signature->base64_size, blob, sizeof blob) &&
           crypto_sign_ed25519_verify_detached(blob + KEY_ID_BYTES, (const uint8_t *)text, text_size, verifier->key) ==
               0;
}

// The next line of the note's end; false at its end, or when it is no such line: then `fault` says so.
static bool next_signature(
    const char **at, struct line *line, struct signature_line *signature, struct note_fault *fault)
{
    fault->message[0] = '\0';
    if (!**at)
        return false;
    if (next_line(at, line) && read_line(line, signature))
        return true;
    return fail(fault, "the checkpoint has a line after its text that is no signature: \"— NAME BASE64\"");
}

enum whose { OF_OTHERS, WRONG, GOOD };

static enum whose judge(const struct signature_line *signature, const struct note_verifier *verifiers, size_t count,
    const char *text, size_t text_size)
{
    enum whose whose = OF_OTHERS;
    for (size_t i = 0; i < count && whose != GOOD; i++)
        if (is_of(signature, &verifiers[i], ED25519))
            whose = verifies(signature, &verifiers[i], text, text_size) ? GOOD : WRONG;
    return whose;
}

bool note_open_checkpoint(const char *note, const struct note_verifier *verifiers, size_t count,
    struct note_checkpoint *checkpoint, struct note_fault *fault)
{
    const char *at = note;
    size_t text_size, good = 0;
    struct line line;
    struct signature_line signature;
    if (count == 0)
        return fail(fault, "the checkpoint cannot be verified: there is no key for it");
    if (!read_text(&at, checkpoint, &text_size, fault))
        return false;
    if (strcmp(checkpoint->origin, verifiers[0].name) != 0)
        return fail(fault, "the checkpoint is of another ledger: its first line is not %s", verifiers[0].name);
    while (next_signature(&at, &line, &signature, fault)) {
        enum whose whose = judge(&signature, verifiers, count, note, text_size);
        if (whose == WRONG)
            return fail(fault, "the checkpoint has a line of a key of %s that does not verify", verifiers[0].name);
        good += whose == GOOD;
    }
    if (fault->message[0])
        return false;
    return good > 0 || fail(fault, "the checkpoint is not signed by %s with a key that may sign it", verifiers[0].name);
}

// Where the lines of a note's signatures begin; its text must be one.
static const char *signatures_of(const char *note)
{
    return strstr(note, "\n\n") + 2;
}

void note_strip(const char *note, const struct note_verifier *verifiers, size_t count, char *own)
{
    struct line line;
    struct signature_line signature;
    struct note_fault fault;
    const char *at = signatures_of(note);
    size_t text_size = (size_t)(at - note) - 1, used = text_size + 1;
    memcpy(own, note, used);
    while (next_signature(&at, &line, &signature, &fault)) {
        bool own_already = memmem(own, used, line.text, line.size + 1);
        if (own_already || judge(&signature, verifiers, count, note, text_size) != GOOD ||
            used + line.size + 1 >= NOTE_BYTES_MAX)
            continue;
        memcpy(own + used, line.text, line.size + 1);
        used += line.size + 1;
    }
    own[used] = '\0';
}

// ---- cosignatures

enum { COSIGNED_BYTES_MAX = TEXT_BYTES_MAX + 48 };

// What a witness signs: the size of it, in `message`; 0: the note's text is too long to be a checkpoint's.
static size_t cosigned_message(const char *note, int64_t time, char message[COSIGNED_BYTES_MAX])
{
    int text_size = (int)(signatures_of(note) - note) - 1;
    int size = snprintf(message, COSIGNED_BYTES_MAX, "cosignature/v1\ntime %" PRId64 "\n%.*s", time, text_size, note);
    return size < COSIGNED_BYTES_MAX ? (size_t)size : 0;
}

void note_cosign(
    const char *note, const struct note_signer *witness, int64_t time, struct note_cosignature *cosignature)
{
    char message[COSIGNED_BYTES_MAX];
    uint8_t blob[COSIGNATURE_BLOB_BYTES];
    size_t size = cosigned_message(note, time, message);
    key_id(&witness->verifier, COSIGNATURE, blob);
    for (int i = 0; i < TIME_BYTES; i++)
        blob[KEY_ID_BYTES + i] = (uint8_t)((uint64_t)time >> 8 * (TIME_BYTES - 1 - i));
    crypto_sign_ed25519_detached(
        blob + KEY_ID_BYTES + TIME_BYTES, NULL, (const uint8_t *)message, size, witness->secret);
    cosignature->time = time;
    write_line(&witness->verifier, blob, sizeof blob, cosignature->line);
}

static bool verifies_cosignature(const struct signature_line *signature, const struct note_verifier *witness,
    const char *note, struct note_cosignature *cosignature)
{
    char message[COSIGNED_BYTES_MAX];
    uint8_t blob[COSIGNATURE_BLOB_BYTES];
    uint64_t time = 0;
    if (!from_base64(signature->base64, signature->base64_size, blob, sizeof blob))
        return false;
    for (int i = 0; i < TIME_BYTES; i++)
        time = time << 8 | blob[KEY_ID_BYTES + i];
    size_t size = cosigned_message(note, (int64_t)time, message);
    cosignature->time = (int64_t)time;
    write_line(witness, blob, sizeof blob, cosignature->line);
    return time <= INT64_MAX && size > 0 &&
           crypto_sign_ed25519_verify_detached(
               blob + KEY_ID_BYTES + TIME_BYTES, (const uint8_t *)message, size, witness->key) == 0;
}

bool note_find_witness(const char *note, struct note_verifier *witness, struct note_fault *fault)
{
    struct line line;
    struct signature_line signature;
    if (!strstr(note, "\n\n"))
        return fail(fault, "the checkpoint is no note of three lines, an empty line and signatures");
    const char *at = signatures_of(note);
    while (next_signature(&at, &line, &signature, fault)) {
        if (signature.name_size > NOTE_NAME_MAX)
            continue;
        memcpy(witness->name, signature.name, signature.name_size);
        witness->name[signature.name_size] = '\0';
        if (is_of(&signature, witness, COSIGNATURE))
            return true;
    }
    return fault->message[0] ? false : fail(fault, "the checkpoint has no cosignature of this key");
}

bool note_open_cosignature(const char *note, const struct note_verifier *witness, struct note_cosignature *cosignature,
    struct note_fault *fault)
{
    struct line line;
    struct signature_line signature;
    if (!strstr(note, "\n\n"))
        return fail(fault, "the checkpoint is no note of three lines, an empty line and signatures");
    const char *at = signatures_of(note);
    while (next_signature(&at, &line, &signature, fault))
        if (is_of(&signature, witness, COSIGNATURE))
            return verifies_cosignature(&signature, witness, note, cosignature) ||
                   fail(fault, "the checkpoint's cosignature of %s does not verify", witness->name);
    return fault->message[0] ? false
                             : fail(fault, "the checkpoint has no cosignature of %s with this key", witness->name);
}

size_t note_line_count(const char *note)
{
    struct line line;
    const char *at = signatures_of(note);
    size_t count = 0;
    while (next_line(&at, &line))
        count++;
    return count;
}

bool note_add_line(char *note, const struct note_cosignature *cosignature)
{
    struct line line, new_line;
    struct signature_line signature, added;
    struct note_fault fault;
    const char *at = signatures_of(note), *of_line = cosignature->line;
    if (!next_signature(&of_line, &new_line, &added, &fault))
        return false;
    while (next_signature(&at, &line, &signature, &fault)) {
        if (signature.name_size != added.name_size || memcmp(signature.name, added.name, added.name_size) != 0 ||
            memcmp(signature.id, added.id, KEY_ID_BYTES) != 0)
            continue;
        memmove(note + (line.text - note), at, strlen(at) + 1);
        at = line.text;
    }
    size_t used = strlen(note);
    if (used + new_line.size + 1 >= NOTE_BYTES_MAX)
        return false;
    memcpy(note + used, cosignature->line, new_line.size + 2);
    return true;
}
