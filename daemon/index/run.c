#include "index/run.h"
#include "proto/fetch_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_MAGIC "points id run 2\n"
enum { HEADER_PAGE = 4096, FILE_MODE = 0640, BUFFER_LINES = 8 * 1024, SYNC_BYTES = 512 * 1024 };
_Static_assert(sizeof(struct run_header) <= HEADER_PAGE, "the header fits in its page");
_Static_assert(offsetof(struct run_header, header_sha256) + HASH_BYTES == sizeof(struct run_header),
    "nothing of the header stands behind its hash");

// ---- names

bool run_path(const char *dir, struct run_span span, char *path)
{
    return snprintf(path, RUN_PATH_BYTES, "%s/%020" PRIu64 "-%020" PRIu64 ".run", dir, span.first, span.last) <
           RUN_PATH_BYTES;
}

bool run_span_of(const char *name, struct run_span *span)
{
    int end = 0;
    return sscanf(name, "%20" SCNu64 "-%20" SCNu64 ".run%n", &span->first, &span->last, &end) == 2 && end > 0 &&
           !name[end] && span->first > 0 && span->first <= span->last && span->last - span->first < RUN_SPAN_MAX;
}

// ---- hashes

static void hash_header(const struct run_header *header, uint8_t sha256[HASH_BYTES])
{
    if (!EVP_Digest(header, offsetof(struct run_header, header_sha256), sha256, NULL, EVP_sha256(), NULL))
        abort(); // a hash of bytes in memory cannot fail
}

static bool lines_whole(const struct run *run)
{
    uint8_t sha256[HASH_BYTES];
    size_t size = run->header.lines * sizeof *run->lines;
    if (!EVP_Digest(run->lines, size, sha256, NULL, EVP_sha256(), NULL))
        abort();
    return memcmp(sha256, run->header.lines_sha256, HASH_BYTES) == 0;
}

// ---- reading

static bool header_fits(const struct run *run, const struct run_seeds *seeds, struct run_span span)
{
    uint8_t sha256[HASH_BYTES];
    const struct run_header *header = &run->header;
    hash_header(header, sha256);
    return memcmp(sha256, header->header_sha256, HASH_BYTES) == 0 &&
           memcmp(header->magic, RUN_MAGIC, sizeof header->magic) == 0 &&
           memcmp(&header->seeds, seeds, sizeof *seeds) == 0 && header->span.first == span.first &&
           header->span.last == span.last && header->homes <= header->lines &&
           header->lines == (run->mapping_size - HEADER_PAGE) / sizeof(struct run_line);
}

static struct run *map_run(int fd)
{
    struct stat file;
    if (fstat(fd, &file) || file.st_size <= HEADER_PAGE)
        return NULL;
    void *mapping = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (mapping == MAP_FAILED)
        return NULL;
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        abort();
    memcpy(&run->header, mapping, sizeof run->header);
    run->mapping = mapping;
    run->mapping_size = (size_t)file.st_size;
    run->lines = (const struct run_line *)((const uint8_t *)mapping + HEADER_PAGE);
    return run;
}

struct run *run_open(const char *dir, const struct run_seeds *seeds, struct run_span span)
{
    char path[RUN_PATH_BYTES];
    errno = ENAMETOOLONG;
    int fd = run_path(dir, span, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    errno = 0;
    struct run *run = map_run(fd);
    int saved = errno;
    close(fd);
    if (run && !(header_fits(run, seeds, span) && lines_whole(run))) {
        run_close(run);
        run = NULL;
    }
    errno = saved;
    return run;
}

void run_close(struct run *run)
{
    munmap(run->mapping, run->mapping_size);
    free(run);
}

bool run_may_hold(const struct run *run, const uint8_t id[ID_BYTES])
{
    return memcmp(id, run->header.largest, ID_BYTES) <= 0 && memcmp(id, run->header.smallest, ID_BYTES) >= 0;
}

static size_t home_of(const struct run_header *header, uint64_t hash)
{
    return (size_t)((hash >> 32) * header->homes >> 32);
}

void run_prefetch(const struct run *run, uint64_t hash)
{
    fetch_ahead(&run->lines[home_of(&run->header, hash)], sizeof *run->lines);
}

static uint64_t check_of(const struct run_header *header, size_t number, const uint64_t slots[RUN_LINE_SLOTS])
{
    uint64_t check = header->seeds.low ^ (header->span.first << 32 | number);
    for (uint64_t i = 0; i < RUN_LINE_SLOTS; i++) {
        __uint128_t product = (__uint128_t)(check ^ slots[i]) * (header->seeds.high + i);
        check = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    return check;
}

static bool line_whole(const struct run *run, size_t number)
{
    const struct run_line *line = &run->lines[number];
    return line->check == check_of(&run->header, number, line->slots);
}

// The walk goes on from line to line as long as they are full.
uint64_t run_find(const struct run *run, uint64_t hash, size_t *at)
{
    size_t slot = *at ? *at : home_of(&run->header, hash) * RUN_LINE_SLOTS, end = run->header.lines * RUN_LINE_SLOTS;
    for (bool begins = true; slot < end; slot++, begins = slot % RUN_LINE_SLOTS == 0) {
        if (begins && !line_whole(run, slot / RUN_LINE_SLOTS))
            return RUN_DAMAGED;
        uint64_t entry = run->lines[slot / RUN_LINE_SLOTS].slots[slot % RUN_LINE_SLOTS];
        if (!entry || entry >> 32 > hash >> 32)
            break;
        *at = slot + 1;
        if (entry >> 32 == hash >> 32)
            return run->header.span.first + (uint32_t)entry - 1;
    }
    return 0;
}

uint64_t run_next(const struct run *run, size_t *at)
{
    for (size_t end = run->header.lines * RUN_LINE_SLOTS; *at < end; ++*at) {
        if (*at % RUN_LINE_SLOTS == 0 && !line_whole(run, *at / RUN_LINE_SLOTS))
            return RUN_DAMAGED;
        uint64_t entry = run->lines[*at / RUN_LINE_SLOTS].slots[*at % RUN_LINE_SLOTS];
        if (entry)
            return entry;
    }
    return 0;
}

// ---- writing

struct run_writer {
    char path[RUN_PATH_BYTES], made[RUN_PATH_BYTES + 8], dir[RUN_PATH_BYTES];
    FILE *file;
    EVP_MD_CTX *sha256;
    struct run_header header;
    struct run_line *buffer; // BUFFER_LINES; the one after `buffered` is being filled
    size_t buffered, filled; // lines; slots of that one
    size_t unsynced;         // bytes
    bool failed;
};

// To disk in small steps: a commit of the ledger that meets a large one on the same disk would wait for all of it.
static void flush(struct run_writer *writer)
{
    size_t size = writer->buffered * sizeof *writer->buffer;
    if (!EVP_DigestUpdate(writer->sha256, writer->buffer, size))
        abort();
    writer->failed |= fwrite(writer->buffer, 1, size, writer->file) != size;
    memset(writer->buffer, 0, size);
    writer->buffered = 0;
    writer->unsynced += size;
    if (writer->unsynced < SYNC_BYTES)
        return;
    writer->failed |= fflush(writer->file) != 0 || fdatasync(fileno(writer->file)) != 0;
    writer->unsynced = 0;
}

static void end_line(struct run_writer *writer)
{
    struct run_line *line = &writer->buffer[writer->buffered++];
    line->check = check_of(&writer->header, writer->header.lines++, line->slots);
    writer->filled = 0;
    if (writer->buffered == BUFFER_LINES)
        flush(writer);
}

static void writer_free(struct run_writer *writer)
{
    EVP_MD_CTX_free(writer->sha256);
    free(writer->buffer);
    free(writer);
}

struct run_writer *run_writer_new(const char *dir, const struct run_seeds *seeds, struct run_span span,
    const struct run_checkpoint *checkpoint, uint64_t entries)
{
    struct run_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        abort();
    writer->sha256 = EVP_MD_CTX_new();
    writer->buffer = calloc(BUFFER_LINES, sizeof *writer->buffer);
    if (!writer->sha256 || !writer->buffer || !EVP_DigestInit_ex(writer->sha256, EVP_sha256(), NULL))
        abort();
    writer->header = (struct run_header){.seeds = *seeds, .span = span, .checkpoint = *checkpoint, .entries = entries};
    writer->header.homes = entries * 3 / 16 + 1; // lines three quarters full
    memcpy(writer->header.magic, RUN_MAGIC, sizeof writer->header.magic);
    snprintf(writer->dir, sizeof writer->dir, "%s", dir);
    errno = ENAMETOOLONG;
    if (run_path(dir, span, writer->path)) {
        snprintf(writer->made, sizeof writer->made, "%s.new", writer->path);
        int fd = open(writer->made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
        writer->file = fd < 0 ? NULL : fdopen(fd, "wb");
    }
    static const uint8_t page[HEADER_PAGE];
    if (writer->file && fwrite(page, sizeof page, 1, writer->file) == 1)
        return writer;
    if (writer->file)
        fclose(writer->file);
    writer_free(writer);
    return NULL;
}

void run_writer_add(struct run_writer *writer, uint32_t hash, uint64_t sequence)
{
    size_t home = home_of(&writer->header, (uint64_t)hash << 32);
    while (writer->header.lines < home || writer->filled == RUN_LINE_SLOTS)
        end_line(writer);
    writer->buffer[writer->buffered].slots[writer->filled++] =
        (uint64_t)hash << 32 | (sequence - writer->header.span.first + 1);
}

static bool write_header(struct run_writer *writer)
{
    uint8_t page[HEADER_PAGE] = {0};
    if (!EVP_DigestFinal_ex(writer->sha256, writer->header.lines_sha256, NULL))
        abort();
    hash_header(&writer->header, writer->header.header_sha256);
    memcpy(page, &writer->header, sizeof writer->header);
    return fseek(writer->file, 0, SEEK_SET) == 0 && fwrite(page, sizeof page, 1, writer->file) == 1;
}

static bool name_it(const struct run_writer *writer)
{
    if (rename(writer->made, writer->path))
        return false;
    int fd = open(writer->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced;
}

bool run_writer_end(struct run_writer *writer, const uint8_t smallest[ID_BYTES], const uint8_t largest[ID_BYTES])
{
    while (writer->filled > 0 || writer->header.lines < writer->header.homes)
        end_line(writer);
    flush(writer);
    memcpy(writer->header.smallest, smallest, ID_BYTES);
    memcpy(writer->header.largest, largest, ID_BYTES);
    bool written =
        write_header(writer) && !writer->failed && fflush(writer->file) == 0 && fdatasync(fileno(writer->file)) == 0;
    int saved = errno;
    fclose(writer->file); // its bytes are on disk already, or the file is dropped
    errno = saved;
    bool done = written && name_it(writer);
    saved = errno;
    if (!done)
        unlink(writer->made);
    writer_free(writer);
    errno = saved;
    return done;
}

void run_writer_drop(struct run_writer *writer)
{
    fclose(writer->file);
    unlink(writer->made);
    writer_free(writer);
}
