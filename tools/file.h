// Small files, read whole and written whole or not at all.
#pragma once

#include "tools/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// NULL when it cannot be read or has more than `size_max` bytes. A NUL byte, not counted in `size`, stands behind. The
// caller frees.
uint8_t *file_read(const char *path, size_t size_max, size_t *size, struct tool_error *error);
// A temporary file beside it, synced, renamed over `path`, folder synced.
bool file_write_whole(const char *path, mode_t mode, const uint8_t *bytes, size_t size, struct tool_error *error);
// Makes the names in the folder that holds `path` durable.
bool file_sync_folder_of(const char *path, struct tool_error *error);
