// Whether a replay's blocks are the first of those that the newest checkpoint speaks of.
#include "tools/audit/state/prefix.h"
#include "replay/checkpoints.h"
#include "tools/audit/registered_keys.h"

#include <inttypes.h>
#include <string.h>

// False: there is none yet.
static bool read_newest(struct audit *audit, struct replay *replay, char *note)
{
    struct ledger_error error = {"in the checkpoint: there is none"};
    struct ledger_reading *reading = audit_read(replay->settings.ledger);
    int there = ledger_read_kept(reading, LEDGER_CHECKPOINTS, UINT64_MAX, note, &error);
    bool holds = there > 0 || (there == 0 && ledger_read_size(reading) == 1);
    ledger_read_end(reading);
    if (holds)
        return there;
    replay_fail(&replay->fault, "%s", error.message);
    audit_leave(audit, replay, REPLAY_FAULT);
}

static bool is_consistent(struct replay *replay, const struct note_checkpoint *checkpoint)
{
    uint8_t root[HASH_BYTES], proof[TREE_PROOF_MAX][HASH_BYTES];
    size_t count = 0;
    struct ledger_reading *reading = audit_read(replay->settings.ledger);
    tree_root(&replay->edge, root);
    bool proved =
        tree_prove_consistency(replay->edge.size, checkpoint->size, ledger_tree_node, reading, proof, &count) &&
        tree_check_consistency(replay->edge.size, checkpoint->size, root, checkpoint->root, proof, count);
    ledger_read_end(reading);
    return proved || replay_fail(&replay->fault,
                         "in the checkpoint: the %" PRIu64 " blocks of which it speaks do not begin with the first "
                         "%" PRIu64 " of this ledger",
                         checkpoint->size, replay->edge.size);
}

// Those of the keys that no later block revokes. Returns how many.
static size_t keep_unrevoked(const struct replay *replay, struct note_verifier *verifiers, size_t count)
{
    size_t kept = 0;
    struct ledger_reading *reading = audit_read(replay->settings.ledger);
    struct registered_keys keys = registered_keys_read(reading, ledger_read_size(reading));
    for (size_t i = 0; i < count; i++) {
        const ProtobufCBinaryData key = {KEY_BYTES, verifiers[i].key};
        const struct registered_key *found = registered_keys_get(&keys, &key);
        if (found && !found->revoked)
            verifiers[kept++] = verifiers[i];
    }
    registered_keys_free(&keys);
    ledger_read_end(reading);
    return kept;
}

// By a key that was in force after the replay's last block, and was not revoked since.
static bool is_signed(struct replay *replay, const char *note, struct note_checkpoint *checkpoint)
{
    struct note_fault fault;
    struct note_verifier verifiers[NOTE_SIGNERS_MAX];
    size_t count;
    const struct note_verifier *then =
        replay_verifiers(replay->fold.state, points_last_sequence(replay->fold.state), &replay->arena, &count);
    if (count > NOTE_SIGNERS_MAX)
        return false;
    memcpy(verifiers, then, count * sizeof *verifiers);
    count = keep_unrevoked(replay, verifiers, count);
    return count && note_open_checkpoint(note, verifiers, count, checkpoint, &fault);
}

// To the end of the ledger, where its newest checkpoint is judged by all keys.
static void check_whole(struct audit *audit, struct replay *replay)
{
    struct replay whole;
    audit_xreplay(audit, replay->settings.ledger, &(struct audit_pass){0}, &whole);
    audit_replay_end(&whole);
}

struct note_checkpoint prefix_prove(struct audit *audit, struct replay *replay)
{
    char note[NOTE_BYTES_MAX];
    struct note_checkpoint checkpoint = {0};
    struct note_fault fault;
    if (!read_newest(audit, replay, note))
        return checkpoint;
    if (replay->stopped && !is_signed(replay, note, &checkpoint))
        check_whole(audit, replay);
    bool holds = note_read_checkpoint(note, &checkpoint, &fault)
                     ? is_consistent(replay, &checkpoint)
                     : replay_fail(&replay->fault, "in the checkpoint: %s", fault.message);
    if (!holds)
        audit_leave(audit, replay, REPLAY_FAULT);
    return checkpoint;
}
