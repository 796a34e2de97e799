#include "points/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 64 * 1024 }; // an envelope, and so all that came in one, is smaller

bool archive_is_loading(const struct archive *archive)
{
    return archive->write == NULL;
}

void archive_check(struct archive *archive, bool holds, const char *what)
{
    if (holds || archive->failed)
        return;
    archive->failed = true;
    snprintf(archive->error->message, sizeof archive->error->message, "%s", what);
}

static void load_bytes(struct archive *archive, void *bytes, size_t size)
{
    archive_check(archive, size <= archive->left, "it ends too early");
    if (archive->failed)
        return;
    archive_check(archive, archive->read(archive->context, bytes, size), "it cannot be read");
    archive->left -= size;
}

void archive_bytes(struct archive *archive, void *bytes, size_t size)
{
    if (archive->failed || size == 0)
        return;
    if (archive_is_loading(archive))
        load_bytes(archive, bytes, size);
    else
        archive_check(archive, archive->write(archive->context, bytes, size), "it cannot be written");
    if (archive->failed && archive_is_loading(archive))
        memset(bytes, 0, size);
}

void archive_count(struct archive *archive, uint64_t *count, size_t entry_size)
{
    uint64_t size = entry_size;
    ARCHIVE(archive, size);
    ARCHIVE(archive, *count);
    archive_check(archive, size == entry_size, "it was written by a build that keeps the state in another form");
    archive_check(archive, !archive_is_loading(archive) || *count <= archive->left, "it ends within an array");
    if (archive->failed)
        *count = 0;
}

void archive_room(struct archive *archive, void *array, size_t *count, size_t *capacity, size_t entry_size)
{
    uint64_t entries = *count;
    archive_count(archive, &entries, entry_size);
    if (!archive_is_loading(archive))
        return;
    void *room = NULL;
    *count = *capacity = 0;
    while (*capacity < entries)
        room = memory_grow(room, *capacity, capacity, entry_size);
    memcpy(array, &room, sizeof room);
    *count = entries;
}

void archive_array(struct archive *archive, void *array, size_t *count, size_t *capacity, size_t entry_size)
{
    void *entries;
    archive_room(archive, array, count, capacity, entry_size);
    memcpy(&entries, array, sizeof entries);
    archive_bytes(archive, entries, *count * entry_size);
}

void archive_fixed(struct archive *archive, void *array, size_t count, size_t entry_size)
{
    void *entries;
    if (archive_is_loading(archive)) {
        entries = memory_zeroed(count, entry_size);
        memcpy(array, &entries, sizeof entries);
    }
    memcpy(&entries, array, sizeof entries);
    archive_bytes(archive, entries, count * entry_size);
}

void archive_text(struct archive *archive, char **text)
{
    uint64_t size = archive_is_loading(archive) ? 0 : strlen(*text);
    archive_count(archive, &size, 1);
    archive_check(archive, size <= TEXT_BYTES_MAX, "a text is too long");
    if (archive_is_loading(archive))
        *text = memory_zeroed(archive->failed ? 1 : size + 1, 1);
    archive_bytes(archive, *text, archive->failed ? 0 : size);
}

// ---- messages, by their packed bytes

struct packing {
    ProtobufCBuffer buffer;
    struct archive *archive;
};

static void pack_more(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes)
{
    archive_bytes(((struct packing *)buffer)->archive, (void *)bytes, size);
}

static void save_message(struct archive *archive, const ProtobufCMessage *message)
{
    struct packing packing = {{pack_more}, archive};
    uint64_t size = protobuf_c_message_get_packed_size(message);
    archive_count(archive, &size, 1);
    protobuf_c_message_pack_to_buffer(message, &packing.buffer);
}

static ProtobufCMessage *load_message(struct archive *archive, const ProtobufCMessageDescriptor *descriptor)
{
    uint64_t size = 0;
    archive_count(archive, &size, 1);
    archive_check(archive, size <= TEXT_BYTES_MAX, "a message is too long");
    uint8_t *bytes = memory_zeroed(1, TEXT_BYTES_MAX);
    archive_bytes(archive, bytes, archive->failed ? 0 : size);
    ProtobufCMessage *message = archive->failed ? NULL : protobuf_c_message_unpack(descriptor, NULL, size, bytes);
    free(bytes);
    archive_check(archive, message != NULL, "a message cannot be read");
    return message;
}

void archive_message(struct archive *archive, const ProtobufCMessageDescriptor *descriptor, void *message)
{
    ProtobufCMessage *own;
    memcpy(&own, message, sizeof own);
    if (!archive_is_loading(archive)) {
        save_message(archive, own);
        return;
    }
    own = load_message(archive, descriptor);
    memcpy(message, &own, sizeof own);
}
