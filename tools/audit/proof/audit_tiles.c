// points-audit tiles: the tree as static files, for whoever serves it over HTTP or keeps it beside the checkpoints.
#include "ledger/tiles.h"
#include "tools/audit/proof/audit_block.h"
#include "tools/audit/document.h"
#include "tools/audit/progress.h"
#include "tools/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0644, FOLDER_MODE = 0755, PATH_SHOWN_MAX = 400 };

struct tiler {
    struct ledger *ledger;
    struct ledger_reading *reading;
    const char *out;
    uint64_t blocks;
    char note[NOTE_BYTES_MAX]; // the ledger's checkpoint
    uint64_t written, kept;    // tiles
    struct replay_fault fault;
};

// ---- before anything is written. False: tiler->fault

// Every header against its form and the tree.
static bool check_headers(struct tiler *tiler, struct tree_edge *edge)
{
    struct ledger_error error;
    struct ledger_record record;
    struct ledger_heading headings[2]; // of this block and the one before, in turns
    struct progress progress = progress_begin();
    bool good = true;
    for (uint64_t index = 0; good && index < tiler->blocks; index++) {
        struct ledger_heading *heading = &headings[index % 2], *before = index ? &headings[(index - 1) % 2] : NULL;
        progress_show(&progress, index, tiler->blocks, 0);
        if (ledger_read_block(tiler->reading, index, &record, &error) < 0)
            fail(EXIT_FAILED, "%s", error.message);
        good = ledger_check_header(&record, index, heading, &error) &&
               ledger_check_place(tiler->reading, heading, before, edge, &error);
    }
    progress_end(&progress);
    return good || replay_fail(&tiler->fault, "%s", error.message);
}

// The tree against the checkpoint.
static bool check_ledger(struct tiler *tiler)
{
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    struct tree_edge edge = {0};
    uint8_t root[HASH_BYTES];
    if (!check_headers(tiler, &edge) || !audit_read_checkpoint(tiler->reading, tiler->note, &tiler->fault))
        return false;
    tree_root(&edge, root);
    return (note_read_checkpoint(tiler->note, &checkpoint, &fault) && checkpoint.size == edge.size &&
               memcmp(checkpoint.root, root, HASH_BYTES) == 0) ||
           replay_fail(&tiler->fault, "in the checkpoint: its size or root is not that of the blocks");
}

// Of the folder that was published before; false: there is none.
static bool read_published(const char *out, char note[NOTE_BYTES_MAX])
{
    struct tool_error error;
    size_t size;
    char *path = xprintf("%s/checkpoint", out);
    bool there = access(path, F_OK) == 0;
    if (there) {
        char *text = (char *)file_read(path, NOTE_BYTES_MAX - 1, &size, &error);
        if (!text)
            fail_with(&error);
        memcpy(note, text, size + 1);
        free(text);
    }
    free(path);
    return there;
}

// What was published must be the beginning of what will be.
static bool check_published(struct tiler *tiler)
{
    char note[NOTE_BYTES_MAX];
    struct note_checkpoint before;
    struct note_fault fault;
    if (!read_published(tiler->out, note))
        return true;
    if (!note_read_checkpoint(note, &before, &fault))
        return replay_fail(&tiler->fault, "in the folder's checkpoint: %s: nothing was written", fault.message);
    if (before.size > tiler->blocks)
        return replay_fail(
            &tiler->fault, "this folder holds tiles of more blocks than the ledger has: nothing was written");
    return ledger_has_root(tiler->ledger, before.size, before.root) ||
           replay_fail(&tiler->fault, "this folder holds tiles of another tree: nothing was written");
}

// ---- writing

static void make_folder(const char *path)
{
    struct tool_error error;
    if (mkdir(path, FOLDER_MODE) == 0) {
        if (!file_sync_folder_of(path, &error))
            fail_with(&error);
    } else if (errno != EEXIST) {
        fail(EXIT_FAILED, "cannot make the folder %s: %s", path, strerror(errno));
    }
}

// Every folder of the path behind `root_size` bytes of it.
static void make_folders(char *path, size_t root_size)
{
    for (char *slash = strchr(path + root_size, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        make_folder(path);
        *slash = '/';
    }
}

// A tile that is there already must have these bytes.
static bool compare(struct tiler *tiler, const char *path, const uint8_t *bytes, size_t size)
{
    struct tool_error error;
    size_t own_size;
    uint8_t *own = file_read(path, TILE_BYTES_MAX, &own_size, &error);
    if (!own)
        fail_with(&error);
    bool same = own_size == size && memcmp(own, bytes, size) == 0;
    free(own);
    return same ||
           replay_fail(&tiler->fault, "this folder holds tiles of another tree: %.*s differs", PATH_SHOWN_MAX, path);
}

static bool put(struct tiler *tiler, char *path, const uint8_t *bytes, size_t size)
{
    struct tool_error error;
    if (access(path, F_OK) == 0) {
        tiler->kept++;
        return compare(tiler, path, bytes, size);
    }
    make_folders(path, strlen(tiler->out) + 1);
    if (!file_write_whole(path, FILE_MODE, bytes, size, &error))
        fail_with(&error);
    tiler->written++;
    return true;
}

static bool write_tile(struct tiler *tiler, const struct tile *tile)
{
    static uint8_t bytes[TILE_BYTES_MAX];
    struct ledger_error error;
    size_t size;
    char name[TILE_PATH_BYTES];
    tile_path(tile, name);
    if (!tile_read(tiler->reading, tile, bytes, &size, &error))
        fail(EXIT_FAILED, "%s", error.message);
    char *path = xprintf("%s/%s", tiler->out, name);
    bool good = put(tiler, path, bytes, size);
    free(path);
    return good;
}

static bool write_level(struct tiler *tiler, bool entries, unsigned level)
{
    uint64_t width = tile_level_width(tiler->blocks, level);
    struct progress progress = progress_begin();
    struct tile tile = {.entries = entries, .level = level, .width = TILE_WIDTH};
    bool good = true;
    for (; good && tile.index < width / TILE_WIDTH; tile.index++) {
        progress_show(&progress, tile.index * TILE_WIDTH, width, 0);
        good = write_tile(tiler, &tile);
    }
    tile.width = width % TILE_WIDTH;
    if (good && tile.width)
        good = write_tile(tiler, &tile);
    progress_end(&progress);
    return good;
}

static bool write_tiles(struct tiler *tiler)
{
    bool good = true;
    make_folder(tiler->out);
    for (unsigned level = 0; good && tile_level_width(tiler->blocks, level) > 0; level++)
        good = write_level(tiler, false, level);
    return good && write_level(tiler, true, 0);
}

// Last of all: whoever reads it finds every tile that it speaks of.
static void write_checkpoint(const struct tiler *tiler)
{
    struct tool_error error;
    char *path = xprintf("%s/checkpoint", tiler->out);
    if (!file_write_whole(path, FILE_MODE, (const uint8_t *)tiler->note, strlen(tiler->note), &error))
        fail_with(&error);
    free(path);
}

static void tell(struct audit *audit, const struct tiler *tiler)
{
    struct document document = document_begin(audit);
    document_number(&document, "blocks", tiler->blocks);
    document_number(&document, "tiles_written", tiler->written);
    document_number(&document, "tiles_kept", tiler->kept);
    document_sentence(&document, "%s holds the tree of %" PRIu64 " blocks.", tiler->out, tiler->blocks);
    document_end(&document);
}

int audit_tiles(struct audit *audit)
{
    audit_need_no_table(audit);
    struct tiler tiler = {.fault.block = REPLAY_NO_BLOCK, .out = argument_xget(&audit->line, 1)};
    int code = EXIT_HOLDS;
    tiler.ledger = audit_ledger(argument_xget(&audit->line, 0));
    tiler.reading = audit_read(tiler.ledger);
    tiler.blocks = ledger_read_size(tiler.reading);
    if (check_ledger(&tiler) && check_published(&tiler) && write_tiles(&tiler)) {
        write_checkpoint(&tiler);
        tell(audit, &tiler);
    } else {
        code = audit_fault(audit, REPLAY_FAULT, &tiler.fault);
    }
    ledger_read_end(tiler.reading);
    ledger_close(tiler.ledger);
    return code;
}
