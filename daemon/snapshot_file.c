#include "snapshot_file.h"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { HEADER_PAGE = 4096, FILE_MODE = 0640, PATH_BYTES = PATH_MAX + 80 };
enum { BUFFER_BYTES = 256 * 1024 };
// Written and synced in steps: a commit of the ledger on the same disk waits for one of them at most.
enum { STEP_BYTES = 4 * 1024 * 1024 };

static const char magic[16] = "points snap 1\n", unfinished[] = "state.new";

struct snapshot_header {
    char magic[16];
    char program[32]; // the version of the program that wrote it
    uint64_t sequence, blocks;
    uint8_t root[HASH_BYTES]; // over these blocks
    uint64_t payload_bytes;
    uint8_t payload_sha256[HASH_BYTES];
    uint8_t header_sha256[HASH_BYTES]; // of all that stands before it
};
_Static_assert(sizeof(struct snapshot_header) <= HEADER_PAGE, "the header fits in its page");
_Static_assert(offsetof(struct snapshot_header, header_sha256) + HASH_BYTES == sizeof(struct snapshot_header),
    "nothing of the header stands behind its hash");

static void hash_header(const struct snapshot_header *header, uint8_t sha256[HASH_BYTES])
{
    if (!EVP_Digest(header, offsetof(struct snapshot_header, header_sha256), sha256, NULL, EVP_sha256(), NULL))
        abort(); // a hash of bytes in memory cannot fail
}

static struct snapshot_header header_of(const struct points_state *state, uint64_t blocks)
{
    struct snapshot_header header = {
        .program = PACKAGE_VERSION, .sequence = points_last_sequence(state), .blocks = blocks};
    memcpy(header.magic, magic, sizeof magic);
    return header;
}

static void name_of(uint64_t sequence, char *name, size_t size)
{
    snprintf(name, size, "state-%020" PRIu64 ".snapshot", sequence);
}

// False: the file is no snapshot.
static bool sequence_of(const char *name, uint64_t *sequence)
{
    int end = 0;
    return sscanf(name, "state-%20" SCNu64 ".snapshot%n", sequence, &end) == 1 && end > 0 && !name[end];
}

static void path_of(const char *dir, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", dir, name);
}

static void drop_older(const char *dir, uint64_t sequence)
{
    char path[PATH_BYTES];
    uint64_t other;
    DIR *listing = opendir(dir);
    for (const struct dirent *entry; listing && (entry = readdir(listing));) {
        path_of(dir, entry->d_name, path);
        if (sequence_of(entry->d_name, &other) && other < sequence)
            unlink(path); // one that stays is dropped the next time
    }
    if (listing)
        closedir(listing);
}

// ---- writing

struct snapshot_writer {
    char dir[PATH_MAX], made[PATH_BYTES];
    int fd, error; // errno of the first failure
    EVP_MD_CTX *sha256;
    struct snapshot_header header;
    uint64_t unsynced_bytes;
    size_t buffered;
    uint8_t buffer[BUFFER_BYTES];
};

static void writer_free(struct snapshot_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    EVP_MD_CTX_free(writer->sha256);
    free(writer);
}

struct snapshot_writer *snapshot_writer_new(
    const char *dir, const struct points_state *state, uint64_t blocks, struct snapshot_error *error)
{
    struct snapshot_writer *writer = calloc(1, sizeof *writer);
    if (!writer || !(writer->sha256 = EVP_MD_CTX_new()) || !EVP_DigestInit_ex(writer->sha256, EVP_sha256(), NULL))
        abort();
    writer->header = header_of(state, blocks);
    snprintf(writer->dir, sizeof writer->dir, "%s", dir);
    path_of(dir, unfinished, writer->made);
    unlink(writer->made); // a child of a process that was killed may still write to it
    writer->fd = open(writer->made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (writer->fd >= 0)
        return writer;
    snprintf(error->message, sizeof error->message, "%.200s cannot be made: %s", writer->made, strerror(errno));
    writer_free(writer);
    return NULL;
}

int snapshot_writer_fd(const struct snapshot_writer *writer)
{
    return writer->fd;
}

void snapshot_writer_use_fd(struct snapshot_writer *writer, int fd)
{
    writer->fd = fd;
}

// Once it has failed, nothing more is written.
static void note(struct snapshot_writer *writer, bool done)
{
    if (!done && !writer->error)
        writer->error = errno ? errno : EIO;
}

static void put(struct snapshot_writer *writer, const uint8_t *bytes, size_t size)
{
    while (size > 0 && !writer->error) {
        size_t step = size < STEP_BYTES ? size : STEP_BYTES;
        ssize_t done = write(writer->fd, bytes, step);
        note(writer, done > 0);
        if (done <= 0 || !EVP_DigestUpdate(writer->sha256, bytes, (size_t)done))
            return;
        bytes += done;
        size -= (size_t)done;
        writer->unsynced_bytes += (size_t)done;
        if (writer->unsynced_bytes < STEP_BYTES)
            continue;
        note(writer, fdatasync(writer->fd) == 0);
        writer->unsynced_bytes = 0;
    }
}

static void flush(struct snapshot_writer *writer)
{
    put(writer, writer->buffer, writer->buffered);
    writer->buffered = 0;
}

static bool write_some(void *context, const void *bytes, size_t size)
{
    struct snapshot_writer *writer = context;
    if (writer->buffered + size > BUFFER_BYTES)
        flush(writer);
    if (size > BUFFER_BYTES) {
        put(writer, bytes, size);
    } else {
        memcpy(writer->buffer + writer->buffered, bytes, size);
        writer->buffered += size;
    }
    return !writer->error;
}

static bool count_some(void *context, const void *bytes, size_t size)
{
    (void)bytes;
    *(uint64_t *)context += size;
    return true;
}

// The disk must not become full of a snapshot: the ledger comes first.
static bool has_room(int fd, uint64_t bytes)
{
    struct statvfs disk;
    if (fstatvfs(fd, &disk))
        return false;
    errno = ENOSPC;
    return (uint64_t)disk.f_bavail * disk.f_frsize >= bytes;
}

int snapshot_writer_fill(struct snapshot_writer *writer, const struct points_state *state, uint64_t reserve_bytes)
{
    uint64_t bytes = 0;
    points_save(state, count_some, &bytes);
    writer->header.payload_bytes = bytes;
    note(writer, has_room(writer->fd, bytes + HEADER_PAGE + reserve_bytes));
    note(writer, lseek(writer->fd, HEADER_PAGE, SEEK_SET) == HEADER_PAGE);
    if (!writer->error)
        points_save(state, write_some, writer);
    flush(writer);
    if (!EVP_DigestFinal_ex(writer->sha256, writer->header.payload_sha256, NULL))
        abort();
    note(writer, pwrite(writer->fd, &writer->header, sizeof writer->header, 0) == sizeof writer->header);
    note(writer, fdatasync(writer->fd) == 0);
    return writer->error;
}

static void seal(struct snapshot_writer *writer, const uint8_t root[HASH_BYTES])
{
    struct snapshot_header *header = &writer->header;
    errno = 0;
    note(writer, pread(writer->fd, header, sizeof *header, 0) == sizeof *header); // a child filled it
    memcpy(header->root, root, HASH_BYTES);
    hash_header(header, header->header_sha256);
    note(writer, pwrite(writer->fd, header, sizeof *header, 0) == sizeof *header);
    note(writer, ftruncate(writer->fd, (off_t)(HEADER_PAGE + header->payload_bytes)) == 0);
    note(writer, fsync(writer->fd) == 0);
}

static void name_it(struct snapshot_writer *writer)
{
    char name[64], path[PATH_BYTES];
    name_of(writer->header.sequence, name, sizeof name);
    path_of(writer->dir, name, path);
    note(writer, rename(writer->made, path) == 0);
    int fd = open(writer->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    note(writer, fd >= 0 && fsync(fd) == 0);
    if (fd >= 0)
        close(fd);
}

int snapshot_writer_end(struct snapshot_writer *writer, const uint8_t root[HASH_BYTES])
{
    seal(writer, root);
    if (!writer->error)
        name_it(writer);
    int error = writer->error;
    if (error) {
        snapshot_writer_drop(writer);
        return error;
    }
    drop_older(writer->dir, writer->header.sequence);
    writer_free(writer);
    return 0;
}

void snapshot_writer_drop(struct snapshot_writer *writer)
{
    unlink(writer->made);
    writer_free(writer);
}

// ---- loading

static bool hash_payload(FILE *file, uint64_t size, uint8_t sha256[HASH_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t *buffer = malloc(BUFFER_BYTES);
    if (!context || !buffer || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
        abort();
    bool whole = fseek(file, HEADER_PAGE, SEEK_SET) == 0;
    while (whole && size > 0) {
        size_t step = size < BUFFER_BYTES ? size : BUFFER_BYTES;
        whole = fread(buffer, step, 1, file) == 1 && EVP_DigestUpdate(context, buffer, step);
        size -= step;
    }
    whole = whole && EVP_DigestFinal_ex(context, sha256, NULL);
    free(buffer);
    EVP_MD_CTX_free(context);
    return whole;
}

// NULL: it is ours and whole; else what is wrong.
static const char *judge(FILE *file, uint64_t sequence, struct ledger *ledger, struct snapshot_header *header)
{
    struct stat stat;
    uint8_t sha256[HASH_BYTES];
    if (fstat(fileno(file), &stat) || fread(header, sizeof *header, 1, file) != 1)
        return "it is cut short";
    hash_header(header, sha256);
    if (memcmp(header->magic, magic, sizeof magic) != 0 || memcmp(header->header_sha256, sha256, HASH_BYTES) != 0)
        return "it is damaged, or no snapshot";
    if (header->sequence != sequence)
        return "its name is that of another";
    if (strncmp(header->program, PACKAGE_VERSION, sizeof header->program) != 0)
        return "another version of pointsd wrote it";
    if (header->blocks > ledger_size(ledger))
        return "the ledger has fewer blocks: it is an older copy, or another one";
    if (!ledger_has_root(ledger, header->blocks, header->root))
        return "it is of another ledger";
    if ((uint64_t)stat.st_size != HEADER_PAGE + header->payload_bytes)
        return "it has another size than it says";
    if (!hash_payload(file, header->payload_bytes, sha256) || memcmp(header->payload_sha256, sha256, HASH_BYTES) != 0)
        return "it is damaged";
    return NULL;
}

static bool read_some(void *file, void *bytes, size_t size)
{
    return fread(bytes, size, 1, file) == 1;
}

static bool load(
    FILE *file, const struct snapshot_header *header, struct snapshot *snapshot, struct points_error *error)
{
    snprintf(error->message, sizeof error->message, "it cannot be read");
    if (fseek(file, HEADER_PAGE, SEEK_SET))
        return false;
    snapshot->state = points_load(read_some, file, header->payload_bytes, error);
    snapshot->blocks = header->blocks;
    return snapshot->state != NULL;
}

// False: it is dropped.
static bool try_load(const char *dir, uint64_t sequence, struct ledger *ledger, struct snapshot *snapshot)
{
    char path[PATH_BYTES];
    struct snapshot_header header;
    struct points_error error;
    name_of(sequence, snapshot->name, sizeof snapshot->name);
    path_of(dir, snapshot->name, path);
    FILE *file = fopen(path, "rbe");
    const char *fault = file ? judge(file, sequence, ledger, &header) : strerror(errno);
    if (!fault && !load(file, &header, snapshot, &error))
        fault = error.message;
    if (file)
        fclose(file);
    if (fault)
        snapshot_drop(dir, snapshot->name, fault);
    return !fault;
}

void snapshot_drop(const char *dir, const char *name, const char *reason)
{
    char path[PATH_BYTES];
    path_of(dir, name, path);
    fprintf(stderr, "pointsd: the snapshot %s is not used, and deleted: %s\n", path, reason);
    if (unlink(path))
        fprintf(stderr, "pointsd: %s cannot be deleted: %s\n", path, strerror(errno));
}

// The newest one before `below`; 0: there is none.
static uint64_t newest_before(const char *dir, uint64_t below)
{
    uint64_t sequence, newest = 0;
    DIR *listing = opendir(dir);
    for (const struct dirent *entry; listing && (entry = readdir(listing));)
        if (sequence_of(entry->d_name, &sequence) && sequence < below && sequence > newest)
            newest = sequence;
    if (listing)
        closedir(listing);
    return newest;
}

bool snapshot_load(const char *dir, struct ledger *ledger, struct snapshot *snapshot)
{
    char path[PATH_BYTES];
    path_of(dir, unfinished, path);
    unlink(path);
    for (uint64_t sequence = UINT64_MAX; (sequence = newest_before(dir, sequence));) {
        if (!try_load(dir, sequence, ledger, snapshot))
            continue;
        drop_older(dir, sequence);
        return true;
    }
    return false;
}
