// The whole state as bytes, for points_save and points_load.
#include "points/archive.h"
#include "points/state.h"

#include <string.h>

// Raised by whoever changes what is archived, or the meaning of it: a state of another version is not loaded.
enum { STATE_VERSION = 2 };

static const char magic[16] = "points state";

static void archive_head(struct archive *archive)
{
    char name[sizeof magic];
    uint32_t version = STATE_VERSION, rules_version = POINTS_RULES_VERSION;
    memcpy(name, magic, sizeof name);
    ARCHIVE(archive, name);
    ARCHIVE(archive, version);
    ARCHIVE(archive, rules_version);
    archive_check(archive, memcmp(name, magic, sizeof name) == 0, "it is no state");
    archive_check(archive, version == STATE_VERSION, "it was written by a build that keeps the state in another form");
    archive_check(archive, rules_version == POINTS_RULES_VERSION, "it was decided by another version of the rules");
}

// What others look up or count by comes before them.
static void archive_state(struct archive *archive, struct points_state *state)
{
    archive_head(archive);
    archive_message(archive, &points__v1__genesis__descriptor, &state->genesis);
    if (archive->failed)
        return;
    unsigned municipalities = state_municipality_count(state);
    ARCHIVE(archive, state->time);
    ARCHIVE(archive, state->scripted_time);
    ARCHIVE(archive, state->last_sequence);
    ARCHIVE(archive, state->policies);
    ARCHIVE(archive, state->books);
    keys_archive(archive, &state->keys);
    purposes_archive(archive, &state->purposes);
    shops_archive(archive, &state->shops, municipalities);
    evidence_archive(archive, &state->evidence);
    quests_archive(archive, &state->quests, municipalities);
    lots_archive(archive, &state->lots, municipalities);
    circulation_archive(archive, &state->circulation, municipalities);
    reversals_archive(archive, &state->reversals);
    settlements_archive(archive, &state->settlements, municipalities);
    donations_archive(archive, &state->donations);
    conversions_archive(archive, &state->conversions, municipalities);
    notices_archive(archive, &state->notices, municipalities);
    accounts_archive(archive, state);
    archive_head(archive); // nothing was left out, or came twice
}

bool points_save(const struct points_state *state, points_write_fn *write, void *context)
{
    struct points_error error;
    struct archive archive = {.write = write, .context = context, .error = &error};
    archive_state(&archive, (struct points_state *)state); // only loading writes to it
    return !archive.failed;
}

struct points_state *points_load(points_read_fn *read, void *context, uint64_t size, struct points_error *error)
{
    struct archive archive = {.read = read, .context = context, .left = size, .error = error};
    struct points_state *state = memory_zeroed(1, sizeof *state);
    archive_state(&archive, state);
    archive_check(&archive, archive.left == 0, "something follows it");
    if (!archive.failed)
        return state;
    points_free(state);
    return NULL;
}
