// Small files, read whole and written whole or not at all; and streams, which are files only once they are whole.
#pragma once

#include "tools/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

// NULL when it cannot be read or has more than `size_max` bytes. A NUL byte, not counted in `size`, stands behind. The
// caller frees.
uint8_t *file_read(const char *path, size_t size_max, size_t *size, struct tool_error *error);
// A temporary file beside it, with a name of its own and with `mode` (less the umask) from the first, synced, renamed
// over `path`, folder synced. Of several at once the last one's stays, whole. `path` must not exist or be an ordinary
// file. Signals wait until it is done.
bool file_write_whole(const char *path, mode_t mode, const uint8_t *bytes, size_t size, struct tool_error *error);
// Makes the names in the folder that holds `path` durable.
bool file_sync_folder_of(const char *path, struct tool_error *error);

// A file of any size that is written from front to back.
struct file_stream {
    FILE *file;
    const char *path; // NULL: standard output
    char *temporary;
};

// As file_write_whole makes one; `path` is borrowed, NULL: standard output. Once a process: what is not finished is
// removed however the process ends (tools/cleanup.h).
bool file_stream_begin(struct file_stream *stream, const char *path, mode_t mode, struct tool_error *error);
// All that was written is synced, and becomes the file; or, when something could not be written, there is none.
bool file_stream_finish(struct file_stream *stream, struct tool_error *error);
// There will be none.
void file_stream_drop(struct file_stream *stream);
