#include "replay/texts.h"
#include "ledger/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool fail_notice(struct replay_fault *fault, const struct points_notice *notice, const char *what)
{
    char id[2 * ID_BYTES + 1];
    for (size_t i = 0; i < ID_BYTES; i++)
        snprintf(id + 2 * i, 3, "%02x", notice->id[i]);
    return replay_fail(fault, "the text of notice %s (sequence %" PRIu64 ") %s", id, notice->sequence, what);
}

static bool check_text(struct ledger_reading *reading, const struct points_notice *notice, struct replay_fault *fault)
{
    struct ledger_error error;
    struct ledger_text text;
    uint8_t digest[HASH_BYTES];
    int found = ledger_read_text(reading, notice->sequence, &text, &error);
    if (found < 0)
        return replay_fail(fault, "%s", error.message);
    if (notice->erased)
        return !found || fail_notice(fault, notice, "is there, though it was erased");
    if (!found)
        return fail_notice(fault, notice, "is missing, and was not erased");
    hash_bytes(text.bytes, text.size, digest);
    return memcmp(digest, notice->text_sha256, HASH_BYTES) == 0 ||
           fail_notice(fault, notice, "does not have the SHA-256 that was signed");
}

bool replay_check_texts(const struct points_state *state, struct ledger_reading *reading, struct replay_fault *fault)
{
    struct ledger_error error;
    uint64_t stored, kept = 0;
    for (size_t i = 0; i < points_notice_count(state); i++) {
        struct points_notice notice = points_notice_at(state, i);
        if (!check_text(reading, &notice, fault))
            return false;
        kept += !notice.erased;
    }
    if (!ledger_read_text_count(reading, &stored, &error))
        return replay_fail(fault, "%s", error.message);
    return stored == kept ||
           replay_fail(fault, "%" PRIu64 " are stored, but the blocks know of %" PRIu64, stored, kept);
}
