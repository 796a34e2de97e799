// The pass: one block after another, from genesis to the checkpoint; then the texts beside them.
#include "points/calendar.h"
#include "replay/ahead.h"
#include "replay/checkpoints.h"
#include "replay/fold.h"
#include "replay/texts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    EARLIER_ARENA_BYTES = 16 << 20, // of earlier transactions that a block asks for
    TRANSACTIONS_A_TELLING = 64 * 1024,
};

// ---- faults

// Puts "in PLACE: " before the message.
static void name_place(struct replay_fault *fault, uint64_t block, const char *place)
{
    struct replay_fault bare = *fault;
    fault->block = block;
    int size = snprintf(fault->message, sizeof fault->message, "in %s: ", place);
    snprintf(fault->message + size, sizeof fault->message - (size_t)size, "%.*s",
        (int)(sizeof fault->message - (size_t)size - 1), bare.message);
}

// replay->fault, still without its place, is one. Whether the replay goes on: it does for who wants to hear all.
static bool found(struct replay *replay, uint64_t block, const char *place)
{
    name_place(&replay->fault, block, place);
    replay->faults++;
    if (replay->settings.tell)
        replay->settings.tell(replay->settings.context, &replay->fault);
    return replay->settings.tell != NULL;
}

static bool found_in_block(struct replay *replay, uint64_t index)
{
    char place[32];
    snprintf(place, sizeof place, "block %" PRIu64, index);
    return found(replay, index, place);
}

static bool found_by_itself(struct replay *replay, const struct replay_block *block, enum block_check check)
{
    if (!block->faults[check])
        return true;
    replay->fault = *block->faults[check];
    return found_in_block(replay, block->heading.index);
}

// ---- a block, against what came before it. Each returns whether the replay goes on.

static bool check_place(struct replay *replay, struct ledger_reading *reading, const struct replay_block *block)
{
    struct ledger_error error;
    const struct ledger_heading *before = replay->before_known ? &replay->before : NULL;
    replay->tree_ended |= !block->record.header; // which was told
    if (replay->tree_ended)
        return true;
    bool good = ledger_check_place(reading, &block->heading, before, &replay->edge, &error);
    replay->before = block->heading;
    replay->before_known = block->header != NULL;
    if (good)
        return true;
    replay_fail_ledger(&replay->fault, block->heading.index, &error);
    return found_in_block(replay, block->heading.index);
}

// What the books add up to, after every block. And a walk over all accounts, when so many transactions have passed that
// it costs each of them one step: while there are few accounts, that is after every block too.
static bool books_hold(struct replay *replay, bool last)
{
    uint64_t sequence = points_last_sequence(replay->fold.state);
    if (!points_totals_balance(replay->fold.state))
        return false;
    if (!last && sequence - replay->balanced_at < points_account_count(replay->fold.state))
        return true;
    replay->balanced_at = sequence;
    return points_books_balance(replay->fold.state);
}

static bool check_books(struct replay *replay, uint64_t index, bool last)
{
    if (books_hold(replay, last))
        return true;
    replay_fail(&replay->fault, "the books do not balance after this block");
    return found_in_block(replay, index);
}

// All that is read is durable. The index of ids wants to know before it has kept many ids in memory.
static void tell_durable(struct replay *replay, uint64_t sequence, bool last)
{
    uint8_t root[HASH_BYTES];
    if (!last && sequence - replay->told_at < TRANSACTIONS_A_TELLING)
        return;
    tree_root(&replay->edge, root);
    id_index_durable(replay->fold.ids, sequence, replay->edge.size, root);
    replay->told_at = sequence;
}

static enum fold_result take_block(
    struct replay *replay, struct ledger_reading *reading, const struct replay_block *block)
{
    arena_reset(&replay->arena);
    if (block->genesis)
        return replay_fold_genesis(&replay->fold, block, &replay->fault);
    if (block->heading.index < replay->folded_blocks)
        return replay_take_ids(&replay->fold, reading, block, &replay->fault);
    return replay_fold_block(&replay->fold, reading, &replay->arena, block, &replay->fault);
}

static void visit_block(struct replay *replay, struct ledger_reading *reading, const struct replay_block *block)
{
    const struct replay_settings *settings = &replay->settings;
    struct replay_visit visit = {block, replay->fold.state, reading};
    if (settings->visit)
        replay->stopped = !settings->visit(settings->context, &visit);
}

static bool fold_block(
    struct replay *replay, struct ledger_reading *reading, const struct replay_block *block, bool last)
{
    uint64_t index = block->heading.index;
    replay->fold_ended |= !block->genesis && !block->envelope; // which was told
    if (replay->fold_ended)
        return true;
    enum fold_result result = take_block(replay, reading, block);
    replay->fold_ended = result == FOLD_BROKEN;
    if (result != FOLD_HOLDS && !found_in_block(replay, index))
        return false;
    if (replay->fold_ended)
        return true;
    tell_durable(replay, block->header->first_sequence + block->header->count - 1, last);
    if (index < replay->folded_blocks)
        return true;
    visit_block(replay, reading, block);
    return check_books(replay, index, last);
}

static bool check_block(struct replay *replay, struct ledger_reading *reading, const struct replay_block *block)
{
    bool last = block->heading.index + 1 == ledger_read_size(reading);
    return found_by_itself(replay, block, BLOCK_HEADER) && check_place(replay, reading, block) &&
           found_by_itself(replay, block, BLOCK_BODY) && found_by_itself(replay, block, BLOCK_SIGNATURES) &&
           fold_block(replay, reading, block, last);
}

// ---- after the last block

static bool check_checkpoint(struct replay *replay, struct ledger_reading *reading)
{
    arena_reset(&replay->arena);
    return replay_check_newest(replay->fold.state, reading, &replay->edge, &replay->arena, &replay->fault) ||
           found(replay, REPLAY_NO_BLOCK, "the checkpoint");
}

static bool found_in_kept(struct replay *replay, enum ledger_kept kept)
{
    static const char *const names[] = {[LEDGER_CHECKPOINTS] = "checkpoint", [LEDGER_COSIGNED] = "cosigned checkpoint"};
    char place[64];
    struct calendar_date date = calendar_date((int64_t)replay->kept_day[kept]);
    snprintf(place, sizeof place, "the %s of %04" PRId64 "-%02d-%02d", names[kept], date.year, date.month, date.day);
    return found(replay, REPLAY_NO_BLOCK, place);
}

// From the day on that was the last when they were looked at before: its checkpoint may be another now.
static bool check_kept(struct replay *replay, struct ledger_reading *reading, enum ledger_kept kept)
{
    struct ledger_error error;
    char note[NOTE_BYTES_MAX];
    uint64_t *day = &replay->kept_day[kept];
    int more;
    for (uint64_t next = *day; (more = ledger_read_kept_day(reading, kept, &next, note, &error)) == 1; next++) {
        *day = next;
        arena_reset(&replay->arena);
        if (!replay_check_kept(replay->fold.state, reading, kept, *day, note, &replay->arena, &replay->fault) &&
            !found_in_kept(replay, kept))
            return false;
    }
    if (more == 0)
        return true;
    replay_fail(&replay->fault, "%s", error.message);
    return found(replay, REPLAY_NO_BLOCK, "the kept checkpoints");
}

static bool check_texts(struct replay *replay, struct ledger_reading *reading)
{
    return replay_check_texts(replay->fold.state, reading, &replay->fault) ||
           found(replay, REPLAY_NO_BLOCK, "the texts");
}

static bool check_tables(struct replay *replay, struct ledger_reading *reading)
{
    struct ledger_error error;
    if (ledger_check_tables(reading, &error))
        return true;
    replay_fail(&replay->fault, "%s", error.message);
    return found(replay, REPLAY_NO_BLOCK, "the tables");
}

// Whose keys sign checkpoints, and which texts there are, is known from the fold.
static bool check_end(struct replay *replay, struct ledger_reading *reading)
{
    return replay->fold_ended ||
           (check_checkpoint(replay, reading) && check_kept(replay, reading, LEDGER_CHECKPOINTS) &&
               check_kept(replay, reading, LEDGER_COSIGNED) && check_texts(replay, reading));
}

// ---- the pass

static void show_progress(const struct replay *replay, uint64_t index, uint64_t blocks)
{
    const struct replay_settings *settings = &replay->settings;
    if (settings->progress)
        settings->progress(
            settings->context, index, blocks, replay->fold.state ? points_last_sequence(replay->fold.state) : 0);
}

// Whether the settings say that this block is looked at no more.
static bool is_past(const struct replay *replay, const struct replay_block *block)
{
    return replay->settings.before && block->header && block->header->time >= replay->settings.before;
}

static enum replay_result fail_reading(struct replay *replay, const struct ledger_error *error)
{
    replay_fail(&replay->fault, "%s", error->message);
    return REPLAY_UNREADABLE;
}

// From the block at which the edge stands to before `end`. False: a fault or a failure to read ends it.
static enum replay_result check_blocks(
    struct replay *replay, struct ledger_reading *reading, struct ahead *ahead, uint64_t end)
{
    struct ledger_error error;
    for (uint64_t index = replay->edge.size; index < end && !replay->stopped; index++) {
        show_progress(replay, index, end);
        const struct replay_block *block = ahead_next(ahead, &error);
        if (!block)
            return fail_reading(replay, &error);
        replay->stopped = is_past(replay, block);
        if (!replay->stopped && !check_block(replay, reading, block))
            return REPLAY_FAULT;
    }
    return REPLAY_HOLDS;
}

// What the reading sees, as far as the settings want it.
static enum replay_result check_all(struct replay *replay, struct ledger_reading *reading)
{
    struct ledger_error error;
    uint64_t size = ledger_read_size(reading), end = size;
    if (replay->settings.blocks && replay->settings.blocks < size)
        end = replay->settings.blocks;
    bool from_genesis = replay->edge.size == 0;
    struct ahead *ahead =
        ahead_begin(replay->settings.ledger, reading, replay->edge.size, end, replay->settings.signatures, &error);
    if (!ahead)
        return fail_reading(replay, &error);
    enum replay_result result = check_blocks(replay, reading, ahead, end);
    ahead_end(ahead);
    replay->stopped |= result == REPLAY_HOLDS && end < size;
    if (result == REPLAY_HOLDS && !replay->stopped &&
        !(check_end(replay, reading) && (!from_genesis || check_tables(replay, reading))))
        result = REPLAY_FAULT;
    return result == REPLAY_HOLDS && replay->faults ? REPLAY_FAULT : result;
}

static enum replay_result run(struct replay *replay)
{
    struct ledger_error error;
    struct ledger_reading *reading = ledger_read_begin(replay->settings.ledger, &error);
    if (!reading)
        return fail_reading(replay, &error);
    enum replay_result result = check_all(replay, reading);
    ledger_read_end(reading);
    return result;
}

static void begin(struct replay *replay, const struct replay_settings *settings)
{
    *replay = (struct replay){.settings = *settings, .fold.ids = settings->ids, .fault.block = REPLAY_NO_BLOCK};
    arena_init(&replay->arena, EARLIER_ARENA_BYTES);
}

enum replay_result replay_run(struct replay *replay, const struct replay_settings *settings)
{
    begin(replay, settings);
    return run(replay);
}

enum replay_result replay_more(struct replay *replay)
{
    return run(replay);
}

// The first block that has something for the fold or for the index of ids. It is past genesis, which has no ids.
static bool find_first(struct replay *replay)
{
    struct ledger_error error = {"the ledger does not have its transactions"};
    struct ledger_place place = {.block = replay->folded_blocks};
    struct ledger_reading *reading = ledger_read_begin(replay->settings.ledger, &error);
    uint64_t covered = id_index_covered(replay->fold.ids);
    bool found = reading != NULL;
    if (found && covered < points_last_sequence(replay->fold.state))
        found = ledger_read_sequence(reading, replay->folded_blocks, covered + 1, &place, &error) == 1;
    found = found && ledger_read_edge(reading, place.block, &replay->edge, &error);
    ledger_read_end(reading);
    return found || replay_fail(&replay->fault, "%s", error.message);
}

enum replay_result replay_go_on(
    struct replay *replay, const struct replay_settings *settings, struct points_state *state, uint64_t blocks)
{
    begin(replay, settings);
    replay->fold.state = state;
    replay->folded_blocks = blocks;
    for (size_t kept = 0; kept < LEDGER_KEPT; kept++)
        replay->kept_day[kept] = (uint64_t)calendar_day(points_time(state));
    if (!points_books_balance(state)) {
        replay_fail(&replay->fault, "its books do not balance");
        return REPLAY_FAULT;
    }
    return find_first(replay) ? run(replay) : REPLAY_UNREADABLE;
}

void replay_end(struct replay *replay)
{
    replay_fold_free(&replay->fold);
    arena_free(&replay->arena);
}
