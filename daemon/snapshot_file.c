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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_PAGE = 4096, FILE_MODE = 0640, PATH_BYTES = PATH_MAX + 80 };
enum { NAME_BYTES = 64, BUFFER_BYTES = 256 * 1024, STEP_BYTES = 256 * 1024, REST = 3 };

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

// ---- the image

static bool copy_some(void *context, const void *bytes, size_t size)
{
    struct snapshot_image *image = context;
    if (image->size + size <= image->capacity)
        memcpy(image->bytes + image->size, bytes, size);
    image->size += size;
    return true;
}

bool snapshot_image_take(struct snapshot_image *image, const struct points_state *state, uint64_t blocks)
{
    image->size = 0;
    image->sequence = points_last_sequence(state);
    image->blocks = blocks;
    points_save(state, copy_some, image);
    return image->size <= image->capacity;
}

bool snapshot_image_make_room(struct snapshot_image *image)
{
    size_t capacity = image->size + image->size / 8 + STEP_BYTES;
    snapshot_image_free(image);
    void *room = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return false;
    image->bytes = room;
    image->capacity = capacity;
    memset(image->bytes, 0, capacity); // whoever fills it shall not wait for the kernel to find each page
    return true;
}

void snapshot_image_free(struct snapshot_image *image)
{
    if (image->capacity)
        munmap(image->bytes, image->capacity);
    image->bytes = NULL;
    image->capacity = 0;
}

// ---- writing

// The disk must not become full of a snapshot: the ledger comes first.
static bool has_room(int fd, uint64_t bytes)
{
    struct statvfs disk;
    if (fstatvfs(fd, &disk))
        return false;
    errno = ENOSPC;
    return (uint64_t)disk.f_bavail * disk.f_frsize >= bytes;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void rest(int64_t ns)
{
    nanosleep(&(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

// Each step is on disk before the next: a commit of the ledger beside it has at most one to wait for, and mostly none.
static bool write_steps(int fd, const uint8_t *bytes, size_t size, const atomic_bool *hurry)
{
    while (size > 0) {
        int64_t begin_ns = now_ns();
        ssize_t done = write(fd, bytes, size < STEP_BYTES ? size : STEP_BYTES);
        if (done <= 0 || fdatasync(fd))
            return false;
        bytes += done;
        size -= (size_t)done;
        if (!*hurry)
            rest((now_ns() - begin_ns) * REST);
    }
    return true;
}

static bool write_file(
    int fd, const struct snapshot_image *image, const uint8_t root[HASH_BYTES], const atomic_bool *hurry)
{
    uint8_t page[HEADER_PAGE] = {0};
    struct snapshot_header header = {
        .program = PACKAGE_VERSION, .sequence = image->sequence, .blocks = image->blocks, .payload_bytes = image->size};
    memcpy(header.magic, magic, sizeof magic);
    memcpy(header.root, root, HASH_BYTES);
    if (!EVP_Digest(image->bytes, image->size, header.payload_sha256, NULL, EVP_sha256(), NULL))
        abort();
    hash_header(&header, header.header_sha256);
    memcpy(page, &header, sizeof header);
    return write(fd, page, sizeof page) == sizeof page && write_steps(fd, image->bytes, image->size, hurry) &&
           fsync(fd) == 0;
}

static bool name_it(const char *dir, const char *made, uint64_t sequence)
{
    char name[NAME_BYTES], path[PATH_BYTES];
    name_of(sequence, name, sizeof name);
    path_of(dir, name, path);
    int fd = rename(made, path) ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced;
}

int snapshot_write(const char *dir, const struct snapshot_image *image, const uint8_t root[HASH_BYTES],
    uint64_t reserve_bytes, const atomic_bool *hurry)
{
    char made[PATH_BYTES];
    path_of(dir, unfinished, made);
    errno = 0;
    int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    bool done = fd >= 0 && has_room(fd, image->size + HEADER_PAGE + reserve_bytes) &&
                write_file(fd, image, root, hurry) && name_it(dir, made, image->sequence);
    int error = done ? 0 : errno ? errno : EIO;
    if (fd >= 0)
        close(fd);
    if (done)
        drop_older(dir, image->sequence);
    else
        unlink(made);
    return error;
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
