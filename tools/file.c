// Files read and written, whole or not at all.
#include "tools/file.h"
#include "tools/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t now = read(fd, bytes + done, size - done);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            return false;
        done += (size_t)now;
    }
    return true;
}

uint8_t *file_read(const char *path, size_t size_max, size_t *size, struct tool_error *error)
{
    struct stat status;
    uint8_t *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!*path) {
        tool_fail(error, "the name of the file is empty");
    } else if (fd < 0 || fstat(fd, &status) != 0) {
        tool_fail(error, "cannot read %s: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        tool_fail(error, "%s is no ordinary file", path);
    } else if ((uint64_t)status.st_size > size_max) {
        tool_fail(error, "%s has %lld bytes; that is too many (%zu)", path, (long long)status.st_size, size_max);
    } else {
        *size = (size_t)status.st_size;
        bytes = xmalloc(*size + 1);
        bytes[*size] = '\0';
        if (!read_all(fd, bytes, *size)) {
            tool_fail(error, "cannot read %s whole", path);
            free(bytes);
            bytes = NULL;
        }
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t now = write(fd, bytes + done, size - done);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            return false;
        done += (size_t)now;
    }
    return true;
}

bool file_sync_folder_of(const char *path, struct tool_error *error)
{
    char *copy = xstrdup(path);
    const char *folder = dirname(copy);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        tool_fail(error, "cannot sync the folder %s: %s", folder, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(copy);
    return ok;
}

// What is renamed over must be a file: /dev/null is none.
static bool can_be_replaced(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

// A new file beside `path` with a name that nobody else has: what lies there, files and links, is left alone. -1: it
// cannot be made; else the caller frees the name.
static int make_temporary(const char *path, mode_t mode, char **name, struct tool_error *error)
{
    uint64_t number;
    if (!*path) {
        tool_fail(error, "the name of the file is empty");
        return -1;
    }
    if (!can_be_replaced(path)) {
        tool_fail(error, "%s is no ordinary file, and is not replaced: give another name", path);
        return -1;
    }
    if (getrandom(&number, sizeof number, 0) != sizeof number) {
        tool_fail(error, "cannot write %s: no random number for its temporary name: %s", path, strerror(errno));
        return -1;
    }
    *name = xprintf("%s.%016" PRIx64, path, number);
    int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        tool_fail(error, "cannot write %s: %s", path, strerror(errno));
        free(*name);
    }
    return fd;
}

static bool write_temporary(int fd, const char *name, const char *path, const uint8_t *bytes, size_t size)
{
    bool written = write_all(fd, bytes, size) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written && rename(name, path) == 0)
        return true;
    why = written ? errno : why;
    unlink(name);
    errno = why;
    return false;
}

bool file_write_whole(const char *path, mode_t mode, const uint8_t *bytes, size_t size, struct tool_error *error)
{
    sigset_t mask_before;
    char *name;
    bool ok = false;
    signal(SIGXFSZ, SIG_IGN); // the failed write tells
    cleanup_hold(&mask_before);
    int fd = make_temporary(path, mode, &name, error);
    if (fd >= 0) {
        ok = write_temporary(fd, name, path, bytes, size) ||
             tool_fail(error, "cannot write %s: %s", path, strerror(errno));
        free(name);
    }
    cleanup_go_on(&mask_before);
    return ok && file_sync_folder_of(path, error);
}

// ---- streams

enum { STREAM_BUFFER_BYTES = 256 * 1024 };

static const char *volatile unfinished; // what is removed unless it is finished; NULL: nothing

// For a signal's handler too.
static void remove_unfinished(void)
{
    const char *name = unfinished;
    if (name)
        unlink(name);
}

static int make_unfinished(struct file_stream *stream, mode_t mode, struct tool_error *error)
{
    sigset_t mask_before;
    cleanup_at_any_end(remove_unfinished);
    cleanup_hold(&mask_before);
    int fd = make_temporary(stream->path, mode, &stream->temporary, error);
    if (fd >= 0)
        unfinished = stream->temporary;
    cleanup_go_on(&mask_before);
    return fd;
}

bool file_stream_begin(struct file_stream *stream, const char *path, mode_t mode, struct tool_error *error)
{
    *stream = (struct file_stream){.file = stdout, .path = path};
    __fsetlocking(stdout, FSETLOCKING_BYCALLER); // one thread writes
    if (!path)
        return true;
    int fd = make_unfinished(stream, mode, error);
    if (fd < 0)
        return false;
    stream->file = fdopen(fd, "w");
    if (!stream->file)
        fail(EXIT_FAILED, "out of memory");
    __fsetlocking(stream->file, FSETLOCKING_BYCALLER);
    setvbuf(stream->file, NULL, _IOFBF, STREAM_BUFFER_BYTES);
    return true;
}

static void forget(struct file_stream *stream)
{
    fclose(stream->file);
    unfinished = NULL;
    free(stream->temporary);
}

bool file_stream_finish(struct file_stream *stream, struct tool_error *error)
{
    errno = 0;
    bool written = fflush(stream->file) == 0 && !ferror(stream->file);
    if (!stream->path)
        return written || tool_fail(error, "the output could not be written: %s", strerror(errno ? errno : EIO));
    if (!written || fsync(fileno(stream->file)) != 0 || rename(stream->temporary, stream->path) != 0) {
        tool_fail(error, "cannot write %s: %s", stream->path, strerror(errno ? errno : EIO));
        file_stream_drop(stream);
        return false;
    }
    forget(stream);
    return file_sync_folder_of(stream->path, error);
}

void file_stream_drop(struct file_stream *stream)
{
    if (!stream->path)
        return;
    unlink(stream->temporary);
    forget(stream);
}
