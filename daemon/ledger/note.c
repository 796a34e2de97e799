// Signed notes: writing and reading the few lines that a checkpoint is.
#include "ledger/note.h"
#include "ledger/hash.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    ALGORITHM_ED25519 = 0x01,
    KEY_ID_BYTES = 4,
    BLOB_BYTES = KEY_ID_BYTES + SIGNATURE_BYTES,
    BLOB_TEXT_BYTES = (BLOB_BYTES + 2) / 3 * 4 + 1,
    HASH_TEXT_BYTES = (HASH_BYTES + 2) / 3 * 4 + 1,
};
static const char dash[] = "\xe2\x80\x94 "; // U+2014 and a space

static void key_id(const struct note_verifier *verifier, uint8_t id[KEY_ID_BYTES])
{
    uint8_t bytes[NOTE_NAME_MAX + 2 + KEY_BYTES], hash[HASH_BYTES];
    size_t size = strlen(verifier->name);
    memcpy(bytes, verifier->name, size);
    bytes[size++] = '\n';
    bytes[size++] = ALGORITHM_ED25519;
    memcpy(bytes + size, verifier->key, KEY_BYTES);
    hash_bytes(bytes, size + KEY_BYTES, hash);
    memcpy(id, hash, KEY_ID_BYTES);
}

static void to_base64(const uint8_t *bytes, size_t size, char *text, size_t text_size)
{
    sodium_bin2base64(text, text_size, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

static bool from_base64(const char *text, size_t text_size, uint8_t *bytes, size_t size)
{
    size_t found;
    for (size_t i = 0; i < text_size; i++)
        if (text[i] & 0x80) // libsodium 1.0.18 reads some of these as if the bit were not set
            return false;
    return sodium_base642bin(bytes, size, text, text_size, NULL, &found, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           found == size;
}

void note_verifier_text(const struct note_verifier *verifier, char *text)
{
    uint8_t id[KEY_ID_BYTES], typed_key[1 + KEY_BYTES] = {ALGORITHM_ED25519};
    char base64[(sizeof typed_key + 2) / 3 * 4 + 1];
    key_id(verifier, id);
    memcpy(typed_key + 1, verifier->key, KEY_BYTES);
    to_base64(typed_key, sizeof typed_key, base64, sizeof base64);
    snprintf(text, NOTE_VERIFIER_MAX, "%s+%02x%02x%02x%02x+%s", verifier->name, id[0], id[1], id[2], id[3], base64);
}

void note_sign_checkpoint(const struct note_signer *signer, uint64_t size, const uint8_t root[HASH_BYTES], char *note)
{
    char root_text[HASH_TEXT_BYTES], blob_text[BLOB_TEXT_BYTES];
    to_base64(root, HASH_BYTES, root_text, sizeof root_text);
    int text_size =
        snprintf(note, NOTE_BYTES_MAX, "%s\n%llu\n%s\n", signer->verifier.name, (unsigned long long)size, root_text);
    uint8_t blob[BLOB_BYTES];
    key_id(&signer->verifier, blob);
    crypto_sign_ed25519_detached(
        blob + KEY_ID_BYTES, NULL, (const uint8_t *)note, (unsigned long long)text_size, signer->secret);
    to_base64(blob, sizeof blob, blob_text, sizeof blob_text);
    snprintf(
        note + text_size, (size_t)(NOTE_BYTES_MAX - text_size), "\n%s%s %s\n", dash, signer->verifier.name, blob_text);
}

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

// The text and the empty line after it.
static bool read_text(const char **at, const struct note_verifier *verifier, struct note_checkpoint *checkpoint)
{
    struct line origin, size, root, empty;
    if (!next_line(at, &origin) || !next_line(at, &size) || !next_line(at, &root) || !next_line(at, &empty))
        return false;
    if (origin.size != strlen(verifier->name) || memcmp(origin.text, verifier->name, origin.size) != 0)
        return false;
    memcpy(checkpoint->origin, verifier->name, sizeof checkpoint->origin);
    return read_size(&size, &checkpoint->size) && from_base64(root.text, root.size, checkpoint->root, HASH_BYTES) &&
           empty.size == 0;
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

bool note_read_checkpoint(const char *note, struct note_checkpoint *checkpoint)
{
    struct note_verifier anyone = {0};
    size_t size = strcspn(note, "\n");
    if (!is_name(note, size))
        return false;
    memcpy(anyone.name, note, size);
    return read_text(&note, &anyone, checkpoint);
}

bool note_read_verifier(const char *text, struct note_verifier *verifier)
{
    enum { HEX = 2 * KEY_ID_BYTES };
    size_t name_size = strcspn(text, "+"), key_at = name_size + HEX + 2; // behind "+hex8+"
    char written[NOTE_VERIFIER_MAX];
    uint8_t typed_key[1 + KEY_BYTES];
    if (!is_name(text, name_size) || strlen(text) < key_at ||
        !from_base64(text + key_at, strlen(text + key_at), typed_key, sizeof typed_key) ||
        typed_key[0] != ALGORITHM_ED25519)
        return false;
    *verifier = (struct note_verifier){0};
    memcpy(verifier->name, text, name_size);
    memcpy(verifier->key, typed_key + 1, KEY_BYTES);
    note_verifier_text(verifier, written);
    return strcmp(text, written) == 0;
}

enum signature_line { LINE_MALFORMED, LINE_OF_OTHERS, LINE_BAD, LINE_GOOD };

// Only the key id tells whose line it is: the same name may also sign with another key or algorithm.
static enum signature_line read_signature(
    const struct line *line, const struct note_verifier *verifier, const char *text, size_t text_size)
{
    enum { ID_TEXT = 8, ID_TEXT_BYTES = 6 }; // the least base64 that holds a key id
    size_t name_size = strlen(verifier->name), dash_size = strlen(dash);
    if (line->size <= dash_size || memcmp(line->text, dash, dash_size) != 0)
        return LINE_MALFORMED;
    const char *name = line->text + dash_size, *end = line->text + line->size;
    const char *space = memchr(name, ' ', (size_t)(end - name));
    if (!space || space == name)
        return LINE_MALFORMED;
    const char *base64 = space + 1;
    uint8_t id[KEY_ID_BYTES], blob[BLOB_BYTES];
    if (end - base64 < ID_TEXT || !from_base64(base64, ID_TEXT, blob, ID_TEXT_BYTES))
        return LINE_MALFORMED;
    key_id(verifier, id);
    if ((size_t)(space - name) != name_size || memcmp(name, verifier->name, name_size) != 0 ||
        memcmp(blob, id, KEY_ID_BYTES) != 0)
        return LINE_OF_OTHERS;
    if (!from_base64(base64, (size_t)(end - base64), blob, sizeof blob))
        return LINE_BAD;
    return crypto_sign_ed25519_verify_detached(blob + KEY_ID_BYTES, (const uint8_t *)text, text_size, verifier->key) ==
                   0
               ? LINE_GOOD
               : LINE_BAD;
}

bool note_open_checkpoint(const char *note, const struct note_verifier *verifier, struct note_checkpoint *checkpoint)
{
    const char *at = note;
    if (!read_text(&at, verifier, checkpoint))
        return false;
    size_t text_size = (size_t)(at - note) - 1; // without the empty line
    bool signed_by_verifier = false;
    while (*at) {
        struct line line;
        if (!next_line(&at, &line))
            return false;
        switch (read_signature(&line, verifier, note, text_size)) {
        case LINE_GOOD:
            signed_by_verifier = true;
            break;
        case LINE_OF_OTHERS:
            break;
        default:
            return false;
        }
    }
    return signed_by_verifier;
}
