// The pass: one block after another, from genesis to the checkpoint.
#include "tools/audit_fold.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum {
    BLOCKS_A_READING = 4096, // a read transaction keeps pages mapped and pinned
    BLOCK_ARENA_BYTES = 16 << 20,
};

static enum audit_result unreadable(struct audit *audit, const struct ledger_error *error)
{
    audit_fail(&audit->fault, "%s", error->message);
    return AUDIT_UNREADABLE;
}

// A walk over all accounts: made when so many transactions have passed that it costs each of them one step. While there are
// few accounts, that is after every block.
static bool check_books(struct audit *audit, bool last)
{
    uint64_t sequence = points_last_sequence(audit->fold.state);
    if (!last && sequence - audit->balanced_at < points_account_count(audit->fold.state))
        return true;
    audit->balanced_at = sequence;
    return points_books_balance(audit->fold.state) ||
           audit_fail(&audit->fault, "the books do not balance after this block");
}

static bool check_block(struct audit *audit, struct ledger_reading *reading)
{
    struct audit_block block;
    uint64_t index = audit->edge.size;
    arena_reset(&audit->arena);
    if (!audit_read_block(
            reading, ledger_id(audit->ledger), &audit->edge, &audit->arena, &block, &audit->fault) ||
        !audit_check_signatures(&block, &audit->fault))
        return false;
    audit->time = block.header->time;
    bool folded = index == 0 ? audit_fold_genesis(&audit->fold, &block, &audit->fault)
                             : audit_fold_block(&audit->fold, reading, &audit->arena, &block, &audit->fault);
    return folded && check_books(audit, index + 1 == ledger_read_size(reading));
}

static void name_block(struct audit_fault *fault, uint64_t index)
{
    struct audit_fault bare = *fault;
    int size = snprintf(fault->message, sizeof fault->message, "in block %" PRIu64 ": ", index);
    snprintf(fault->message + size, sizeof fault->message - (size_t)size, "%.*s",
        (int)(sizeof fault->message - (size_t)size - 1), bare.message);
}

static enum audit_result check_end(struct audit *audit, struct ledger_reading *reading)
{
    struct ledger_error error;
    struct note_verifier verifier = {0};
    const Points__V1__Genesis *genesis = points_genesis(audit->fold.state);
    snprintf(verifier.name, sizeof verifier.name, "%s", genesis->origin);
    memcpy(verifier.key, genesis->checkpoint_key.data, KEY_BYTES);
    memcpy(audit->origin, verifier.name, sizeof audit->origin);
    if (ledger_check_end(reading, &audit->edge, &verifier, &error))
        return AUDIT_HOLDS;
    audit_fail(&audit->fault, "in the checkpoint: %s", error.message);
    return AUDIT_FAULT;
}

// As many blocks as one read transaction should see.
static enum audit_result check_some(
    struct audit *audit, struct ledger_reading *reading, bool *ended, audit_progress_fn *progress, void *context)
{
    uint64_t blocks = ledger_read_size(reading);
    for (unsigned done = 0; done < BLOCKS_A_READING && audit->edge.size < blocks; done++) {
        uint64_t index = audit->edge.size;
        if (progress)
            progress(context, index, blocks, index ? points_last_sequence(audit->fold.state) : 0);
        if (!check_block(audit, reading)) {
            name_block(&audit->fault, index);
            return AUDIT_FAULT;
        }
    }
    *ended = audit->edge.size == blocks;
    return *ended ? check_end(audit, reading) : AUDIT_HOLDS;
}

enum audit_result audit_verify(struct audit *audit, const char *dir, audit_progress_fn *progress, void *context)
{
    struct ledger_error error;
    enum audit_result result = AUDIT_HOLDS;
    bool ended = false;
    *audit = (struct audit){0};
    arena_init(&audit->arena, BLOCK_ARENA_BYTES);
    if (sodium_init() < 0) {
        audit_fail(&audit->fault, "libsodium cannot be started");
        return AUDIT_UNREADABLE;
    }
    audit->ledger = ledger_open(dir, LEDGER_READ, &error);
    if (!audit->ledger)
        return unreadable(audit, &error);
    do {
        struct ledger_reading *reading = ledger_read_begin(audit->ledger, &error);
        if (!reading)
            return unreadable(audit, &error);
        result = check_some(audit, reading, &ended, progress, context);
        ledger_read_end(reading);
    } while (result == AUDIT_HOLDS && !ended);
    return result;
}

void audit_close(struct audit *audit)
{
    if (audit->fold.state)
        points_free(audit->fold.state);
    id_map_free(&audit->fold.ids);
    arena_free(&audit->arena);
    ledger_close(audit->ledger);
    *audit = (struct audit){0};
}
