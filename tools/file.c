// Files read and written, whole or not at all.
#include "tools/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
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

bool file_write_whole(const char *path, mode_t mode, const uint8_t *bytes, size_t size, struct tool_error *error)
{
    if (!*path)
        return tool_fail(error, "the name of the file is empty");
    char *temporary = xprintf("%s.tmp", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write_all(fd, bytes, size) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok) {
        tool_fail(error, "cannot write %s: %s", path, strerror(why));
        unlink(temporary);
    }
    free(temporary);
    return ok && file_sync_folder_of(path, error);
}

// ---- streams

enum { STREAM_BUFFER_BYTES = 256 * 1024 };

// What is renamed over must be a file: /dev/null is none.
static bool can_be_replaced(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

bool file_stream_begin(struct file_stream *stream, const char *path, struct tool_error *error)
{
    *stream = (struct file_stream){.file = stdout, .path = path};
    __fsetlocking(stdout, FSETLOCKING_BYCALLER); // one thread writes
    if (!path)
        return true;
    if (!*path)
        return tool_fail(error, "the name of the file is empty");
    if (!can_be_replaced(path))
        return tool_fail(error, "%s is no ordinary file; leave it out and use the standard output", path);
    stream->temporary = xprintf("%s.tmp", path);
    stream->file = fopen(stream->temporary, "we");
    if (!stream->file) {
        tool_fail(error, "cannot write %s: %s", stream->temporary, strerror(errno));
        free(stream->temporary);
        return false;
    }
    __fsetlocking(stream->file, FSETLOCKING_BYCALLER);
    setvbuf(stream->file, NULL, _IOFBF, STREAM_BUFFER_BYTES);
    return true;
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
    fclose(stream->file);
    free(stream->temporary);
    return file_sync_folder_of(stream->path, error);
}

void file_stream_drop(struct file_stream *stream)
{
    if (!stream->path)
        return;
    fclose(stream->file);
    unlink(stream->temporary);
    free(stream->temporary);
}
