// Offline proofs: made, written, read and checked.
#include "ledger/proof_file.h"
#include "ledger/base64.h"
#include "ledger/ledger_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char first_line[] = "c2sp.org/tlog-proof@v1", extra[] = "extra ", index_word[] = "index ";

_Static_assert(sizeof first_line + sizeof extra + BASE64_BYTES(HEADER_BYTES_MAX) + sizeof index_word + 20 +
                       TREE_PROOF_MAX * BASE64_BYTES(HASH_BYTES) + 2 + NOTE_BYTES_MAX <=
                   PROOF_FILE_BYTES_MAX,
    "the largest proof has room");

// ---- making

static bool copy_header(struct ledger_reading *reading, struct proof_file *proof, struct ledger_error *error)
{
    struct ledger_record record;
    if (ledger_read_block(reading, proof->index, &record, error) != 1)
        return false;
    if (record.header_size > sizeof proof->header)
        return ledger_fail(error, "the ledger is damaged: the header of block %" PRIu64 " is too large", proof->index);
    memcpy(proof->header, record.header, record.header_size);
    proof->header_size = record.header_size;
    return true;
}

int proof_file_make(
    struct ledger_reading *reading, uint64_t index, struct proof_file *proof, struct ledger_error *error)
{
    struct note_checkpoint checkpoint;
    struct ledger_error fault;
    uint64_t size = ledger_read_size(reading);
    *proof = (struct proof_file){.index = index};
    if (index >= size)
        return 0;
    if (!copy_header(reading, proof, error) || !ledger_read_checkpoint(reading, proof->note, error))
        return -1;
    if (!tree_prove_inclusion(index, size, ledger_tree_node, reading, proof->path, &proof->path_count)) {
        ledger_fail(error, "the ledger is damaged: its tree lacks hashes that the proof needs");
        return -1;
    }
    if (proof_file_check(proof, &checkpoint, &fault))
        return 1;
    ledger_fail(error, "the ledger is damaged: the proof that it gives does not hold: %s", fault.message);
    return -1;
}

// ---- writing

static char *put_text(char *at, const char *text)
{
    size_t size = strlen(text);
    memcpy(at, text, size + 1);
    return at + size;
}

static char *put_base64(char *at, const uint8_t *bytes, size_t size)
{
    base64_write(bytes, size, at);
    return put_text(at + strlen(at), "\n");
}

size_t proof_file_write(const struct proof_file *proof, char *text)
{
    char *at = put_text(put_text(text, first_line), "\n");
    at = put_base64(put_text(at, extra), proof->header, proof->header_size);
    at += sprintf(at, "%s%" PRIu64 "\n", index_word, proof->index);
    for (size_t i = 0; i < proof->path_count; i++)
        at = put_base64(at, proof->path[i], HASH_BYTES);
    at = put_text(put_text(at, "\n"), proof->note);
    return (size_t)(at - text);
}

// ---- reading

struct reader {
    const char *at, *end;
    unsigned line; // the number of the one that was read last
    struct ledger_error *error;
};

// A line without its newline.
static bool next_line(struct reader *reader, const char **text, size_t *size)
{
    const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    reader->line++;
    if (!newline)
        return ledger_fail(reader->error, "line %u: the proof is cut short", reader->line);
    *text = reader->at;
    *size = (size_t)(newline - reader->at);
    reader->at = newline + 1;
    return true;
}

// What follows `word` in the next line.
static bool next_value(struct reader *reader, const char *word, const char **value, size_t *size)
{
    const char *text;
    if (!next_line(reader, &text, size))
        return false;
    size_t word_size = strlen(word);
    if (*size < word_size || memcmp(text, word, word_size) != 0)
        return ledger_fail(reader->error, "line %u: it must begin with \"%s\"", reader->line, word);
    *value = text + word_size;
    *size -= word_size;
    return true;
}

static bool read_first(struct reader *reader)
{
    const char *text;
    size_t size;
    if (!next_line(reader, &text, &size))
        return false;
    return (size == strlen(first_line) && memcmp(text, first_line, size) == 0) ||
           ledger_fail(reader->error, "line 1: it must be \"%s\": this is no such proof", first_line);
}

static bool read_header(struct reader *reader, struct proof_file *proof)
{
    const char *text;
    size_t size;
    if (!next_value(reader, extra, &text, &size))
        return false;
    return base64_read(text, size, proof->header, sizeof proof->header, &proof->header_size) ||
           ledger_fail(reader->error, "line %u: the header is not in base64, or has more than %d bytes", reader->line,
               HEADER_BYTES_MAX);
}

static bool read_index(struct reader *reader, uint64_t *index)
{
    const char *text;
    size_t size;
    if (!next_value(reader, index_word, &text, &size))
        return false;
    bool good = size > 0 && (size == 1 || *text != '0');
    *index = 0;
    for (size_t i = 0; good && i < size; i++)
        good = text[i] >= '0' && text[i] <= '9' && !__builtin_mul_overflow(*index, 10, index) &&
               !__builtin_add_overflow(*index, (uint64_t)(text[i] - '0'), index);
    return good || ledger_fail(reader->error, "line %u: the index is no number in plain digits", reader->line);
}

// Up to and with the empty line.
static bool read_path(struct reader *reader, struct proof_file *proof)
{
    const char *text;
    size_t size, bytes;
    while (next_line(reader, &text, &size)) {
        if (size == 0)
            return true;
        if (proof->path_count == TREE_PROOF_MAX)
            return ledger_fail(reader->error, "line %u: no path has so many hashes", reader->line);
        if (!base64_read(text, size, proof->path[proof->path_count++], HASH_BYTES, &bytes) || bytes != HASH_BYTES)
            return ledger_fail(reader->error, "line %u: it is no hash of %d bytes in base64", reader->line, HASH_BYTES);
    }
    return false;
}

static bool read_note(struct reader *reader, struct proof_file *proof)
{
    size_t size = (size_t)(reader->end - reader->at);
    if (size >= sizeof proof->note || memchr(reader->at, '\0', size))
        return ledger_fail(reader->error, "line %u: no checkpoint follows", reader->line + 1);
    memcpy(proof->note, reader->at, size);
    return true;
}

bool proof_file_read(const char *text, size_t size, struct proof_file *proof, struct ledger_error *error)
{
    struct reader reader = {.at = text, .end = text + size, .error = error};
    *proof = (struct proof_file){0};
    return read_first(&reader) && read_header(&reader, proof) && read_index(&reader, &proof->index) &&
           read_path(&reader, proof) && read_note(&reader, proof);
}

// ---- checking

bool proof_file_check(const struct proof_file *proof, struct note_checkpoint *checkpoint, struct ledger_error *error)
{
    struct ledger_heading heading;
    struct note_fault fault;
    struct ledger_record record = {.header = proof->header, .header_size = proof->header_size};
    if (!note_read_checkpoint(proof->note, checkpoint, &fault))
        return ledger_fail(error, "%s", fault.message);
    if (!ledger_check_header(&record, proof->index, &heading, error))
        return false;
    if (proof->index >= checkpoint->size)
        return ledger_fail(error, "the checkpoint speaks of %" PRIu64 " blocks, block %" PRIu64 " is none of them",
            checkpoint->size, proof->index);
    return tree_check_inclusion(proof->index, checkpoint->size, heading.leaf, (const uint8_t(*)[HASH_BYTES])proof->path,
               proof->path_count, checkpoint->root) ||
           ledger_fail(error, "the path does not lead from the header of block %" PRIu64 " to the checkpoint's root",
               proof->index);
}
