// points-audit tiles: the tree as static files, for whoever serves it over HTTP or keeps it beside the checkpoints.
#include "ledger/tiles.h"
#include "tools/audit/audit_block.h"
#include "tools/audit/document.h"
#include "tools/audit/progress.h"
#include "tools/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0644, FOLDER_MODE = 0755 };

struct tiler {
    struct audit *audit;
    struct ledger *ledger;
    struct ledger_reading *reading;
    const char *out;
    uint64_t blocks;
    char note[NOTE_BYTES_MAX]; // the ledger's checkpoint
    uint64_t written, kept;    // tiles
};

static noreturn void fault(const struct tiler *tiler, const char *message)
{
    struct replay_fault found = {.block = REPLAY_NO_BLOCK};
    replay_fail(&found, "%s", message);
    exit(audit_fault(tiler->audit, REPLAY_FAULT, &found));
}

// ---- before anything is written

// Every header against its form and the tree, the tree against the checkpoint.
static void check_ledger(struct tiler *tiler)
{
    struct ledger_error error;
    struct ledger_record record;
    struct ledger_heading headings[2]; // of this block and the one before, in turns
    struct note_checkpoint checkpoint;
    struct note_fault note_fault;
    struct tree_edge edge = {0};
    struct progress progress = progress_begin();
    uint8_t root[HASH_BYTES];
    for (uint64_t index = 0; index < tiler->blocks; index++) {
        progress_show(&progress, index, tiler->blocks, 0);
        struct ledger_heading *heading = &headings[index % 2], *before = index ? &headings[(index - 1) % 2] : NULL;
        if (ledger_read_block(tiler->reading, index, &record, &error) != 1)
            fail(EXIT_FAILED, "%s", error.message);
        if (!ledger_check_header(&record, index, heading, &error) ||
            !ledger_check_place(tiler->reading, heading, before, &edge, &error))
            fault(tiler, error.message);
    }
    progress_end(&progress);
    tree_root(&edge, root);
    if (!ledger_read_checkpoint(tiler->reading, tiler->note, &error))
        fail(EXIT_FAILED, "%s", error.message);
    if (!note_read_checkpoint(tiler->note, &checkpoint, &note_fault) || checkpoint.size != edge.size ||
        memcmp(checkpoint.root, root, HASH_BYTES) != 0)
        fault(tiler, "in the checkpoint: its size or root is not that of the blocks");
}

// What was published must be the beginning of what will be.
static void check_published(const struct tiler *tiler)
{
    struct tool_error error;
    struct note_checkpoint before;
    struct note_fault note_fault;
    size_t size;
    char *path = xprintf("%s/checkpoint", tiler->out);
    if (access(path, F_OK) != 0) {
        free(path);
        return;
    }
    char *note = (char *)file_read(path, NOTE_BYTES_MAX, &size, &error);
    if (!note)
        fail_with(&error);
    if (!note_read_checkpoint(note, &before, &note_fault))
        fault(tiler, "the folder's checkpoint is none: nothing was written");
    if (before.size > tiler->blocks)
        fault(tiler, "this folder holds tiles of more blocks than the ledger has: nothing was written");
    if (!ledger_has_root(tiler->ledger, before.size, before.root))
        fault(tiler, "this folder holds tiles of another tree: nothing was written");
    free(note);
    free(path);
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
static void compare(const struct tiler *tiler, const char *path, const uint8_t *bytes, size_t size)
{
    struct tool_error error;
    size_t own_size;
    uint8_t *own = file_read(path, TILE_BYTES_MAX, &own_size, &error);
    if (!own)
        fail_with(&error);
    if (own_size != size || memcmp(own, bytes, size) != 0) {
        char *message = xprintf("this folder holds tiles of another tree: %s differs", path);
        fault(tiler, message);
    }
    free(own);
}

static void write_tile(struct tiler *tiler, const struct tile *tile)
{
    static uint8_t bytes[TILE_BYTES_MAX];
    struct ledger_error ledger_error;
    struct tool_error error;
    size_t size;
    char name[TILE_PATH_BYTES];
    tile_path(tile, name);
    if (!tile_read(tiler->reading, tile, bytes, &size, &ledger_error))
        fail(EXIT_FAILED, "%s", ledger_error.message);
    char *path = xprintf("%s/%s", tiler->out, name);
    if (access(path, F_OK) == 0) {
        compare(tiler, path, bytes, size);
        tiler->kept++;
    } else {
        make_folders(path, strlen(tiler->out) + 1);
        if (!file_write_whole(path, FILE_MODE, bytes, size, &error))
            fail_with(&error);
        tiler->written++;
    }
    free(path);
}

static void write_level(struct tiler *tiler, bool entries, unsigned level)
{
    uint64_t width = tile_level_width(tiler->blocks, level);
    struct progress progress = progress_begin();
    struct tile tile = {.entries = entries, .level = level, .width = TILE_WIDTH};
    for (; tile.index < width / TILE_WIDTH; tile.index++) {
        progress_show(&progress, tile.index * TILE_WIDTH, width, 0);
        write_tile(tiler, &tile);
    }
    tile.width = width % TILE_WIDTH;
    if (tile.width)
        write_tile(tiler, &tile);
    progress_end(&progress);
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

int audit_tiles(struct audit *audit)
{
    audit_need_no_table(audit);
    struct tiler tiler = {.audit = audit, .ledger = audit_ledger(argument_xget(&audit->line, 0))};
    tiler.out = argument_xget(&audit->line, 1);
    tiler.reading = audit_read(tiler.ledger);
    tiler.blocks = ledger_read_size(tiler.reading);
    check_ledger(&tiler);
    check_published(&tiler);
    make_folder(tiler.out);
    for (unsigned level = 0; tile_level_width(tiler.blocks, level) > 0; level++)
        write_level(&tiler, false, level);
    write_level(&tiler, true, 0);
    write_checkpoint(&tiler);
    struct document *document = document_new(audit->format);
    document_number(document, "blocks", tiler.blocks);
    document_number(document, "tiles_written", tiler.written);
    document_number(document, "tiles_kept", tiler.kept);
    document_end(
        document, "%s holds the tree of %" PRIu64 " blocks; the checkpoint was written last.", tiler.out, tiler.blocks);
    ledger_read_end(tiler.reading);
    ledger_close(tiler.ledger);
    return EXIT_HOLDS;
}
