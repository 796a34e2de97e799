// The outbox of a batch, on disk.
#include "tools/batch/outbox.h"
#include "tools/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[16] = "points outbox 1\n";

enum {
    HEAD_BYTES = sizeof magic + HASH_BYTES + HASH_BYTES + 4,
    ENVELOPE_HEAD_BYTES = 8,
    ANSWER_HEAD_BYTES = 8 + HASH_BYTES,
};

struct entry {
    struct outbox_envelope envelope;
    const uint8_t *lines;
};

struct outbox {
    char *dir;
    int lock, answers;
    uint8_t *bytes; // of the file `envelopes`
    size_t size, room;
    struct entry *entries;
    uint32_t count;
};

static void put_number(uint8_t *bytes, uint32_t number)
{
    number = htonl(number);
    memcpy(bytes, &number, sizeof number);
}

static uint32_t get_number(const uint8_t *bytes)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    return ntohl(number);
}

static char *path_of(const struct outbox *outbox, const char *name)
{
    return xprintf("%s/%s", outbox->dir, name);
}

// ---- opening

struct outbox *outbox_open(const char *dir, struct tool_error *error)
{
    struct outbox *outbox = xcalloc(1, sizeof *outbox);
    *outbox = (struct outbox){.dir = xstrdup(dir), .lock = -1, .answers = -1};
    if (mkdir(dir, 0700) == 0 && !file_sync_folder_of(dir, error)) {
        outbox_close(outbox);
        return NULL;
    }
    outbox->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (outbox->lock >= 0 && flock(outbox->lock, LOCK_EX | LOCK_NB) == 0)
        return outbox;
    if (errno == EWOULDBLOCK)
        tool_fail(error, "another run uses the outbox %s; wait until it has ended", dir);
    else
        tool_fail(error, "cannot open the outbox %s: %s", dir, strerror(errno));
    outbox_close(outbox);
    return NULL;
}

static void forget(struct outbox *outbox)
{
    for (uint32_t i = 0; i < outbox->count; i++)
        free((void *)outbox->entries[i].envelope.answer);
    free(outbox->entries);
    free(outbox->bytes);
    outbox->entries = NULL;
    outbox->bytes = NULL;
    outbox->size = outbox->room = outbox->count = 0;
}

void outbox_close(struct outbox *outbox)
{
    if (!outbox)
        return;
    forget(outbox);
    if (outbox->answers >= 0)
        close(outbox->answers);
    if (outbox->lock >= 0)
        close(outbox->lock);
    free(outbox->dir);
    free(outbox);
}

// ---- envelopes

static const uint8_t *end_hash(const struct outbox *outbox)
{
    return outbox->bytes + outbox->size - HASH_BYTES;
}

static bool is_whole(const struct outbox *outbox)
{
    uint8_t hash[HASH_BYTES];
    if (outbox->size < HEAD_BYTES + HASH_BYTES || memcmp(outbox->bytes, magic, sizeof magic))
        return false;
    crypto_hash_sha256(hash, outbox->bytes, outbox->size - HASH_BYTES);
    return !memcmp(hash, end_hash(outbox), HASH_BYTES);
}

static bool index_envelopes(struct outbox *outbox)
{
    const uint8_t *at = outbox->bytes + HEAD_BYTES, *end = end_hash(outbox);
    uint32_t count = get_number(at - 4);
    outbox->entries = xcalloc(count, sizeof *outbox->entries);
    for (uint32_t i = 0; i < count; i++) {
        if ((size_t)(end - at) < ENVELOPE_HEAD_BYTES)
            return false;
        uint32_t size = get_number(at), transactions = get_number(at + 4);
        at += ENVELOPE_HEAD_BYTES;
        if (transactions > ENVELOPE_TRANSACTIONS_MAX || (size_t)(end - at) < 4 * (size_t)transactions + size)
            return false;
        struct entry *entry = &outbox->entries[outbox->count++];
        entry->lines = at;
        entry->envelope.bytes = at + 4 * (size_t)transactions;
        entry->envelope.size = size;
        entry->envelope.count = transactions;
        at = entry->envelope.bytes + size;
    }
    return at == end;
}

// ---- answers

static void answer_hash(
    const struct outbox *outbox, const uint8_t head[8], const uint8_t *answer, size_t size, uint8_t hash[HASH_BYTES])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, head, 8);
    crypto_hash_sha256_update(&state, end_hash(outbox), HASH_BYTES); // answers of other envelopes do not count
    crypto_hash_sha256_update(&state, answer, size);
    crypto_hash_sha256_final(&state, hash);
}

static void keep_answer(struct outbox *outbox, uint32_t number, const uint8_t *answer, size_t size)
{
    struct outbox_envelope *envelope = &outbox->entries[number].envelope;
    if (envelope->answer)
        return;
    uint8_t *copy = xmalloc(size);
    memcpy(copy, answer, size);
    envelope->answer = copy;
    envelope->answer_size = size;
}

// Takes whole records from the front; returns how many bytes they fill.
static size_t take_answers(struct outbox *outbox, const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (size - at >= ANSWER_HEAD_BYTES) {
        const uint8_t *head = bytes + at, *answer = head + ANSWER_HEAD_BYTES;
        uint32_t number = get_number(head), answer_size = get_number(head + 4);
        uint8_t hash[HASH_BYTES];
        if (number >= outbox->count || answer_size > size - at - ANSWER_HEAD_BYTES)
            break;
        answer_hash(outbox, head, answer, answer_size, hash);
        if (memcmp(hash, head + 8, HASH_BYTES))
            break;
        keep_answer(outbox, number, answer, answer_size);
        at += ANSWER_HEAD_BYTES + answer_size;
    }
    return at;
}

// What a crash left half-written at the end is cut off; its envelope is sent again.
static bool load_answers(struct outbox *outbox, struct tool_error *error)
{
    char *path = path_of(outbox, "answers");
    size_t size = 0, whole = 0;
    outbox->answers = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    uint8_t *bytes = outbox->answers < 0 ? NULL : file_read(path, SIZE_MAX, &size, error);
    bool ok = bytes != NULL;
    if (outbox->answers < 0)
        tool_fail(error, "cannot open %s: %s", path, strerror(errno));
    if (ok) {
        whole = take_answers(outbox, bytes, size);
        ok = whole == size || ftruncate(outbox->answers, (off_t)whole) == 0 ||
             tool_fail(error, "cannot write %s: %s", path, strerror(errno));
    }
    free(bytes);
    free(path);
    return ok;
}

bool outbox_is_new(const struct outbox *outbox)
{
    char *path = path_of(outbox, "envelopes");
    bool absent = access(path, F_OK) != 0 && errno == ENOENT;
    free(path);
    return absent;
}

int outbox_load(struct outbox *outbox, const uint8_t source_sha256[HASH_BYTES], const uint8_t ledger_id[HASH_BYTES],
    struct tool_error *error)
{
    if (outbox_is_new(outbox))
        return 0;
    char *path = path_of(outbox, "envelopes");
    outbox->bytes = file_read(path, SIZE_MAX, &outbox->size, error);
    free(path);
    if (!outbox->bytes)
        return -1;
    if (!is_whole(outbox) || !index_envelopes(outbox))
        tool_fail(error,
            "the outbox %s is damaged (its file `envelopes`); restore it from a copy, or ask for each row with `points "
            "transaction` before "
            "anything is sent again",
            outbox->dir);
    else if (source_sha256 && memcmp(outbox->bytes + sizeof magic, source_sha256, HASH_BYTES))
        tool_fail(error,
            "the outbox %s belongs to another file, or the file was changed after it was signed; finish that one with "
            "the unchanged file, or choose another folder with --outbox",
            outbox->dir);
    else if (memcmp(outbox->bytes + sizeof magic + HASH_BYTES, ledger_id, HASH_BYTES))
        tool_fail(error,
            "the outbox %s was signed for another ledger; check --dir and --socket, or choose another folder with "
            "--outbox",
            outbox->dir);
    else
        return load_answers(outbox, error) ? 1 : -1;
    return -1;
}

// ---- writing

static uint8_t *grow(struct outbox *outbox, size_t more)
{
    if (outbox->room - outbox->size < more) {
        outbox->room = 2 * outbox->room + more;
        outbox->bytes = xrealloc(outbox->bytes, outbox->room);
    }
    outbox->size += more;
    return outbox->bytes + outbox->size - more;
}

void outbox_begin(struct outbox *outbox, const uint8_t source_sha256[HASH_BYTES], const uint8_t ledger_id[HASH_BYTES])
{
    forget(outbox);
    uint8_t *at = grow(outbox, HEAD_BYTES);
    memcpy(at, magic, sizeof magic);
    memcpy(at + sizeof magic, source_sha256, HASH_BYTES);
    memcpy(at + sizeof magic + HASH_BYTES, ledger_id, HASH_BYTES);
    put_number(at + HEAD_BYTES - 4, 0);
}

void outbox_add(struct outbox *outbox, const uint8_t *bytes, size_t size, const uint32_t *lines, uint32_t count)
{
    uint8_t *at = grow(outbox, ENVELOPE_HEAD_BYTES + 4 * (size_t)count + size);
    put_number(at, (uint32_t)size);
    put_number(at + 4, count);
    at += ENVELOPE_HEAD_BYTES;
    for (uint32_t i = 0; i < count; i++, at += 4)
        put_number(at, lines[i]);
    memcpy(at, bytes, size);
    uint8_t *envelopes = outbox->bytes + HEAD_BYTES - 4;
    put_number(envelopes, get_number(envelopes) + 1);
}

bool outbox_commit(struct outbox *outbox, struct tool_error *error)
{
    uint8_t *hash = grow(outbox, HASH_BYTES);
    crypto_hash_sha256(hash, outbox->bytes, outbox->size - HASH_BYTES);
    char *path = path_of(outbox, "envelopes");
    bool ok = file_write_whole(path, 0600, outbox->bytes, outbox->size, error);
    free(path);
    if (!ok)
        return false;
    return index_envelopes(outbox) ? load_answers(outbox, error) : tool_fail(error, "the outbox cannot be read back");
}

// ---- use

uint32_t outbox_count(const struct outbox *outbox)
{
    return outbox->count;
}

const struct outbox_envelope *outbox_get(const struct outbox *outbox, uint32_t number)
{
    return &outbox->entries[number].envelope;
}

uint32_t outbox_line(const struct outbox *outbox, uint32_t number, uint32_t position)
{
    return get_number(outbox->entries[number].lines + 4 * (size_t)position);
}

bool outbox_record(struct outbox *outbox, uint32_t number, const uint8_t *answer, size_t size, struct tool_error *error)
{
    size_t whole = ANSWER_HEAD_BYTES + size;
    uint8_t *record = xmalloc(whole);
    put_number(record, number);
    put_number(record + 4, (uint32_t)size);
    answer_hash(outbox, record, answer, size, record + 8);
    memcpy(record + ANSWER_HEAD_BYTES, answer, size);
    ssize_t written = write(outbox->answers, record, whole);
    free(record);
    if (written < 0 || (size_t)written != whole)
        return tool_fail(error, "cannot write the answers in %s: %s", outbox->dir,
            written < 0 ? strerror(errno) : "the disk is full");
    keep_answer(outbox, number, answer, size);
    return true;
}

bool outbox_sync(struct outbox *outbox, struct tool_error *error)
{
    return fsync(outbox->answers) == 0 ||
           tool_fail(error, "cannot sync the answers in %s: %s", outbox->dir, strerror(errno));
}
