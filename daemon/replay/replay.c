// The pass: one block after another, from genesis to the checkpoint; then the texts beside them.
#include "replay/fold.h"
#include "replay/texts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    BLOCKS_A_READING = 4096, // a read transaction keeps pages mapped and pinned
    BLOCK_ARENA_BYTES = 16 << 20,
    TRANSACTIONS_A_TELLING = 64 * 1024,
};

// A walk over all accounts: made when so many transactions have passed that it costs each of them one step. While there
// are few accounts, that is after every block.
static bool check_books(struct replay *replay, bool last)
{
    uint64_t sequence = points_last_sequence(replay->fold.state);
    if (!last && sequence - replay->balanced_at < points_account_count(replay->fold.state))
        return true;
    replay->balanced_at = sequence;
    return points_books_balance(replay->fold.state) ||
           replay_fail(&replay->fault, "the books do not balance after this block");
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

static bool take_block(struct replay *replay, struct ledger_reading *reading, const struct replay_block *block)
{
    if (block->genesis)
        return replay_fold_genesis(&replay->fold, block, &replay->fault);
    if (block->header->index < replay->folded_blocks)
        return replay_take_ids(&replay->fold, reading, block, &replay->fault);
    return replay_fold_block(&replay->fold, reading, &replay->arena, block, &replay->fault);
}

static bool visit_block(struct replay *replay, struct ledger_reading *reading, const struct replay_block *block)
{
    const struct replay_settings *settings = &replay->settings;
    struct replay_visit visit = {block, replay->fold.state, reading};
    return !settings->visit || settings->visit(settings->context, &visit);
}

// Whether the settings say that this block is looked at no more.
static bool is_past(const struct replay *replay, const struct replay_block *block)
{
    return replay->settings.before && block->header->time >= replay->settings.before;
}

static bool check_block(struct replay *replay, struct ledger_reading *reading)
{
    struct replay_block block;
    struct tree_edge edge = replay->edge;
    uint64_t index = replay->edge.size;
    arena_reset(&replay->arena);
    if (!replay_read_block(
            reading, ledger_id(replay->settings.ledger), &replay->edge, &replay->arena, &block, &replay->fault))
        return false;
    if (is_past(replay, &block)) {
        replay->edge = edge;
        replay->stopped = true;
        return true;
    }
    if (replay->settings.signatures && !replay_check_signatures(&block, &replay->fault))
        return false;
    bool last = index + 1 == ledger_read_size(reading);
    if (!take_block(replay, reading, &block))
        return false;
    tell_durable(replay, block.header->first_sequence + block.header->count - 1, last);
    if (index < replay->folded_blocks)
        return true;
    replay->stopped = !visit_block(replay, reading, &block);
    return check_books(replay, last);
}

static void name_place(struct replay_fault *fault, const char *place)
{
    struct replay_fault bare = *fault;
    int size = snprintf(fault->message, sizeof fault->message, "in %s: ", place);
    snprintf(fault->message + size, sizeof fault->message - (size_t)size, "%.*s",
        (int)(sizeof fault->message - (size_t)size - 1), bare.message);
}

static void name_block(struct replay_fault *fault, uint64_t index)
{
    char place[32];
    fault->block = index;
    snprintf(place, sizeof place, "block %" PRIu64, index);
    name_place(fault, place);
}

static enum replay_result check_end(struct replay *replay, struct ledger_reading *reading)
{
    struct ledger_error error;
    struct note_verifier verifier = {0};
    const Points__V1__Genesis *genesis = points_genesis(replay->fold.state);
    snprintf(verifier.name, sizeof verifier.name, "%s", genesis->origin);
    memcpy(verifier.key, genesis->checkpoint_key.data, KEY_BYTES);
    if (!ledger_check_end(reading, &replay->edge, &verifier, &error)) {
        replay_fail(&replay->fault, "in the checkpoint: %s", error.message);
        return REPLAY_FAULT;
    }
    if (replay_check_texts(replay->fold.state, reading, &replay->fault))
        return REPLAY_HOLDS;
    name_place(&replay->fault, "the texts");
    return REPLAY_FAULT;
}

// Where the replay ends, in what the reading sees.
static uint64_t last_wanted(const struct replay *replay, const struct ledger_reading *reading)
{
    uint64_t size = ledger_read_size(reading), wanted = replay->settings.blocks;
    return wanted && wanted < size ? wanted : size;
}

static void show_progress(const struct replay *replay, uint64_t blocks)
{
    const struct replay_settings *settings = &replay->settings;
    if (settings->progress)
        settings->progress(settings->context, replay->edge.size, blocks,
            replay->edge.size ? points_last_sequence(replay->fold.state) : 0);
}

// As many blocks as one read transaction should see.
static enum replay_result check_some(struct replay *replay, struct ledger_reading *reading, bool *ended)
{
    uint64_t blocks = last_wanted(replay, reading);
    for (unsigned done = 0; done < BLOCKS_A_READING && replay->edge.size < blocks && !replay->stopped; done++) {
        uint64_t index = replay->edge.size;
        show_progress(replay, blocks);
        if (!check_block(replay, reading)) {
            name_block(&replay->fault, index);
            return REPLAY_FAULT;
        }
    }
    replay->stopped |= replay->edge.size == blocks && blocks < ledger_read_size(reading);
    *ended = replay->stopped || replay->edge.size == blocks;
    return *ended && !replay->stopped ? check_end(replay, reading) : REPLAY_HOLDS;
}

// From the block at which the edge stands.
static enum replay_result check_all(struct replay *replay)
{
    struct ledger_error error;
    enum replay_result result = REPLAY_HOLDS;
    bool ended = false;
    do {
        struct ledger_reading *reading = ledger_read_begin(replay->settings.ledger, &error);
        if (!reading) {
            replay_fail(&replay->fault, "%s", error.message);
            return REPLAY_UNREADABLE;
        }
        result = check_some(replay, reading, &ended);
        ledger_read_end(reading);
    } while (result == REPLAY_HOLDS && !ended);
    return result;
}

static void begin(struct replay *replay, const struct replay_settings *settings)
{
    *replay = (struct replay){.settings = *settings, .fold.ids = settings->ids, .fault.block = REPLAY_NO_BLOCK};
    arena_init(&replay->arena, BLOCK_ARENA_BYTES);
}

enum replay_result replay_run(struct replay *replay, const struct replay_settings *settings)
{
    begin(replay, settings);
    return check_all(replay);
}

enum replay_result replay_more(struct replay *replay)
{
    return check_all(replay);
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
    if (!points_books_balance(state)) {
        replay_fail(&replay->fault, "its books do not balance");
        return REPLAY_FAULT;
    }
    return find_first(replay) ? check_all(replay) : REPLAY_UNREADABLE;
}

void replay_fold_free(struct replay_fold *fold)
{
    if (fold->state)
        points_free(fold->state);
    *fold = (struct replay_fold){0};
}

void replay_end(struct replay *replay)
{
    replay_fold_free(&replay->fold);
    arena_free(&replay->arena);
}
